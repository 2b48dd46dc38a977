"""The inference alone, at a desk: a utility folder and a list of events, decided in memory, without database and broker.

What is decided, and when, is as in an installation whose messages come without delay: a fact taken at a tick is decided at a later
one, at the same instant or the next; a shard that asks to be woken is.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from schemas.events import Event, HazardReported, HotlineReported, OutageReported
from schemas.topics import TOPICS
from services.clock import from_ms, to_ms
from services.engine.deciding import Entities, apply
from services.engine.turn import Fact, Turn, Unplaced
from services.network import Network
from services.outages import desk
from services.outages.records import Disposed
from services.outages.report import LocatedHazard, LocatedReport
from services.outages.stage import CorrelateStage
from services.reports.locating import Located, locate, names_anything
from services.reports.premises import Premises
from services.reports.states import ReportState
from services.utility.announcing import window_events
from services.utility.contents import UtilityFolder

HEARD = tuple(topic for topic in TOPICS.values() if {"intake", "correlate"} & set(topic.consumers))
"""The topics whose events the inference hears, itself or through the intake of reports."""
STEP_MS = 500
"""Time goes in steps as long as those of an installation's clock."""


class NotPlaced(msgspec.Struct, frozen=True, kw_only=True):
    """An event that belongs nowhere in this utility; an installation parks it."""

    event: str
    code: str
    detail: str


@dataclasses.dataclass(slots=True)
class _Shard:
    entities: Entities
    heard: list[Fact] = dataclasses.field(default_factory=list)
    wake_at: int | None = None


class Desk:
    """The inference of a network. `accounts` maps customers to hotline accounts, `premises` phones and accounts to customers.

    `states` says of every report in which state it is, by its id.
    """

    def __init__(
        self, network: Network, premises: Premises, accounts: Mapping[str, str], *, exercise: bool = False
    ) -> None:
        self.network = network
        self.stage = CorrelateStage(network, accounts)
        self.states: dict[str, str] = {}
        self.unplaced: list[NotPlaced] = []
        self._premises = premises
        self._exercise = exercise
        self._shards = {
            area: _Shard({kind.kind: {} for kind in self.stage.entities}) for area in map(str, self.stage.shards())
        }

    @classmethod
    def of(cls, folder: UtilityFolder, *, exercise: bool = False) -> Desk:
        """Return the inference of the utility in a folder."""
        phones = [(phone, row.customer) for row in folder.grid.customers for phone in row.phones]
        premises = [(row.account, row.customer) for row in folder.premises]
        accounts = {customer: account for account, customer in premises}
        return cls(Network(folder.grid), Premises.of(phones, premises), accounts, exercise=exercise)

    def play(self, events: Sequence[Event], until: int) -> None:
        """Hear the events up to a time (milliseconds), each when it speaks of, and decide all that is due by then."""
        coming = sorted((to_ms(event.at), event.id, event) for event in events)
        taken = 0
        while True:
            due = [shard.wake_at for shard in self._shards.values() if shard.wake_at is not None]
            due += [coming[taken][0]] if taken < len(coming) else []
            first = min(due, default=until + 1)
            if first > until:
                return
            now = min(-(-first // STEP_MS) * STEP_MS, until)
            while taken < len(coming) and coming[taken][0] <= now:
                self._take(coming[taken][2], now)
                taken += 1
            self._decide(now)

    def entities(self, area: str) -> Entities:
        """Return what is remembered of an area."""
        return self._shards[area].entities

    def _take(self, event: Event, now: int) -> None:
        if isinstance(event, OutageReported | HazardReported | HotlineReported):
            self._locate(event, now)
            return
        try:
            shard = self._shards[self.stage.shard_of(event)]
        except Unplaced as refused:
            self.unplaced.append(NotPlaced(event=event.id, code=refused.code, detail=refused.detail))
            return
        shard.heard.append(Fact(to_ms(event.at), event.id, event))

    def _locate(self, event: OutageReported | HazardReported | HotlineReported, now: int) -> None:
        if not names_anything(event):
            self.unplaced.append(NotPlaced(event=event.id, code="nobodyNamed", detail="nothing says where it is"))
            return
        where = locate(event, self.network, now, self._premises)
        self.states[event.id] = where.state
        if where.state in {ReportState.LOCATED, ReportState.AMBIGUOUS}:
            self._shards[str(where.area)].heard.append(Fact(where.at, event.id, _located(event, where)))

    def _decide(self, now: int) -> None:
        for area, shard in self._shards.items():
            if not shard.heard and (shard.wake_at is None or shard.wake_at > now):
                continue
            turn = Turn(shard=area, now=now, facts=shard.heard, entities=shard.entities, exercise=self._exercise)
            self.stage.decide(turn)
            apply(shard.entities, turn.outcome)
            shard.heard, shard.wake_at = [], turn.outcome.wake_at
            self.states |= {each.report: each.state for each in turn.outcome.records if isinstance(each, Disposed)}


def _located(event: OutageReported | HazardReported | HotlineReported, where: Located) -> LocatedReport | LocatedHazard:
    if isinstance(event, HazardReported):
        assert where.place is not None, "danger is located at a place"
        return LocatedHazard(
            id=event.id,
            hazard=event.hazard,
            at=where.at,
            place=where.place,
            device=where.device,
            customer=where.customer,
        )
    return LocatedReport(
        id=event.id,
        kind=event.kind,
        at=where.at,
        device=where.device or "",
        customer=where.customer,
        candidates=where.candidates,
        priority=isinstance(event, HotlineReported),
    )


def replay(folder: UtilityFolder, events: Sequence[Event], until: int) -> dict[str, object]:
    """Return what the inference holds at a time (milliseconds) of the events up to then, in what JSON knows.

    The folder's planned work is announced before the first event, as an import would.
    """
    heard = [event for event in events if to_ms(event.at) <= until]
    exercise = any(event.exercise for event in heard)
    begins = min((to_ms(event.at) for event in heard), default=until)
    table = Desk.of(folder, exercise=exercise)
    table.play([*window_events((), folder.windows, begun=(), now=begins, exercise=exercise), *heard], until)
    areas = [str(area) for area in table.stage.shards()]
    return {
        "at": msgspec.to_builtins(from_ms(until)),
        "utility": folder.name,
        "areas": areas,
        "incidents": [
            msgspec.to_builtins(seen)
            for area in areas
            for seen in desk.incidents_seen(area, table.entities(area), table.network)
        ],
        "hazards": [
            msgspec.to_builtins(seen) for area in areas for seen in desk.hazards_seen(area, table.entities(area))
        ],
        "unexplained": [
            msgspec.to_builtins(seen) for area in areas for seen in desk.unexplained(area, table.entities(area))
        ],
        "unplaced": msgspec.to_builtins(table.unplaced),
        "reports": dict(sorted(Counter(table.states.values()).items())),
    }
