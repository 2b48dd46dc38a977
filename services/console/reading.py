"""One look of the console at the database: what may have changed since the last one is read, the sheets are brought up to it.

All of a look is one snapshot. What is read depends on which stages have decided since; of what can be many only rows that are new
are read. Rows are made in small steps, so that nobody who waits for an answer waits for all of them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import msgspec

from services.console.assembling import OVER_SHOWN_MS, Assembly
from services.console.land import Land
from services.console.network_shown import NetworkShown
from services.console.rows import HazardRow, IncidentRow, NetworkRow, SummaryRow, TextStop
from services.console.sheets import Identified, Sheet
from services.dispatch import showing as crews
from services.dispatch import showing_live as dispatch
from services.dispatch.entities import Job
from services.engine import parked, showing
from services.engine.showing import Look
from services.engine.taking import Connection
from services.hotline import store as hotline
from services.measures import store as measures
from services.notices import store as notices
from services.notices import store_broadcasts, store_stopping
from services.notices.broadcasting import ASKED_FOR_MS
from services.outages import showing as outages

STEP = 250
"""So many rows are made, then others get their turn."""
CREWS_EVERY_S = 2.0
COUNTS_EVERY_S = 1.0
INDICES_EVERY_S = 10.0
"""What time alone changes, or is dear, is read again so often, if anything has moved."""
TEXTS_REST = 20
"""The texts are counted again after so many times as long as counting them took."""
_MINUTE_MS = 60_000
T = TypeVar("T")

InboxRows = Callable[[Connection], Awaitable[Iterable[Identified]]]


class _Entity(msgspec.Struct):
    whole: bool = True


_job = msgspec.json.Decoder(Job)
_incident = msgspec.json.Decoder(_Entity)


class Reading:
    """The sheets of the database, and what they were made of."""

    def __init__(self, inbox_rows: InboxRows) -> None:
        self.summary: Sheet[SummaryRow] = Sheet()
        self.incidents: Sheet[IncidentRow] = Sheet()
        self.hazards: Sheet[HazardRow] = Sheet()
        self.crews: Sheet[crews.CrewRow] = Sheet()
        self.network: Sheet[NetworkRow] = Sheet()
        self.inbox: Sheet[Any] = Sheet()
        self.assembly = Assembly()
        self.shown = NetworkShown(self.network)
        self.land: Land | None = None
        self.version = 0
        """The version of the utility that the rows are about; `land` may be a newer one until the next look."""
        self._inbox_rows = inbox_rows
        self._floor: str | None = None
        self._decided: dict[str, int] = {}
        self._at_s: dict[str, float] = {}
        self._lone: dict[str, bool] = {}
        self._figures: dict[str, Any] = {}
        self._to_count = True

    def stand_on(self, land: Land) -> None:
        """Show another version of the utility from the next look on."""
        self.land = land
        self.assembly.stand_on(land.network)
        self.shown.stand_on(land.colouring)
        self._at_s.clear()

    def forget(self) -> None:
        """Read everything at the next look: the database may be another one."""
        self._floor = None
        self._at_s.clear()

    async def read(self, connection: Connection, look: Look, *, woken: bool) -> None:
        """Bring the sheets up to the snapshot of the caller's transaction. `woken`: something was written since the last look."""
        first = self._floor is None
        moved = {stage for stage, n in look.decided.items() if n != self._decided.get(stage)} if not first else None
        if first:
            self.assembly.forget()
            self._lone.clear()
        if moved is None or "correlate" in moved:
            await self._outages(connection, look)
        if moved is None or "dispatch" in moved:
            await self._dispatch(connection, look)
        if moved is None or "dispatch" in moved or self._due("crews", CREWS_EVERY_S):
            await self._crews(connection, look)
        self.assembly.hear_remarks(await outages.remarks(connection, look.now_ms - OVER_SHOWN_MS))
        await self._assemble(look)
        if moved is None or "correlate" in moved or self.shown.colours is None:
            self.shown.show(self.assembly)
        self.version = 0 if self.land is None else self.land.version
        self._to_count |= woken or first
        if self._to_count and self._due("counts", COUNTS_EVERY_S):
            self._to_count = not await self._counts(connection, look)
        self._summarise(look)
        self._floor, self._decided = look.floor, dict(look.decided)

    def _due(self, what: str, every_s: float) -> bool:
        """Say whether it is time to read something again, and note that it is read now."""
        now_s = time.monotonic()
        if now_s - self._at_s.get(what, -every_s) < every_s:
            return False
        self._at_s[what] = now_s
        return True

    async def _outages(self, connection: Connection, look: Look) -> None:
        since_ms = look.now_ms - OVER_SHOWN_MS
        assembly = self.assembly
        assembly.hear_incidents(await outages.incidents(connection, self._floor, since_ms))
        assembly.hear_hazards(await outages.hazards(connection, since_ms))
        assembly.hear_windows(await outages.windows(connection))
        assembly.positions = await outages.positions(connection)
        assembly.hear_accounts(await outages.accounts_out(connection))
        found = await showing.entities(connection, "correlate", "incident", self._floor)
        self._lone.update((each, not _incident.decode(body).whole) for each, body in found.new.items())
        if len(self._lone) != found.count:
            kept = await showing.entity_ids(connection, "correlate", "incident")
            self._lone = {each: lone for each, lone in self._lone.items() if each in kept}
        assembly.lone = {each for each, lone in self._lone.items() if lone}

    async def _dispatch(self, connection: Connection, look: Look) -> None:
        found = await showing.entities(connection, "dispatch", "job", self._floor)
        jobs = []
        for part in _parts(list(found.new.values())):
            jobs += [_job.decode(body) for body in part]
            await asyncio.sleep(0)
        self.assembly.hear_jobs(jobs, await showing.latest_reasons(connection, "job", [job.id for job in jobs]))
        if len(self.assembly.jobs) != found.count:
            self.assembly.forget_jobs(await showing.entity_ids(connection, "dispatch", "job"))
        self.assembly.hear_orders(await dispatch.orders(connection, self._floor, look.now_ms - OVER_SHOWN_MS))

    async def _crews(self, connection: Connection, look: Look) -> None:
        self._at_s["crews"] = time.monotonic()
        rows = await crews.crew_rows(connection, look.now_ms)
        # Whole minutes: what is left of a crew's hours would change every row at every look.
        self.crews.put(
            row
            if row.hours_left_ms is None
            else msgspec.structs.replace(row, hours_left_ms=row.hours_left_ms // _MINUTE_MS * _MINUTE_MS)
            for row in rows
        )

    async def _assemble(self, look: Look) -> None:
        assembly = self.assembly
        gone = assembly.forget_old(look.now_ms)
        gone += [incident for incident in self.incidents.ids() if incident not in assembly.incidents]
        dirty = dict.fromkeys([*assembly.dirty(), *assembly.overdue(self.incidents, look.now_ms)])
        rows: list[IncidentRow] = []
        for part in _parts(list(dirty)):
            rows += [assembly.row(incident, look.now_ms) for incident in part]
            await asyncio.sleep(0)
        self.incidents.change(rows, gone)
        self.hazards.put(assembly.hazard_rows())

    async def _counts(self, connection: Connection, look: Look) -> bool:
        """Count what the summary says; answers whether it is all of it."""
        out = await outages.customers_out(connection)
        if count_all := self._due("texts", 0.0):
            texts = await notices.count_texts(connection)
            self._figures |= {"texts_sent": texts.sent, "texts_failed": texts.failed}
            self._at_s["texts"] += TEXTS_REST * (time.monotonic() - self._at_s["texts"])
        self._figures |= {
            "customers_out": out.out,
            "customers_planned": out.planned,
            "life_support_out": out.life_support,
            "calls_open": (await hotline.count_calls(connection)).calling,
            "parked": await parked.count(connection),
            "broadcasts_asked": await store_broadcasts.asked(connection, look.now_ms - ASKED_FOR_MS),
            "text_stops": tuple(
                TextStop(
                    incident=None if stop.scope == store_stopping.ALL else stop.scope,
                    since_ms=stop.since_ms,
                    by=stop.by,
                    why=stop.why,
                )
                for stop in await store_stopping.stops(connection)
            ),
        }
        if self._due("indices", INDICES_EVERY_S):
            indices = await measures.indices(connection)
            self._figures |= {name: indices[name] for name in ("saidi_min", "saifi", "caidi_min")}
        self.inbox.put(await self._inbox_rows(connection))
        return count_all

    def _summarise(self, look: Look) -> None:
        if not self._figures:
            return
        busy = sum(row.order is not None for row in self.crews)
        self.summary.put(
            [
                SummaryRow(
                    id="summary",
                    customers_served=0 if self.land is None else self.land.served,
                    incidents_open=len(self.assembly.open),
                    hazards_open=sum(row.state == "reported" for row in self.hazards),
                    crews_busy=busy,
                    crews_on_duty=sum(row.order is not None or row.hours_left_ms is not None for row in self.crews),
                    inbox=len(self.inbox),
                    lag_s=look.waits_ms / 1000,
                    intake_lag_s=look.untaken_ms / 1000,
                    held=look.held,
                    **self._figures,
                )
            ]
        )


def _parts(items: list[T]) -> Iterable[list[T]]:
    return (items[at : at + STEP] for at in range(0, len(items), STEP))
