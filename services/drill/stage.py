"""The stage `world`: plays faults, meters, callers, crews and planned work by scenario and by the product's orders.

Within a turn the world goes through what was to happen until now in the order of its own times, so that what happens
does not depend on when the clock stopped to look. Orders are heard after that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from schemas.events import CrewState, OrderChanged, OrderState
from services.drill import crews as crewing
from services.drill.callers import Callers
from services.drill.crews import Step, Task, Whereabouts
from services.drill.faults import Fault, cause_of, found_from, is_dark
from services.drill.play import Begun, Play
from services.drill.reasons import Reason
from services.drill.windows import Work
from services.engine.turn import Entity, Unplaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schemas.events import Event
    from services.drill.storms import Scenario
    from services.engine.turn import Turn
    from services.network import Network, Place

SHARD = "world"

ON_THE_ROAD = frozenset({Step.HEARD, Step.ACCEPTED, Step.ENROUTE})
"""The steps at which a crew can still be called back."""


class Due(NamedTuple):
    """Something that happens at a time. Of what happens at one time the smaller rank comes first, callers last."""

    at: int
    rank: int
    id: str


BEGIN, COMPLETE, START, STRIKE, STEP, CALL = range(6)


class WorldStage:
    """The world as a stage. It hears nothing but orders; the product hears of it by messages on the schedule."""

    name = "world"
    entities: ClassVar[tuple[type[Entity], ...]] = (Begun, Fault, Work, Callers, Task, Whereabouts)

    def __init__(self, network: Network, scenario: Scenario, seed: int) -> None:
        self._network = network
        self._scenario = scenario
        self._seed = seed
        self._faults = {plan.id: plan for plan in scenario.faults}
        self._windows = {plan.id: plan for plan in scenario.windows}

    def shards(self) -> Sequence[str]:
        """Return the one shard: the world is whole."""
        return (SHARD,)

    def shard_of(self, event: Event) -> str:
        """Return the one shard. Raises `Unplaced` for an order to a crew or a device that the world does not have."""
        if isinstance(event, OrderChanged):
            if event.crew not in self._scenario.bases:
                raise Unplaced("unknownCrew", event.crew)
            try:
                self._network.device(event.device)
            except KeyError:
                raise Unplaced("unknownDevice", event.device) from None
        return SHARD

    def decide(self, turn: Turn) -> None:
        """Let happen what was to happen until now, hear the orders, and ask to be woken for what comes next."""
        play = Play(turn, self._network, self._scenario, self._seed)
        crews = _Crews(play)
        while (due := min(self._dues(turn), default=None)) is not None and due.at <= turn.now:
            self._happen(play, crews, due)
        for fact in turn.facts:
            if isinstance(fact.what, OrderChanged):
                crews.hear(fact.what, fact.id)
        upcoming = min(self._dues(turn), default=None)
        if upcoming is not None:
            turn.wake(upcoming.at)

    def _dues(self, turn: Turn) -> Iterator[Due]:
        if turn.get(Begun, "storm") is None:
            yield Due(self._scenario.starts_at, BEGIN, "storm")
            return
        for fault in self._scenario.faults:
            if turn.get(Fault, fault.id) is None:
                yield Due(fault.strikes_at, STRIKE, fault.id)
        for window in self._scenario.windows:
            work = turn.get(Work, window.id)
            if work is None:
                yield Due(window.starts_at, START, window.id)
            elif work.completed_at is None:
                yield Due(window.completed_at, COMPLETE, window.id)
        for task in turn.all(Task):
            if task.next_at is not None:
                yield Due(task.next_at, STEP, task.id)
        for waiting in turn.all(Callers):
            yield Due(waiting.waiting[0][0], CALL, waiting.id)

    def _happen(self, play: Play, crews: _Crews, due: Due) -> None:
        turn = play.turn
        if due.rank == BEGIN:
            play.begin(due.at)
        elif due.rank == STRIKE:
            play.strike(self._faults[due.id], due.at)
        elif due.rank == START:
            play.start_work(self._windows[due.id], due.at)
        elif due.rank == COMPLETE and (work := turn.get(Work, due.id)):
            play.complete_work(self._windows[due.id], work, due.at)
            crews.look_again(due.at)
        elif due.rank == STEP and (task := turn.get(Task, due.id)):
            crews.step(task, due.at)
        elif due.rank == CALL and (waiting := turn.get(Callers, due.id)):
            play.call(waiting)


class _Crews:
    """What crews do within one turn."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._turn = play.turn
        self._network = play.network

    def hear(self, order: OrderChanged, fact: str) -> None:
        """Hear an order, or that it was revoked; who is on site stays there."""
        known = self._turn.get(Task, order.order)
        if order.state is OrderState.SENT:
            if known is None:
                self._go(crewing.heard(self._play.seed, order, self._turn.now), Reason.ORDERED, [fact])
            else:
                self._turn.note(known, known.step, Reason.ORDERED_BEFORE, [fact])
        elif order.state is OrderState.REVOKED:
            if known is None:
                self._turn.note((Task.kind, order.order), "unknown", Reason.UNKNOWN_ORDER, [fact])
            elif known.step in ON_THE_ROAD:
                self._go(known.to(Step.CALLED_BACK, None), Reason.CALLED_BACK, [fact])
            else:
                self._turn.note(known, known.step, Reason.NOT_ON_THE_ROAD, [fact])

    def step(self, task: Task, at: int) -> None:
        """Do the next step of a task at its time."""
        place = self._network.device(task.device).place
        if task.step is Step.HEARD:
            self._go(task.to(Step.ACCEPTED, at + crewing.LEAVE_AFTER_MS), Reason.DUTY)
            self._report(task, CrewState.ACCEPTED, at, self._whereabouts(task.crew))
        elif task.step is Step.ACCEPTED:
            start = self._whereabouts(task.crew)
            self._go(task.to(Step.ENROUTE, at + crewing.drive_ms(start, place)), Reason.DUTY)
            self._report(task, CrewState.ENROUTE, at, start)
        elif task.step is Step.ENROUTE:
            self._turn.put(Whereabouts(id=task.crew, device=task.device))
            self._report(task, CrewState.ARRIVED, at, place)
            self._look(task, at, so_far=0)
        elif task.step is Step.LOOKING:
            self._look(task, at, so_far=crewing.LOOK_MS)
        elif task.step is Step.MENDING and task.fault is not None:
            self._mend(task, task.fault, at)
        elif task.step is Step.MENDED and task.fault is not None:
            self._done(task, task.fault, at)

    def look_again(self, at: int) -> None:
        """Let the crews that wait for power look whether it has come, or whether there is something to mend now."""
        for task in self._turn.all(Task, lambda each: each.step is Step.WAITING):
            self._look(task, at, so_far=0)

    def _look(self, task: Task, at: int, *, so_far: int) -> None:
        """Find what has failed; or wait while another mends it; or say after a look around that supply is in order."""
        mended_by = {each.fault for each in self._turn.all(Task, lambda each: each.step is Step.MENDING)}
        free = [fault for fault in self._play.open_faults() if fault.id not in mended_by]
        fault = found_from(self._network, task.device, free)
        if fault is not None:
            device_class = self._network.device(fault.device).device_class
            needs = crewing.repair_ms(self._play.seed, fault.id, device_class, self._play.scenario.storm.pace)
            self._go(task.to(Step.MENDING, at + needs, fault.id), Reason.FOUND)
        elif self._dark_at(task.device):
            if task.step is not Step.WAITING:
                self._go(task.to(Step.WAITING, None), Reason.STILL_DARK)
        elif so_far < crewing.LOOK_MS:
            self._go(task.to(Step.LOOKING, at + crewing.LOOK_MS), Reason.DUTY)
        else:
            self._go(task.to(Step.DONE, None), Reason.IN_ORDER)
            self._report(task, CrewState.DONE, at, self._network.device(task.device).place)

    def _dark_at(self, device: str) -> bool:
        opened = self._play.opened()
        return is_dark(self._network, device, opened) or any(self._network.is_behind(each, device) for each in opened)

    def _mend(self, task: Task, fault_id: str, at: int) -> None:
        self._go(task.to(Step.MENDED, at + crewing.DONE_AFTER_MS, fault_id), Reason.MENDED)
        fault = self._turn.get(Fault, fault_id)
        if fault is not None and fault.mended_at is None:
            self._turn.put(Whereabouts(id=task.crew, device=fault.device))
            self._play.mend(fault, at)
            self.look_again(at)

    def _done(self, task: Task, fault_id: str, at: int) -> None:
        fault = self._turn.get(Fault, fault_id)
        self._go(task.to(Step.DONE, None, fault_id), Reason.DUTY)
        if fault is not None:
            place = self._network.device(fault.device).place
            cause = cause_of(self._play.seed, fault.id)
            self._report(task, CrewState.DONE, at, place, found=fault.device, cause=cause)

    def _whereabouts(self, crew: str) -> Place:
        last = self._turn.get(Whereabouts, crew)
        return self._play.scenario.bases[crew] if last is None else self._network.device(last.device).place

    def _go(self, task: Task, reason: Reason, facts: Sequence[str] = ()) -> None:
        self._turn.put(task)
        self._turn.note(task, task.step, reason, facts)

    def _report(
        self, task: Task, state: CrewState, at: int, place: Place, *, found: str | None = None, cause: str | None = None
    ) -> None:
        self._play.say(crewing.status(task, state, at, place, found=found, cause=cause))
