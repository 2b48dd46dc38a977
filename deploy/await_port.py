"""Wait until somebody listens on a port of this machine, then become a program that needs it.

Run as a file of its own, `python -I -S await_port.py PORT SECONDS PROGRAM ARGUMENT...`, as the process of a part: so that whoever
stops the part ends the wait too. Leaves with status 113 when nobody listens in that time.

The program is told a name under which it cannot be found. A smsbox whose bearerbox is gone forks, and starts itself by its name: as
an orphan it would hold the port, and the connection, of the one that the supervisor starts.
"""

from __future__ import annotations

import os
import socket
import sys
import time

_PAUSE_S = 0.05
_NAME = "started-by-lamplighter-alone"


def main() -> None:
    """Wait, and become the program."""
    port, seconds, program = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        except OSError:
            time.sleep(_PAUSE_S)
        else:
            os.execv(program[0], [_NAME, *program[1:]])  # noqa: S606 (the program is the supervisor's own part)
    sys.exit(113)


main()
