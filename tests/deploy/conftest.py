"""Folders that servers can really use, and the means to see that a process is gone."""

from __future__ import annotations

import os
import select
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout() -> Path:
    return CHECKOUT


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder that root's PostgreSQL user can walk to, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def ends() -> Callable[[int, float], bool]:
    """Answers whether a process, a child or not, has ended within some seconds."""

    def wait(pid: int, within_s: float) -> bool:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        try:
            return bool(select.select([descriptor], [], [], within_s)[0])
        finally:
            os.close(descriptor)

    return wait
