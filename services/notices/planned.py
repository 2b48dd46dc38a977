"""Planned work as customers are told of it: what was announced, whom it takes out, how it stands, and whose outage it explains."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, ClassVar

import msgspec

from schemas.events import WindowAnnounced, WindowCancelled, WindowChanged, WorkCompleted, WorkStarted
from services.clock import to_ms
from services.engine.turn import Entity
from services.notices.audience import Affected
from services.notices.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.engine.turn import Fact, Turn
    from services.network.network import Network
    from services.notices.audience import Heard
    from services.notices.people import Way

EARLY_MS = 30 * 60_000
"""Power that fails no longer than this before announced work begins fails for the work."""
FORGOTTEN_MS = 86_400_000
"""Of work that nobody said has begun nothing is expected any more so long after its end."""
WORK = (WindowAnnounced, WindowChanged, WindowCancelled, WorkStarted, WorkCompleted)

WorkNotice = WindowAnnounced | WindowChanged | WindowCancelled | WorkStarted | WorkCompleted


class WorkState(enum.StrEnum):
    """How planned work stands."""

    ANNOUNCED = "announced"
    UNDER_WAY = "underWay"
    CANCELLED = "cancelled"
    OVER = "over"


class Work(Entity, frozen=True, kw_only=True):
    """Planned work; `id` is its window. Times are milliseconds.

    `customers` lie behind its isolation points, sorted. `revision` counts what was heard of it, `heard_at` is the time of the last
    of it and `fact` its id. It is looked at again at `due_at`. `overdue`: its end has passed and it goes on.
    """

    kind: ClassVar[str] = "plannedWork"
    state: WorkState
    revision: int
    heard_at: int
    fact: str
    customers: tuple[str, ...]
    begins: int | None = None
    ends: int | None = None
    due_at: int | None = None
    overdue: bool = False


class Foretold(Entity, frozen=True, kw_only=True):
    """What a customer was told of planned work by a way; `id` names the three.

    `begins` and `ends` (ms) are those that he was told, `reminded` that he needs no reminder, `overrun` that he knows it takes
    longer than was said.
    """

    kind: ClassVar[str] = "foretold"
    work: str
    customer: str
    way: str
    begins: int | None
    ends: int | None
    reminded: bool = False
    overrun: bool = False
    notices: tuple[str, ...] = ()


def foretold_id(work: str, customer: str, way: str) -> str:
    """Return the id of what a customer was told of planned work by a way."""
    return f"{work} {customer} {way}".rstrip()


def follow_work(turn: Turn, network: Network, heard: Heard) -> list[Work]:
    """Bring planned work up to this turn's facts; return what changed, by id. Who is out when work is over is looked at anew."""
    changed: set[str] = set()
    for fact in sorted((fact for fact in turn.facts if isinstance(fact.what, WORK)), key=_order):
        notice = fact.what
        assert isinstance(notice, WORK), "they were chosen by it"
        standing = turn.get(Work, notice.window)
        work, why = _changed(turn, network, fact, notice, standing)
        if work is None:
            turn.note((Work.kind, notice.window), "stays", why, [fact.id])
            continue
        turn.put(work)
        turn.note(work, work.state, why, [fact.id])
        changed.add(work.id)
        if work.state in {WorkState.OVER, WorkState.CANCELLED}:
            for customer in work.customers:
                if turn.get(Affected, customer) is not None:
                    heard.moved.setdefault(customer, fact.id)
    return [work for name in sorted(changed) if (work := turn.get(Work, name)) is not None]


_RANK = {
    kind: place
    for place, kind in enumerate((WindowAnnounced, WindowChanged, WorkStarted, WindowCancelled, WorkCompleted))
}


def _order(fact: Fact) -> tuple[int, str, int, str]:
    assert isinstance(fact.what, WORK), "they were chosen by it"
    return fact.at, fact.what.window, _RANK[type(fact.what)], fact.id


def _changed(
    turn: Turn, network: Network, fact: Fact, notice: WorkNotice, standing: Work | None
) -> tuple[Work | None, Reason]:
    """Return how work stands after a notice, None: as before; and why."""
    if standing is None:
        if isinstance(notice, WindowCancelled | WorkCompleted):
            return None, Reason.UNKNOWN_WORK
        standing = Work(
            id=notice.window,
            state=WorkState.ANNOUNCED,
            revision=0,
            heard_at=fact.at,
            fact=fact.id,
            customers=_behind(turn, network, notice.isolates),
        )
    elif fact.at < standing.heard_at or standing.state in {WorkState.CANCELLED, WorkState.OVER}:
        return None, Reason.OVERTAKEN
    under_way = standing.state is WorkState.UNDER_WAY
    heard = msgspec.structs.replace(
        standing, revision=standing.revision + 1, heard_at=fact.at, fact=fact.id, due_at=None, overdue=False
    )
    behind = _behind(turn, network, notice.isolates)
    match notice:
        case WindowAnnounced() | WindowChanged():
            ends, begins = to_ms(notice.ends_at), to_ms(notice.starts_at)
            customers = tuple(sorted({*standing.customers, *behind})) if under_way else behind
            changed = msgspec.structs.replace(
                heard, begins=standing.begins if under_way else begins, ends=ends, customers=customers
            )
            return changed, Reason.WORK_PLANNED
        case WorkStarted():
            customers = tuple(sorted({*standing.customers, *behind})) if under_way else behind
            return msgspec.structs.replace(heard, state=WorkState.UNDER_WAY, customers=customers), Reason.WORK_BEGUN
        case WindowCancelled():
            state = WorkState.OVER if under_way else WorkState.CANCELLED
            return msgspec.structs.replace(heard, state=state), Reason.WORK_CANCELLED
        case WorkCompleted():
            return msgspec.structs.replace(heard, state=WorkState.OVER), Reason.WORK_OVER


def _behind(turn: Turn, network: Network, isolates: Iterable[str]) -> tuple[str, ...]:
    """Return who lies behind any of these devices, as the grid normally stands; nobody behind what is none."""
    found: set[str] = set()
    for isolate in isolates:
        try:
            found.update(map(str, network.customers_behind(isolate)))
        except KeyError:
            continue
    return tuple(sorted(each for each in found if str(network.area_of(each)) == turn.shard))


@dataclasses.dataclass(frozen=True, slots=True)
class Cover:
    """That a customer was told of work that explains his outage, and until when (ms) it is expected to; None: nobody knows."""

    until: int | None


class Covers:
    """Whose outage is explained by work that he was told of, as a turn has left it."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._works = [work for work in turn.all(Work) if work.state in {WorkState.ANNOUNCED, WorkState.UNDER_WAY}]

    def of(self, customer: str, way: Way, since: int) -> Cover | None:
        """Return what explains an outage since then (ms) to whom it was told by a way; None: nothing does."""
        now = self._turn.now
        for work in self._works:
            told = self._turn.get(Foretold, foretold_id(work.id, customer, way.id))
            if told is None or told.begins is None or since < told.begins - EARLY_MS:
                continue
            ahead = work.ends is not None and work.ends > now
            if ahead or work.state is WorkState.UNDER_WAY:
                return Cover(work.ends if ahead else None)
        return None
