"""How a process of ours tells the supervisor that it is ready, and not merely started."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.settings import Settings

MESSAGE = b"READY\n"
_announced: list[bool] = []


def announce_ready(settings: Settings) -> None:
    """Tell the supervisor that this process now does its work.

    Writes `READY` to the pipe that the supervisor left open for it (`LAMPLIGHTER_READY_FD`). Does nothing in a process
    started by hand, which has no such pipe, and nothing when the supervisor has stopped listening.
    """
    _announced.append(True)
    if settings.ready_fd is None:
        return
    try:
        if stat.S_ISFIFO(os.fstat(settings.ready_fd).st_mode):  # the variable may have been inherited without the pipe
            os.write(settings.ready_fd, MESSAGE)
    except OSError:
        return


def announced() -> bool:
    """Answer whether this process has said that it is ready."""
    return bool(_announced)
