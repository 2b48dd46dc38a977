"""Starts the parts of an installation in order, keeps them running, and leaves no process behind.

    async with Supervisor(settings.data_dir) as supervisor:
        await supervisor.start(postgres.part())       # returns when it is ready, not merely started
        await supervisor.start(worker)
        await interrupted.wait()                      # on leaving, all are stopped in reverse order

Everything runs in one thread of one event loop. Every child carries a death signal, so that even kill -9 of the
supervisor ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Literal, Self

from deploy.log_files import put_aside, put_aside_if_large
from deploy.parts import Part, PartError, PortTaken, launch
from services.logs import get_logger
from services.ready import MESSAGE

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

State = Literal["starting", "ready", "backingOff", "stopping", "stopped", "finished", "failed"]

BACK_OFF_S = (0.1, 5.0)  # first and longest pause before a restart
HEALTHY_S = 3.0  # a part that was ready for so long has recovered: its next pause is the first one again
ATTEMPTS = 3  # times a part may end before it was ever ready
POLL_S = 0.05  # between two questions whether a part is ready
LOG_LOOK_S = 30.0  # between two looks at the sizes
LOG_LINES = 12  # of a part's log, shown when it cannot be started

log = get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class _Tended:
    """A part and what is known of its process."""

    part: Part
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    process: subprocess.Popen[bytes] | None = None
    task: asyncio.Task[None] | None = None
    state: State = "starting"
    restarts: int = 0
    stopping: bool = False
    was_ready: bool = False
    code: int | None = None


class Supervisor:
    """Tends the processes of one data folder; at most one supervisor runs per folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tended: dict[str, _Tended] = {}
        self._lock: IO[str] | None = None
        self._closing = False
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Take the folder. Raises PartError when another supervisor has it."""
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        lock = (self.folder / "supervisor.lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip()
            lock.close()
            raise PartError(f"another Lamplighter (process {owner}) already runs on {self.folder}") from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock
        self._watching = asyncio.create_task(self._watch_logs(), name="watch logs")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything and give the folder back."""
        self._closing = True
        if self._watching is not None:
            self._watching.cancel()
        stopping = asyncio.ensure_future(self.stop())
        try:
            await asyncio.shield(stopping)
        except asyncio.CancelledError:
            await stopping  # a second interruption does not leave processes behind
            raise
        finally:
            if self._lock:
                self._lock.close()

    async def start(self, *parts: Part) -> None:
        """Start parts one after the other, each when the one before is ready.

        Raises PartError when a part ends, or does not become ready in its time, ATTEMPTS times; PortTaken at once when
        another program has its port. A part that was ready before is never given up, nor its port, which clients know.
        """
        for part in parts:
            if self._closing:
                raise PartError(f"{part.name} is not started: everything is being stopped")
            if part.name in self._tended and self._tended[part.name].state not in {"stopped", "finished", "failed"}:
                raise PartError(f"{part.name} runs already")
            self._tended.pop(part.name, None)
            tended = self._tended[part.name] = _Tended(part=part)
            tended.task = asyncio.create_task(self._tend(tended), name=f"tend {part.name}")
            await self.wait_ready(part.name)

    async def stop(self, *names: str) -> None:
        """Stop the named parts, or all, in reverse order: the stop signal, and SIGKILL when its time is over."""
        for tended in reversed(list(self._tended.values())):
            if not names or tended.part.name in names:
                await self._stop(tended)

    def kill(self, name: str, sign: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to a part's process, as a fault bench does, and return its process id.

        After SIGKILL, `wait_ready` waits for the next process. Raises ProcessLookupError when none is running.
        """
        tended = self._tended[name]
        if tended.process is None or tended.process.returncode is not None:
            raise ProcessLookupError(f"{name} has no process now")
        if sign == signal.SIGKILL:
            tended.ready.clear()
        os.kill(tended.process.pid, sign)
        return tended.process.pid

    async def wait_ready(self, name: str) -> None:
        """Return when a part is ready. Raises PartError when it has ended for good."""
        tended = self._tended[name]
        if tended.task is None:
            raise PartError(f"{name} was never started")
        waiting = asyncio.create_task(tended.ready.wait())
        try:
            await asyncio.wait({waiting, tended.task}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if tended.task.done() and not tended.ready.is_set():
            if not tended.task.cancelled():
                await tended.task  # it raises what kept the part from starting
            if tended.state != "finished":
                raise PartError(f"{name} is {tended.state}")

    async def finished(self, name: str) -> int:
        """Return the exit code of a part that ends by itself, when it has ended for good."""
        tended = self._tended[name]
        if tended.task is not None:
            await tended.task
        if tended.code is None:
            raise PartError(f"{name} never ran")
        return tended.code

    def pids(self) -> dict[str, int]:
        """Return the process id of every part that has a process now, in order of start."""
        return {
            name: tended.process.pid
            for name, tended in self._tended.items()
            if tended.process is not None and tended.process.returncode is None
        }

    def states(self) -> dict[str, State]:
        """Return what every part is doing, in order of start."""
        return {name: tended.state for name, tended in self._tended.items()}

    def restarts(self) -> dict[str, int]:
        """Return how many times every part was started again."""
        return {name: tended.restarts for name, tended in self._tended.items()}

    def log_path(self, name: str) -> Path:
        """Return the file that takes what a part writes."""
        return self.folder / "logs" / f"{name}.log"

    def put_large_logs_aside(self) -> list[str]:
        """Put the logs aside that have grown too large; return the names of their parts. The processes go on writing."""
        return [name for name in list(self._tended) if put_aside_if_large(self.log_path(name))]

    async def _watch_logs(self) -> None:
        never = asyncio.Event()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOG_LOOK_S):
                    await never.wait()
            for name in await asyncio.to_thread(self.put_large_logs_aside):
                log.info("log.put_aside", part=name)

    async def _tend(self, tended: _Tended) -> None:
        """Start a part again and again until it is stopped or has ended as its restart policy allows."""
        part, pause, fruitless = tended.part, BACK_OFF_S[0], 0
        clock = asyncio.get_running_loop().time
        while True:
            self._enter(tended, "starting")
            ready_since: float | None = None
            try:
                await self._run_until_ready(tended)
            except PartError as problem:
                fruitless += 1
                log.warning("part.notReady", part=part.name, attempt=fruitless, reason=str(problem))
                hopeless = fruitless >= ATTEMPTS or isinstance(problem, PortTaken)
                if hopeless and not tended.stopping and not tended.was_ready:
                    self._enter(tended, "failed")
                    raise type(problem)(f"{part.name} cannot be started: {problem}{self._log_end(part.name)}") from None
            else:
                if tended.process is not None and tended.process.returncode is None:
                    ready_since, fruitless, tended.was_ready = clock(), 0, True
                    self._enter(tended, "ready")
                    tended.ready.set()
            await self._end_of(tended)
            tended.ready.clear()
            if tended.stopping:
                self._enter(tended, "stopped")
                return
            log.info("part.ended", part=part.name, code=tended.code)
            if part.restart == "never" or (part.restart == "on-failure" and tended.code == 0):
                self._enter(tended, "finished")
                return
            if ready_since is not None and clock() - ready_since > HEALTHY_S:
                pause = BACK_OFF_S[0]
            self._enter(tended, "backingOff")
            await asyncio.sleep(pause)
            pause = min(2 * pause, BACK_OFF_S[1])
            tended.restarts += 1

    async def _run_until_ready(self, tended: _Tended) -> None:
        """Prepare and launch one process. Raises PartError when it ends first or is not ready in its time."""
        part = tended.part
        if tended.process is None:  # its first start; a restart goes on in the log that tells why
            put_aside(self.log_path(part.name))
        if part.prepare is not None:
            await asyncio.to_thread(part.prepare)
        reader, writer = os.pipe() if part.ready is None else (None, None)
        try:
            with self.log_path(part.name).open("ab") as output:
                tended.process = launch(part, output, writer)
        except OSError as problem:
            raise PartError(f"{part.command[0]}: {problem.strerror}") from problem
        finally:
            if writer is not None:
                os.close(writer)
        self._enter(tended, "starting")
        said = asyncio.create_task(_asks(part) if reader is None else _listens(reader))
        ended = asyncio.create_task(_ended(tended.process))
        try:
            await asyncio.wait({said, ended}, timeout=part.ready_within_s, return_when=asyncio.FIRST_COMPLETED)
            if said.done() and said.result():
                return
            if not ended.done() and not said.done():
                tended.process.kill()
                await ended
                raise PartError(f"not ready within {part.ready_within_s:.0f} s")
            await ended
            if part.restart == "always" or tended.process.returncode != 0:
                raise PartError(f"ended with {_words(tended.process.returncode)} before it was ready")
        finally:
            for task in (said, ended):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _end_of(self, tended: _Tended) -> None:
        if tended.process is not None:
            await _ended(tended.process)
            tended.code = tended.process.returncode

    async def _stop(self, tended: _Tended) -> None:
        task, part = tended.task, tended.part
        if task is None or task.done():
            return
        tended.stopping = True
        self._enter(tended, "stopping")
        tended.ready.clear()
        process = tended.process
        if process is not None and process.returncode is None:
            process.send_signal(part.stop_signal)
            process.send_signal(signal.SIGCONT)  # a process that a bench has halted must hear the one before
            try:
                async with asyncio.timeout(part.stop_within_s):
                    await _ended(process)
            except TimeoutError:
                log.warning("part.killed", part=part.name, after_s=part.stop_within_s)
                process.kill()
                await _ended(process)
        task.cancel()  # it may be pausing, or preparing
        with contextlib.suppress(asyncio.CancelledError, PartError):
            await task
        if tended.process is not None and tended.process.returncode is None:  # launched while we waited
            tended.process.kill()
            await _ended(tended.process)
        self._enter(tended, "stopped")

    def _enter(self, tended: _Tended, state: State) -> None:
        """Note a part's state, and rewrite `processes.json` whole: name -> pid, restarts, state."""
        tended.state = state
        pids = self.pids()
        table = {
            name: {"pid": pids.get(name), "restarts": each.restarts, "state": each.state}
            for name, each in self._tended.items()
        }
        part = self.folder / "processes.json.part"
        part.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
        part.replace(self.folder / "processes.json")

    def _log_end(self, name: str) -> str:
        try:
            lines = self.log_path(name).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return "\n" + "\n".join(
            f"  {line}" for line in [*lines[-LOG_LINES:], f"(the whole log: {self.log_path(name)})"]
        )


def runs_already(folder: Path) -> bool:
    """Answer whether a supervisor has this data folder now."""
    try:
        with (folder / "supervisor.lock").open("r", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@contextlib.contextmanager
def interruptions() -> Iterator[asyncio.Event]:
    """Give an event that Ctrl-C and SIGTERM set, instead of ending the process."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, event.set)
    try:
        yield event
    finally:
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(sign)


async def _ended(process: subprocess.Popen[bytes]) -> None:
    """Return when a child has ended, and collect it."""
    if process.poll() is not None:
        return
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    descriptor = os.pidfd_open(process.pid)
    loop.add_reader(descriptor, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    process.wait()


async def _asks(part: Part) -> bool:
    """Ask a part until it says that it is ready."""
    assert part.ready is not None
    while not await part.ready():  # noqa: ASYNC110 (another process cannot set our events)
        await asyncio.sleep(POLL_S)
    return True


async def _listens(descriptor: int) -> bool:
    """Wait on a pipe for a part's own word, and close it. False when the part closed it without a word."""
    loop, heard, awake = asyncio.get_running_loop(), b"", asyncio.Event()
    os.set_blocking(descriptor, False)
    loop.add_reader(descriptor, awake.set)
    try:
        while MESSAGE not in heard:
            await awake.wait()
            awake.clear()
            with contextlib.suppress(BlockingIOError):
                piece = os.read(descriptor, 64)
                if not piece:
                    return False
                heard += piece
        return True
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _words(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"status {code}"
