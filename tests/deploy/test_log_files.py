"""Logs are put aside by size and at the start, three are kept, and a process that writes goes on writing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from deploy import log_files
from deploy.log_files import put_aside, put_aside_if_large
from deploy.parts import Part
from deploy.supervisor import Supervisor

WRITER = """
import os, sys
os.write(int(os.environ["LAMPLIGHTER_READY_FD"]), b"READY\\n")
with open(sys.argv[1]) as asked:
    for line in asked:
        print(line.strip(), flush=True)
"""


def _kept(path: Path) -> list[str]:
    return [each.read_text() for each in sorted(path.parent.glob(f"{path.name}.*"))]


def test_three_logs_are_kept_the_newest_first(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    for number in range(1, 6):
        path.write_text(f"{number}")
        put_aside(path)
    assert not path.exists()
    assert _kept(path) == ["5", "4", "3"]


def test_an_empty_or_a_missing_log_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    put_aside(path)
    path.touch()
    put_aside(path)
    assert _kept(path) == []


def test_a_log_is_put_aside_only_when_it_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "LARGE_BYTES", 10)
    path = tmp_path / "a.log"
    assert not put_aside_if_large(path)
    path.write_text("x" * 10)
    assert not put_aside_if_large(path)
    path.write_text("x" * 11)
    assert put_aside_if_large(path)
    assert (path.read_text(), _kept(path)) == ("", ["x" * 11])


async def test_a_part_writes_on_after_its_log_was_put_aside_and_a_new_start_begins_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_files, "LARGE_BYTES", 3)
    asked = tmp_path / "asked"
    import os  # noqa: PLC0415 (only here)

    os.mkfifo(asked)
    part = Part(name="a", command=(sys.executable, "-c", WRITER, str(asked)), restart="never")
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(part)
        path = supervisor.log_path("a")
        with asked.open("w") as says:
            says.write("first\n")
            says.flush()
            while path.stat().st_size < len("first\n"):  # written by another process, whose writes wake nobody
                pass
            assert supervisor.put_large_logs_aside() == ["a"]
            says.write("second\n")
        assert await supervisor.finished("a") == 0
        assert path.read_text() == "second\n"
        assert _kept(path) == ["first\n"]
        await supervisor.start(Part(name="a", command=(sys.executable, "-c", "print('third')"), restart="never"))
        await supervisor.finished("a")
        assert path.read_text() == "third\n"
        assert _kept(path) == ["second\n", "first\n"]
