"""The files that take what the parts write: put aside when they are old or large, a few kept."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LARGE_BYTES = 50_000_000
KEPT = 3  # logs put aside, NAME.log.1 the last one


def put_aside(path: Path) -> None:
    """Begin a log anew, and keep the one that is there, if anything is in it. Nobody may be writing to it."""
    if path.exists() and path.stat().st_size:
        _make_room(path)
        path.replace(path.with_name(f"{path.name}.1"))


def put_aside_if_large(path: Path) -> bool:
    """Put a log aside that has grown too large, though its process goes on writing; answer whether it had.

    The process holds the file open: it is copied and emptied. What is written between the two is lost, a few lines at most.
    """
    if not path.exists() or path.stat().st_size <= LARGE_BYTES:
        return False
    _make_room(path)
    shutil.copyfile(path, path.with_name(f"{path.name}.1"))
    os.truncate(path, 0)
    return True


def _make_room(path: Path) -> None:
    """Let each log that was put aside become one older; the oldest goes."""
    for number in range(KEPT, 1, -1):
        newer = path.with_name(f"{path.name}.{number - 1}")
        if newer.exists():
            newer.replace(path.with_name(f"{path.name}.{number}"))
