"""The stage `world`: plays faults, meters, callers, crews and planned work by scenario and by the product's orders.

Within a turn the world goes through what was to happen until now in the order of its own times, so that what happens
does not depend on when the clock stopped to look. Orders are heard after that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from schemas.events import OrderChanged
from services.dispatch.visitors import PREFIX
from services.drill.asking import Asked, Reading
from services.drill.callers import Callers
from services.drill.crews import OVER, Drives, Duty, Task, Whereabouts
from services.drill.crews import drive_ms as straight_drive_ms
from services.drill.driving import Drive
from services.drill.duty import Crews, Hours
from services.drill.faults import Fault
from services.drill.play import Begun, Play, Sent
from services.drill.switching import Blink, Danger, Switched
from services.drill.windows import Off, Work
from services.engine.turn import Entity, Unplaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from schemas.events import Event
    from services.drill.plans import Scenario
    from services.engine.turn import Turn
    from services.network import Network

SHARD = "world"


class Due(NamedTuple):
    """Something that happens at a time. Of what happens at one time the smaller rank comes first, people last."""

    at: int
    rank: int
    id: str


(
    BEGIN,
    SHIFT,
    COMPLETE,
    PROLONG,
    CANCEL,
    START,
    STRIKE,
    BLINK,
    BLINK_OVER,
    APPEAR,
    SWITCH,
    STEP,
    MOVE,
    TEXT,
    CALL,
    ANSWER,
) = range(16)


BRINGS_POWER = frozenset({COMPLETE, BLINK_OVER, SWITCH})
"""What may bring power to where crews wait for it, besides their own work."""


class WorldStage:
    """The world as a stage. It hears orders and questions; the product hears of it by messages on the schedule."""

    name = "world"
    entities: ClassVar[tuple[type[Entity], ...]] = (
        Begun, Sent, Fault, Work, Off, Blink, Danger, Switched, Callers, Reading, Task, Drive, Whereabouts, Duty,
    )  # fmt: skip

    def __init__(self, network: Network, scenario: Scenario, seed: int, drive_ms: Drives = straight_drive_ms) -> None:
        """Build the world; `drive_ms` says how long its crews drive from one place to another."""
        self._network = network
        self._scenario = scenario
        self._seed = seed
        self._faults = {plan.id: plan for plan in scenario.faults}
        self._windows = {plan.id: plan for plan in scenario.windows}
        self._blinks = {plan.id: plan for plan in scenario.blinks}
        self._hazards = {plan.id: plan for plan in scenario.hazards}
        self._texts = {plan.id: plan for plan in scenario.texts}
        self._hours = Hours.of(scenario.cast.shifts)
        self._drive_ms = drive_ms

    def shards(self) -> Sequence[str]:
        """Return the one shard: the world is whole."""
        return (SHARD,)

    def shard_of(self, event: Event) -> str:
        """Return the one shard. Raises `Unplaced` for an order to a crew or a device that the world does not have."""
        if isinstance(event, OrderChanged):
            if event.crew not in self._scenario.cast.bases and not event.crew.startswith(PREFIX):
                raise Unplaced("unknownCrew", event.crew)
            if event.device is not None:
                try:
                    self._network.device(event.device)
                except KeyError:
                    raise Unplaced("unknownDevice", event.device) from None
        return SHARD

    def decide(self, turn: Turn) -> None:
        """Let happen what was to happen until now, hear orders and questions, and ask to be woken for what comes next."""
        play = Play(turn, self._network, self._scenario, self._seed)
        crews = Crews(play, self._faults, self._hours, self._drive_ms)
        orders = [(fact.what, fact.id) for fact in turn.facts if isinstance(fact.what, OrderChanged)]
        while (due := min(self._dues(turn, crews, waited=bool(orders)), default=None)) and due.at <= turn.now:
            self._happen(play, crews, due)
        for order, fact in orders:
            crews.hear(order, fact)
        for question in turn.facts:
            if isinstance(question.what, Asked):
                play.hear_question(question.id, question.what)
        upcoming = min(self._dues(turn, crews), default=None)
        if upcoming is not None:
            turn.wake(upcoming.at)

    def _dues(self, turn: Turn, crews: Crews, *, waited: bool = False) -> Iterator[Due]:
        """Yield what comes next of everything; shifts change only as long as something else is to come, or was `waited` for."""
        ahead = list(self._dues_of_the_storm(turn))
        yield from ahead
        if ahead or waited or self._is_open(turn):
            for at, crew in crews.dues():
                yield Due(max(at, self._scenario.starts_at), SHIFT, crew)

    def _is_open(self, turn: Turn) -> bool:
        """Answers whether anything waits for a crew, or a crew for the end of its overtime."""
        return bool(
            turn.all(Fault, lambda fault: fault.mended_at is None)
            or turn.all(Danger, lambda danger: danger.safe_at is None)
            or turn.all(Task, lambda task: task.step not in OVER)
            or turn.all(Duty, lambda duty: duty.stays_until is not None)
        )

    def _dues_of_the_storm(self, turn: Turn) -> Iterator[Due]:
        if turn.get(Begun, "storm") is None:
            yield Due(self._scenario.starts_at, BEGIN, "storm")
            return
        for fault in self._scenario.faults:
            if turn.get(Fault, fault.id) is None:
                yield Due(fault.strikes_at, STRIKE, fault.id)
        yield from self._work_dues(turn)
        yield from self._other_dues(turn)
        for switched in turn.all(Switched):
            if switched.next_at is not None:
                yield Due(switched.next_at, SWITCH, switched.id)
        for task in turn.all(Task):
            if task.next_at is not None:
                yield Due(task.next_at, STEP, task.id)
        for drive in turn.all(Drive):
            yield Due(drive.next_at, MOVE, drive.id)

    def _other_dues(self, turn: Turn) -> Iterator[Due]:
        for hazard in self._scenario.hazards:
            if turn.get(Danger, hazard.id) is None:
                yield Due(hazard.appears_at, APPEAR, hazard.id)
        for plan in self._scenario.blinks:
            blink = turn.get(Blink, plan.id)
            if blink is None:
                yield Due(plan.opens_at, BLINK, plan.id)
            elif blink.closed_at is None:
                yield Due(plan.closes_at, BLINK_OVER, plan.id)
        for text in self._scenario.texts:
            if turn.get(Sent, text.id) is None:
                yield Due(text.at, TEXT, text.id)
        for waiting in turn.all(Callers):
            yield Due(waiting.waiting[0][0], CALL, waiting.id)
        for reading in turn.all(Reading):
            yield Due(reading.at, ANSWER, reading.id)

    def _work_dues(self, turn: Turn) -> Iterator[Due]:
        for window in self._scenario.windows:
            work = turn.get(Work, window.id)
            if window.cancelled_at is not None:
                if turn.get(Off, window.id) is None:
                    yield Due(window.cancelled_at, CANCEL, window.id)
            elif work is None:
                yield Due(window.starts_at, START, window.id)
            elif work.completed_at is None:
                yield Due(window.completed_at, COMPLETE, window.id)
                if window.overruns and work.prolonged_at is None:
                    yield Due(window.ends_at, PROLONG, window.id)

    def _happen(self, play: Play, crews: Crews, due: Due) -> None:
        turn, name, at = play.turn, due.id, due.at
        by_plan: dict[int, tuple[Callable[[Any, int], None], Mapping[str, Any]]] = {
            COMPLETE: (play.complete_work, self._windows),
            PROLONG: (play.prolong_work, self._windows),
            CANCEL: (play.cancel_work, self._windows),
            START: (play.start_work, self._windows),
            STRIKE: (play.strike, self._faults),
            BLINK: (play.blink, self._blinks),
            APPEAR: (play.appear, self._hazards),
            TEXT: (play.text, self._texts),
        }
        if due.rank in by_plan:
            happen, plans = by_plan[due.rank]
            happen(plans[name], at)
        elif due.rank == BEGIN:
            play.begin(at)
        elif due.rank == SHIFT:
            crews.change_shift(name, at)
        elif due.rank == BLINK_OVER and (blink := turn.get(Blink, name)):
            play.blink_over(blink, at)
        elif due.rank == SWITCH and (switched := turn.get(Switched, name)):
            play.switch(switched, at)
        elif due.rank == STEP and (task := turn.get(Task, name)):
            crews.step(task, at)
        elif due.rank == MOVE and (drive := turn.get(Drive, name)):
            crews.move(drive, at)
        else:
            _speak(play, due)
        if due.rank in BRINGS_POWER:
            crews.look_again(at)


def _speak(play: Play, due: Due) -> None:
    """Let people call, or answer what they were asked by text."""
    if due.rank == CALL and (waiting := play.turn.get(Callers, due.id)):
        play.call(waiting)
    elif due.rank == ANSWER and (reading := play.turn.get(Reading, due.id)):
        play.answer(reading, due.at)
