"""`lamplighter import-utility`, as a person meets it: what a folder changes is shown, and then taken in where that is wanted."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from deploy.utility import import_utility
from services.settings import Settings
from tests.utility.valley import change, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path)


@pytest.fixture
def ours(dsn: str, settings: Settings) -> Settings:
    return settings.model_copy(update={"postgres_dsn": SecretStr(dsn), "kafka_bootstrap": "127.0.0.1:1"})


async def run(settings: Settings, folder: Path, *, apply: bool = False, as_json: bool = False) -> int:
    return await asyncio.to_thread(import_utility, settings, folder, apply=apply, as_json=as_json)


async def versions(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM utility_version"))
    finally:
        await connection.close()


async def test_the_first_import_is_taken_in_and_every_other_is_shown_first(
    dsn: str, ours: Settings, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(ours, folder) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "Nothing was imported here before: this is the first version.",
        "Valley Power: 2 customers, 5 branches: version 1.",
    ]
    assert await run(ours, folder) == 0
    assert capsys.readouterr().out == "Nothing changes.\n"
    change(folder, "crews.csv", "C-2,D1,service,,,", "C-2,D1,line,,,")
    assert await run(ours, folder) == 0
    shown = "crews.csv: 0 added, 0 removed, 1 changed\n  ~ C-2 (skills)\n"
    assert capsys.readouterr().out == shown + "Nothing was taken in yet: `--apply` does it.\n"
    assert await versions(dsn) == 1
    assert await run(ours, folder, apply=True) == 0
    assert capsys.readouterr().out == shown + "Valley Power: 2 customers, 5 branches: version 2.\n"
    assert await versions(dsn) == 2


async def test_what_is_in_use_is_named_and_nothing_is_taken_in(
    dsn: str, ours: Settings, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(ours, folder) == 0
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        """INSERT INTO entity (stage, kind, id, shard, body)
           VALUES ('correlate', 'out', 'C1', 'A1', '{"since": 1772388000000}')"""
    )
    await connection.close()
    change(folder, "branches.csv", "T1,transformer", "T2,transformer")
    change(folder, "customers.csv", "n3,T1", "n3,T2")
    change(folder, "windows.csv", "transformer:T1", "transformer:T2")
    capsys.readouterr()
    for apply in (False, True):
        assert await run(ours, folder, apply=apply) == 1
        said = capsys.readouterr()
        assert said.err == (
            "customer C1 would move from device transformer:T1 to transformer:T2, "
            "but the outage since 2026-03-01T18:00Z rests on it. [inUse]\n"
        )
        assert "branches.csv: 1 added, 1 removed, 0 changed" in said.out
    assert await versions(dsn) == 1


async def test_everything_is_said_in_json_too(ours: Settings, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said() -> dict[str, Any]:
        plain: dict[str, Any] = json.loads(capsys.readouterr().out)
        return plain

    assert await run(ours, folder, as_json=True) == 0
    first = said()
    assert (first["applied"], first["first"], first["version"], first["diff"], first["problems"]) == (
        True, True, 1, [], [],
    )  # fmt: skip
    change(folder, "customers.csv", "+4915100000002", "+4915100000009")
    assert await run(ours, folder, as_json=True) == 0
    second = said()
    assert (second["applied"], second["first"], second["version"]) == (False, False, None)
    assert second["diff"] == [
        {
            "file": "customers.csv",
            "counts": {"added": 0, "removed": 0, "changed": 1},
            "added": [],
            "removed": [],
            "changed": [{"key": "C1", "columns": ["phones"]}],
        }
    ]
    change(folder, "customers.csv", "C1,n3", "C1,n9")
    assert await run(ours, folder, as_json=True) == 1
    broken = said()
    assert broken["applied"] is False
    assert [(each["file"], each["line"], each["column"], each["code"]) for each in broken["problems"]] == [
        ("customers.csv", 2, "node", "dangling")
    ]
