"""The one task of the process that looks at the database, for all tabs: when something was written, and every half second.

A database that is away is waited for: what was read last stays, its age grows, and every tab is told of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.console.inbox_rows import inbox_rows, masked_row
from services.console.land import Land, load
from services.console.presence import Presence
from services.console.reading import Reading
from services.console.rows import Beat, SheetName
from services.console.sheets import Answer, Answers, Sheet
from services.database.pool import LOST, Wakeups, connect
from services.engine import showing
from services.engine.showing import Look
from services.engine.taking import Connection
from services.logs import get_logger
from services.telling import metrics
from services.utility.store import NoUtilityError

log = get_logger(__name__)

WATCHING: Final = "watching"
"""The name of the `Watching` in what the console's parts share."""

LOOK_S = 0.5
GAP_S = 0.25
"""Between the beginnings of two looks there is at least so much time."""
AGAIN_S, AGAIN_AT_MOST_S = 0.25, 2.0
"""How long is waited for a database that is away: at first, and at most."""


class Watching:
    """What the console shows, kept up to date by `run`; `beat` and `answer` say it to tabs."""

    def __init__(self, dsn: str) -> None:
        self.presence = Presence()
        self.reading = Reading(inbox_rows)
        self.closing = False
        self._dsn = dsn
        self._token = secrets.token_hex(6)
        self._look: Look | None = None
        self._looked_s = self._shown_s = time.monotonic()
        self.reads = 0
        self._tabs: set[asyncio.Event] = set()
        self._told: dict[str, int] = {}
        self._loading: asyncio.Task[None] | None = None
        reading = self.reading
        sheets: dict[SheetName, Sheet[Any]] = {
            "summary": reading.summary,
            "incidents": reading.incidents,
            "hazards": reading.hazards,
            "crews": reading.crews,
            "network": reading.network,
            "inbox": reading.inbox,
            "presence": self.presence.sheet,
        }
        self._sheets: Mapping[SheetName, Sheet[Any]] = sheets
        self._answers = {name: Answers(sheet) for name, sheet in sheets.items()}
        self._masked = Answers(reading.inbox, masked_row)

    # ---------------------------------------------------------------------------------------------------- what is told
    @property
    def land(self) -> Land | None:
        """The utility that is shown; None before the first one was read."""
        return self.reading.land

    @property
    def epoch(self) -> str:
        """What versions are meant in: another process, or another version of the utility, counts anew."""
        return f"{self._token}.{self.reading.version}"

    def now_ms(self) -> int:
        """Return the time of the installation's clock, reckoned on from the last look."""
        if self._look is None:
            return 0
        return self._look.now_ms + round((time.monotonic() - self._looked_s) * 1000 * self._look.speed)

    def beat(self, stream: str) -> Beat:
        """Return what a tab is told now."""
        look = self._look
        return Beat(
            stream=stream,
            epoch=self.epoch,
            now_ms=self.now_ms(),
            speed=0.0 if look is None else look.speed,
            read_age_ms=round((time.monotonic() - self._shown_s) * 1000),
            versions={name: sheet.version for name, sheet in self._sheets.items()},
        )

    def answer(self, name: SheetName, epoch: str, since: int | None, *, personal: bool) -> Answer:
        """Return the answer to a tab that has version `since` of this epoch; `personal`: it may see names and phones."""
        answers = self._masked if name == "inbox" and not personal else self._answers[name]
        return answers.of(self.epoch, since if epoch == self.epoch else None, self.now_ms(), self.reads)

    @contextlib.contextmanager
    def tab(self) -> Iterator[asyncio.Event]:
        """Lend an event that is set whenever a sheet has another version, or the process ends."""
        event = asyncio.Event()
        self._tabs.add(event)
        try:
            yield event
        finally:
            self._tabs.discard(event)

    def wake(self) -> None:
        """Tell all tabs, when a sheet has another version than they were told."""
        versions = {name: sheet.version for name, sheet in self._sheets.items()} | {self.epoch: 0}
        if versions != self._told or self.closing:
            self._told = versions
            for event in self._tabs:
                event.set()

    async def close(self, *_: object) -> None:
        """Let all streams end."""
        self.closing = True
        self.wake()

    # ---------------------------------------------------------------------------------------------------- what is read
    async def run(self) -> None:
        """Look, for ever."""
        wait_s, trouble = AGAIN_S, ""
        while True:
            before = self.reads
            try:
                await self._watch()
            except Exception as error:  # noqa: BLE001 - whatever it is: what is shown grows old, and says so
                if self.reads > before or trouble != type(error).__name__:
                    _log(error)
                trouble = type(error).__name__
            wait_s = AGAIN_S if self.reads > before else min(AGAIN_AT_MOST_S, 2 * wait_s)
            self.reading.forget()
            await asyncio.sleep(wait_s)

    async def _watch(self) -> None:
        wakeups = await Wakeups.listen(self._dsn, "moved", "outbox", "clock", "utility")
        try:
            connection = await connect(self._dsn)
            try:
                while True:
                    begun_s = time.monotonic()
                    await wakeups.wait(LOOK_S)
                    await self._look_at(connection, woken=time.monotonic() - begun_s < LOOK_S)
                    await asyncio.sleep(max(0.0, GAP_S - (time.monotonic() - begun_s)))
            finally:
                connection.terminate()
        finally:
            wakeups.connection.terminate()
            if self._loading is not None:
                self._loading.cancel()
                self._loading = None

    async def _look_at(self, connection: Connection, *, woken: bool) -> None:
        begun_s = time.monotonic()
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            look = await showing.look(connection)
            if look is None:
                return
            self._look, self._looked_s = look, begun_s
            if look.version is not None and (self.land is None or self.land.version != look.version):
                self._load()
            if self.land is None and look.version is not None:
                return
            with metrics.timed("lamplighter_console_look_seconds"):
                await self.reading.read(connection, look, woken=woken)
        self._shown_s, self.reads = begun_s, self.reads + 1
        self.wake()

    def _load(self) -> None:
        """Read the utility beside the looks at everything else; it takes seconds when it is large."""
        if self._loading is None:
            self._loading = asyncio.create_task(self._loaded())

    async def _loaded(self) -> None:
        try:
            self.reading.stand_on(await load(self._dsn))
            # The collector would look through a whole utility again and again, a tenth of a second each time.
            gc.unfreeze()
            gc.freeze()
        except (*LOST, NoUtilityError) as error:
            log.warning("console.utility_not_read", error=type(error).__name__)
        finally:
            self._loading = None


def _log(error: Exception) -> None:
    if isinstance(error, LOST):
        log.warning("console.database_lost", error=type(error).__name__)
    else:
        log.error("console.look_failed", error=type(error).__name__, exc_info=error)
