"""The stage `correlate`: from located reports, switch states, planned work, crews' and dispatchers' words to who is out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import (
    DeviceStateReported,
    EstimateGiven,
    EstimatesLearnt,
    Event,
    FaultFound,
    HazardDismissed,
    IncidentConfirmed,
    IncidentRejected,
    IncidentsMerged,
    IncidentSplit,
    OrderChanged,
    WindowAnnounced,
    WindowCancelled,
    WindowChanged,
    WorkCompleted,
    WorkPlanned,
    WorkStarted,
)
from schemas.ids import AreaId
from services.engine.turn import Entity, Turn, Unplaced
from services.outages.actions import hear_action
from services.outages.board import Board
from services.outages.checking import await_the_rest, check_incidents, check_windows
from services.outages.contradicting import watch_dispatched
from services.outages.crews import hear_crew
from services.outages.entities import (
    Charted,
    Gathering,
    Hazard,
    Hint,
    Incident,
    Learnt,
    Out,
    Pending,
    Position,
    Proven,
    Supplied,
    Suspected,
    Unanswered,
    Window,
    WindowState,
)
from services.outages.estimating import Experience, Lately
from services.outages.expecting import expect, hear_expected, next_looks
from services.outages.found_faults import hear_fault
from services.outages.grid import Grid
from services.outages.hazards import hear_hazard, settle_hazards
from services.outages.hearing import hear
from services.outages.hinting import settle_hints
from services.outages.inferring import infer
from services.outages.insisting import nest_insisting
from services.outages.phasing import find_lost_phases, hear_cut_off
from services.outages.questions import NOBODY, Askable, Asked, Asking, AskingSet, ask, next_look, set_asking
from services.outages.remembering import chart, forget
from services.outages.report import LocatedHazard, LocatedReport
from services.outages.settling import leave, settle
from services.outages.stepping import check_steps
from services.outages.switching import RECLOSING_MS, check_positions, hear_state
from services.outages.telling import tell_hotline
from services.outages.windows import hear_work, see_isolation, watch_windows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from services.engine.turn import Fact
    from services.network import Network

WORK = (WindowAnnounced, WindowChanged, WindowCancelled, WorkStarted, WorkCompleted)
ACTIONS = (IncidentsMerged, IncidentSplit, IncidentRejected, IncidentConfirmed, EstimateGiven, HazardDismissed)


class CorrelateStage:
    """Decides what has failed and who is out. `accounts` maps customers to their hotline accounts, `askable` may be asked.

    A device that closes again within `reclosing_s` seconds has reclosed: nothing has failed.
    """

    name = "correlate"
    entities: tuple[type[Entity], ...] = (
        Incident, Out, Pending, Hint, Gathering, Window, Position, Hazard, Supplied, Suspected, Learnt, Unanswered,
        Proven, Asking, Asked, Charted, Experience,
        Lately,
    )  # fmt: skip

    def __init__(
        self,
        network: Network,
        accounts: Mapping[str, str],
        askable: Askable = NOBODY,
        *,
        reclosing_s: float = RECLOSING_MS / 1000,
    ) -> None:
        self._network = network
        self._grids: dict[str, Grid] = {}
        self._askable = askable
        self._accounts = dict(accounts)
        self._reclosing_ms = round(reclosing_s * 1000)
        self._areas = sorted(area.id for area in network.areas)

    def shards(self) -> Sequence[str]:
        """Return the supply areas."""
        return self._areas

    def shard_of(self, event: Event) -> str:
        """Return the area that an event speaks of. Raises `Unplaced`."""
        if isinstance(event, WORK):
            return self._area(*event.isolates)
        if isinstance(event, DeviceStateReported | FaultFound):
            return self._area(event.device)
        if isinstance(event, (OrderChanged, WorkPlanned, EstimatesLearnt, *ACTIONS)):
            if event.area not in self._areas:
                raise Unplaced("unknownArea", event.area)
            return event.area
        raise Unplaced("unexpectedEvent", f"{type(event).__name__} is nothing to correlate")

    def _area(self, *devices: str) -> str:
        for device in devices:
            try:
                return self._network.switch(device).area
            except KeyError:
                continue
        raise Unplaced("unknownDevice", ", ".join(devices))

    def _grid(self, area: str) -> Grid:
        """Return the grid of an area alone, made when it is first needed: what is switched elsewhere never matters to it."""
        if area not in self._grids:
            self._grids[area] = grid = Grid(self._network.alone(AreaId(area)))
            grid.get_ready()
        return self._grids[area]

    def decide(self, turn: Turn) -> None:
        """Take the facts one by one in the order of their times, then draw what follows from them and from the time."""
        board = Board(turn, self._grid(turn.shard))
        chart(board)
        for fact in turn.facts:
            _hear(board, fact, self._reclosing_ms)
        check_positions(board)
        check_windows(board)
        check_steps(board)
        check_incidents(board)
        hear_cut_off(board)
        nest_insisting(board)
        infer(board)
        find_lost_phases(board)
        watch_dispatched(board)
        await_the_rest(board)
        watch_windows(board)
        settle_hints(board)
        ask(board, self._askable)
        expect(board)
        settle(board)
        tell_hotline(board, self._accounts)
        settle_hazards(board)
        if leave(board):
            forget(board)
        for at in _waits(board):
            turn.wake(at)


def _hear(board: Board, fact: Fact, reclosing_ms: int) -> None:
    match fact.what:
        case LocatedReport():
            hear(board, fact.what)
        case LocatedHazard():
            hear_hazard(board, fact.what)
        case DeviceStateReported():
            hear_state(board, fact.id, fact.what, reclosing_ms)
            see_isolation(board, fact.id, fact.what)
        case FaultFound():
            hear_fault(board, fact.id, fact.what)
        case AskingSet():
            set_asking(board, fact.what)
        case OrderChanged():
            hear_crew(board, fact.id, fact.what)
        case WorkPlanned() | EstimatesLearnt():
            hear_expected(board, fact.id, fact.what)
        case WindowAnnounced() | WindowChanged() | WindowCancelled() | WorkStarted() | WorkCompleted():
            hear_work(board, fact.id, fact.what)
        case (
            IncidentsMerged()
            | IncidentSplit()
            | IncidentRejected()
            | IncidentConfirmed()
            | EstimateGiven()
            | HazardDismissed()
        ):
            hear_action(board, fact.id, fact.what)
        case _:
            raise TypeError(f"{type(fact.what).__name__} is no fact of this stage")


def _waits(board: Board) -> Iterator[int]:
    """Return when something is to be looked at again."""
    yield from (each.due_at for each in board.turn.all(Suspected) if each.due_at is not None)
    yield from (each.publish_at for each in board.incidents() if not each.revision and each.publish_at > board.turn.now)
    yield from (at for at in [next_look(board)] if at is not None)
    yield from next_looks(board)
    yield from (each.leave_at for each in board.turn.all(Hint))
    yield from (each.leave_at for each in board.turn.all(Hazard) if each.leave_at is not None)
    for incident in board.remembered():
        yield from (at for at in (incident.check_at, incident.step_check_at, incident.leave_at) if at is not None)
    yield from (each.check_at for each in board.positions() if each.check_at is not None)
    for window in board.windows(*WindowState):
        yield from (at for at in (window.check_at, window.step_check_at) if at is not None)
        if window.state is WindowState.ACTIVE and not window.overrun and window.ends_at is not None:
            yield window.ends_at
