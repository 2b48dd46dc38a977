"""The first moments of a child: tie its life to the supervisor's, become another user if asked, become the program.

Run as a file of its own, `python -I -S launch.py SIGNAL PARENT UID GID LOCK PROGRAM ARGUMENT...` (-1 keeps a user or
group), because code between fork and exec of a threaded process may deadlock. The death signal survives the exec, and
is set after the change of user, which would clear it. A parent that died in between is noticed by its process id.

LOCK, unless empty, is a file that is locked for as long as the program lives, whoever started it; it holds its id.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the program, or leave: with status 111 when the parent is gone, 112 when the lock is taken."""
    signal, parent, uid, gid = (int(text) for text in sys.argv[1:5])
    lock, program = sys.argv[5], sys.argv[6:]
    if lock:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{lock} is held by a process that still runs", file=sys.stderr)
            sys.exit(112)
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        fcntl.fcntl(descriptor, fcntl.F_SETFD, 0)  # it stays open in the program
    if gid >= 0:
        os.setgroups([])
        os.setgid(gid)
    if uid >= 0:
        os.setuid(uid)
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal) != 0:
        sys.exit(f"prctl failed: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        os._exit(111)
    os.execv(program[0], program)  # noqa: S606 (the program is the supervisor's own part)


main()
