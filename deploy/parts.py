"""What a supervisor starts: the description of a part, the start of its process, the choice of its port."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from collections.abc import Set as AbstractSet

HOST = "127.0.0.1"
PORTS_TRIED = 500
_LAUNCHER = Path(__file__).with_name("launch.py")


class PartError(Exception):
    """A part could not be prepared, started or brought to readiness; the message is for the person at the terminal."""


class PortTaken(PartError):
    """Another program listens on the port that a part was given; on another one it may start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process of the installation, and how it is started, known to be ready, and stopped.

    `prepare` runs before each start, in a thread; it may raise PartError. `ready` is asked until it answers True; a
    part without it says so itself (`services.ready.announce_ready`). `death_signal` is what the process gets when the
    supervisor itself dies, even by kill -9. `lock` is a file that stays locked while the process
    lives, and holds its id.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    inherits_environment: bool = True
    cwd: Path | None = None
    uid: int = -1
    gid: int = -1
    prepare: Callable[[], None] | None = None
    ready: Callable[[], Awaitable[bool]] | None = None
    ready_within_s: float = 60.0
    restart: Literal["always", "on-failure", "never"] = "always"
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within_s: float = 20.0
    death_signal: signal.Signals = signal.SIGKILL
    lock: Path | None = None


def python_command(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs a module of ours with this very Python; the current folder is not searched."""
    return (sys.executable, "-P", "-m", module, *arguments)


def launch(part: Part, output: IO[bytes], ready_fd: int | None) -> subprocess.Popen[bytes]:
    """Start a part's process: own session, life tied to this process, output into the given file.

    To be called in the main thread: the kernel takes the end of the starting *thread* for the parent's death.
    """
    environment = {**(os.environ if part.inherits_environment else {}), **part.environment}
    environment.pop("LAMPLIGHTER_READY_FD", None)
    if ready_fd is not None:
        environment["LAMPLIGHTER_READY_FD"] = str(ready_fd)
    numbers = (int(part.death_signal), os.getpid(), part.uid, part.gid)
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_LAUNCHER), *map(str, numbers), str(part.lock or ""), *part.command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=environment,
        cwd=part.cwd,
        pass_fds=() if ready_fd is None else (ready_fd,),
        start_new_session=True,
    )


class Ports(contextlib.ExitStack):
    """Hands out free ports of loopback, none twice, and keeps other installations off them until it is closed.

    A port looks free until its server listens, and again while the server is restarted. So each is claimed by an
    abstract socket of its name, which lives in the same network namespace and ends with this process.
    """

    def __init__(self) -> None:
        super().__init__()
        self._passed: set[int] = set()

    def take(self, wished: int) -> int:
        """Return the first port from `wished` upwards that is free, unclaimed and new. Raises PartError without one."""
        while True:
            port = free_port(wished, avoid=self._passed)
            self._passed.add(port)
            claim = self.enter_context(socket.socket(socket.AF_UNIX))
            with contextlib.suppress(OSError):
                claim.bind(f"\0lamplighter port {port}")
                return port

    def row(self, wished: int, count: int) -> int:
        """Return the first of so many free ports in a row, from the wished one upwards. Raises `PartError` without one."""
        first = following = self.take(wished)
        while following - first < count - 1:
            port = self.take(following + 1)
            first, following = (first, port) if port == following + 1 else (port, port)
        return first


def free_port(wished: int, avoid: AbstractSet[int] = frozenset()) -> int:
    """Return the first port from `wished` upwards that can be listened on at loopback; 0 wishes for any.

    Raises PartError when the next 500 are all taken.
    """
    if wished == 0:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            return int(probe.getsockname()[1])
    for port in range(wished, min(wished + PORTS_TRIED, 65536)):
        if port not in avoid and port_is_free(port):
            return port
    raise PartError(f"none of the {PORTS_TRIED} ports from {wished} on is free")


def require_free(*ports: int) -> None:
    """Raise PortTaken for the first of these ports of loopback that a server could not listen on now."""
    for port in ports:
        if not port_is_free(port):
            raise PortTaken(f"port {port} is taken by another program")


def port_is_free(port: int) -> bool:
    """Answer whether a server could listen on this port of loopback now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
