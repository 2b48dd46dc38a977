"""A data folder of its own for each test that plays storms, and the command line as its users have it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.settings import load_settings

COMMAND = str(Path(sys.executable).parent / "lamplighter")


class Lamplighter:
    """The command `lamplighter` on a data folder of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.environment = {**os.environ, **load_settings(data_dir=data_dir).environment()}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in its own process group."""
        return subprocess.Popen(
            [COMMAND, *arguments],
            env=self.environment,
            cwd=self.data_dir,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def play(self, storm: str, seed: int = 1, *more: str) -> dict[str, Any]:
        """Play a storm headless; it must be met in all; return its report."""
        report = self.data_dir / "report.json"
        done = self.run("demo", "--headless", "--storm", storm, "--seed", str(seed), "--report", str(report), *more)
        assert done.returncode == 0, done.stdout + done.stderr
        figures: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        return figures

    def processes(self) -> dict[int, str]:
        """Return the processes that belong to this data folder, whoever started them, by id."""
        found = {}
        for folder in Path("/proc").iterdir():
            try:
                words = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
            except (OSError, ValueError):
                continue
            if folder.name.isdecimal() and os.fsencode(self.data_dir) in words and int(folder.name) != os.getpid():
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found


@pytest.fixture
def lamplighter() -> Iterator[Lamplighter]:
    """The command line on a fresh data folder."""
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-storms-"))
    folder.chmod(0o711)
    yield Lamplighter(folder)
    shutil.rmtree(folder, ignore_errors=True)
