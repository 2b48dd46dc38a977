"""The stage `correlate`: from located reports, planned work and crews' findings to incidents and interruptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import Event, OrderChanged, WindowAnnounced, WorkCompleted, WorkStarted
from services.engine.turn import Entity, Turn, Unplaced
from services.outages.board import Board
from services.outages.checking import check_incidents, check_windows
from services.outages.crews import hear_crew
from services.outages.entities import Gathering, Incident, Out, Pending, Supplied, Window
from services.outages.hearing import hear
from services.outages.inferring import infer
from services.outages.report import LocatedReport
from services.outages.windows import hear_work

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.network import Network


class CorrelateStage:
    """Decides what has failed and who is out. `accounts` maps customers to their hotline accounts."""

    name = "correlate"
    entities: tuple[type[Entity], ...] = (Incident, Out, Pending, Gathering, Window, Supplied)

    def __init__(self, network: Network, accounts: Mapping[str, str]) -> None:
        self._network = network
        self._accounts = dict(accounts)
        direct: dict[str, list[str]] = {}
        for customer in network.customers:
            if customer.active and customer.device is not None:
                direct.setdefault(customer.device, []).append(customer.id)
        self._direct = {device: tuple(sorted(customers)) for device, customers in direct.items()}

    def shards(self) -> Sequence[str]:
        """Return the supply areas."""
        return sorted(area.id for area in self._network.areas)

    def shard_of(self, event: Event) -> str:
        """Return the area that an event speaks of. Raises `Unplaced`."""
        match event:
            case WindowAnnounced() | WorkStarted() | WorkCompleted():
                try:
                    return self._network.device(event.device).area
                except KeyError:
                    raise Unplaced("unknownDevice", event.device) from None
            case OrderChanged():
                if event.area not in self.shards():
                    raise Unplaced("unknownArea", event.area)
                return event.area
            case _:
                raise Unplaced("unexpectedEvent", f"{type(event).__name__} is nothing to correlate")

    def decide(self, turn: Turn) -> None:
        """Take the facts one by one in the order of their times, then draw what follows from them and from the time."""
        board = Board(turn, self._network, self._accounts, self._direct)
        for fact in turn.facts:
            match fact.what:
                case LocatedReport():
                    hear(board, fact.what)
                case OrderChanged():
                    hear_crew(board, fact.id, fact.what)
                case WindowAnnounced() | WorkStarted() | WorkCompleted():
                    hear_work(board, fact.id, fact.what)
                case _:
                    raise TypeError(f"{type(fact.what).__name__} is no fact of this stage")
        check_windows(board)
        check_incidents(board)
        infer(board)
        board.settle()
        board.leave()
        _wake(turn)


def _wake(turn: Turn) -> None:
    waits = [each.due_at for each in turn.all(Gathering)]
    waits += [each.check_at for each in turn.all(Window) if each.check_at is not None]
    for incident in turn.all(Incident):
        waits += [at for at in (incident.check_at, incident.leave_at) if at is not None]
    for at in waits:
        turn.wake(at)
