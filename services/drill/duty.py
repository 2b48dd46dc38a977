"""What crews do within one turn: they hear orders, go, find, mend, switch, make safe, hand over, and say so."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import msgspec

from schemas.events import CrewState, OrderChanged, OrderState
from services.drill import crews as crewing
from services.drill.crews import OVER, Drives, Duty, Mood, Step, Task, Whereabouts
from services.drill.draws import between, chance
from services.drill.driving import Drive, begun
from services.drill.faults import Fault, cause_of, found_from
from services.drill.reasons import Reason
from services.drill.switching import Danger, Switched, prepared
from services.network import Place, distance_m

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.drill.plans import FaultPlan, Shift
    from services.drill.play import Play

ON_THE_ROAD = frozenset({Step.HEARD, Step.ACCEPTED, Step.ENROUTE})
"""The steps at which a crew can still be called back."""
AT_ONCE_M = 300
"""Dangers this near to the place of an order are made safe together."""
IN_SIGHT_M = 2_000
"""A crew that finds no danger at the place it was sent to looks for one as far as this."""
SWITCHED_BACK_MS = 150_000
"""From power back to the crew's word that it is done, where it has to switch back."""
MATERIAL_MS = 900_000
"""How long material is under way."""
LATER_MS = 60_000


@dataclasses.dataclass(frozen=True, slots=True)
class Hours:
    """The hours of all crews: boundaries of each crew's shifts in order, begin and end in turn (milliseconds)."""

    boundaries: dict[str, tuple[int, ...]]

    @classmethod
    def of(cls, shifts: Sequence[Shift]) -> Hours:
        """Return the hours of these shifts; shifts of a crew that meet or overlap are one."""
        found: dict[str, list[int]] = {}
        for shift in sorted(shifts, key=lambda each: (each.crew, each.starts_at, each.ends_at)):
            times = found.setdefault(shift.crew, [])
            if times and shift.starts_at <= times[-1]:
                times[-1] = max(times[-1], shift.ends_at)
            else:
                times += [shift.starts_at, shift.ends_at]
        return cls({crew: tuple(times) for crew, times in found.items()})


class Crews:
    """The crews of the world within one turn."""

    def __init__(
        self, play: Play, faults: dict[str, FaultPlan], hours: Hours, drive_ms: Drives = crewing.drive_ms
    ) -> None:
        self._play = play
        self._turn = play.turn
        self._seed = play.seed
        self._rough = play.scenario.storm.rough
        self._plans = faults
        self._hours = hours
        self._drive_ms = drive_ms

    def dues(self) -> Iterator[tuple[int, str]]:
        """Yield for every crew with shifts when the next one begins or ends: (time, crew)."""
        for crew, boundaries in self._hours.boundaries.items():
            duty = self._turn.get(Duty, crew)
            turns = 0 if duty is None else duty.turns
            if turns < len(boundaries):
                late = None if duty is None else duty.stays_until
                yield boundaries[turns] if late is None else late, crew

    def change_shift(self, crew: str, at: int) -> None:
        """Let a crew's shift begin or end; what it cannot finish soon it hands over."""
        duty = self._turn.get(Duty, crew) or Duty(id=crew, turns=0)
        if not duty.on:
            self._turn.put(Duty(id=crew, turns=duty.turns + 1))
            self._turn.note(duty, "on", Reason.SHIFT_BEGINS)
            if (last := self._turn.get(Whereabouts, crew)) is not None:
                self._turn.remove(last)
            self._tell(crew, CrewState.SIGNED_ON, at)
            return
        going = self._turn.all(Task, lambda task: task.crew == crew and task.step not in OVER)
        soon = [
            task.next_at
            for task in going
            if task.next_at is not None
            and task.step in {Step.MENDING, Step.MAKING_SAFE, Step.MENDED}
            and task.next_at <= at + crewing.OVERTIME_MS
        ]
        if soon:
            self._turn.put(msgspec.structs.replace(duty, stays_until=max(soon) + LATER_MS))
            return
        for task in going:
            self._go(task.to(Step.HANDED_OVER, None), Reason.SHIFT_ENDS)
            if task.step is not Step.SILENT:
                self._report(task, CrewState.HANDED_OVER, at, self._whereabouts(crew), why="The shift is over.")
        self._turn.put(Duty(id=crew, turns=duty.turns + 1))
        self._turn.note(duty, "off", Reason.SHIFT_ENDS)
        self._tell(crew, CrewState.OFF_DUTY, at + 1_000)
        if going:
            self.look_again(at)

    def hear(self, order: OrderChanged, fact: str) -> None:
        """Hear an order, or that it was revoked (who is on site stays there) or goes to another crew."""
        known = self._turn.get(Task, order.order)
        if order.crew not in self._play.scenario.cast.bases:
            self._turn.note((Task.kind, order.order), "passed", Reason.PLAYED_BY_HAND, [fact])
        elif order.state is OrderState.SENT:
            if known is None:
                task = crewing.heard(self._seed, order, self._turn.now, mood=self._mood(order))
                silent = task.mood is Mood.SILENT
                self._go(task, Reason.OUT_OF_REACH if silent else Reason.ORDERED, [fact])
            else:
                self._turn.note(known, known.step, Reason.ORDERED_BEFORE, [fact])
        elif order.state is OrderState.HANDED_OVER:
            if known is not None and known.step not in OVER:
                self._go(known.to(Step.HANDED_OVER, None), Reason.RELIEVED, [fact])
        elif order.state is OrderState.REVOKED:
            if known is None:
                self._turn.note((Task.kind, order.order), "unknown", Reason.UNKNOWN_ORDER, [fact])
            elif known.step in ON_THE_ROAD:
                self._go(known.to(Step.CALLED_BACK, None), Reason.CALLED_BACK, [fact])
            else:
                self._turn.note(known, known.step, Reason.NOT_ON_THE_ROAD, [fact])

    def step(self, task: Task, at: int) -> None:
        """Do the next step of a task at its time."""
        match task.step:
            case Step.HEARD:
                self._answer(task, at)
            case Step.SILENT:
                self._go(task.to(Step.REFUSED, None), Reason.OUT_OF_REACH)
                self._tell(task.crew, CrewState.AVAILABLE, at)
            case Step.ACCEPTED:
                self._leave(task, at)
            case Step.ENROUTE:
                self._arrive(task, at)
            case Step.LOOKING:
                self._look(task, at, so_far=crewing.LOOK_MS)
            case Step.MENDING if task.fault is not None:
                self._mend(task, task.fault, at)
            case Step.MENDED if task.fault is not None:
                self._done(task, task.fault, at)
            case Step.MAKING_SAFE:
                self._made_safe(task, at)

    def move(self, drive: Drive, at: int) -> None:
        """Let a crew that is on its way say where it is."""
        place = drive.place_at(at)
        self._turn.put(Whereabouts(id=drive.crew, lon=place.lon, lat=place.lat))
        self._play.say(crewing.status(drive.crew, CrewState.POSITION, at, place, order=drive.id))
        later = drive.later()
        if later is None:
            self._turn.remove(drive)
        else:
            self._turn.put(later)

    def look_again(self, at: int) -> None:
        """Let the crews that wait for power look whether it has come, or whether there is something to mend now."""
        for task in self._turn.all(Task, lambda each: each.step is Step.WAITING):
            self._look(task, at, so_far=0)

    def _mood(self, order: OrderChanged) -> Mood:
        duty = self._turn.get(Duty, order.crew)
        if order.crew in self._hours.boundaries and (duty is None or not duty.on):
            return Mood.REFUSES
        return crewing.mood_of(self._seed, order.order) if self._rough else Mood.WILLING

    def _answer(self, task: Task, at: int) -> None:
        where = self._whereabouts(task.crew)
        if task.mood is Mood.REFUSES:
            self._go(task.to(Step.REFUSED, None), Reason.UNWILLING)
            self._report(task, CrewState.REFUSED, at, where, why="Not able to go now.")
            return
        self._go(task.to(Step.ACCEPTED, at + crewing.LEAVE_AFTER_MS), Reason.DUTY)
        if task.mood is not Mood.JUMPS:
            self._report(task, CrewState.ACCEPTED, at, where)

    def _leave(self, task: Task, at: int) -> None:
        start = self._whereabouts(task.crew)
        arrives_at = at + max(crewing.SHORTEST_DRIVE_MS, self._drive_ms(start, task.place))
        self._go(task.to(Step.ENROUTE, arrives_at), Reason.DUTY)
        if task.mood is Mood.JUMPS:
            return
        self._report(task, CrewState.ENROUTE, at, start)
        if (drive := begun(task, start, at, arrives_at)) is not None:
            self._turn.put(drive)

    def _arrive(self, task: Task, at: int) -> None:
        self._turn.put(Whereabouts(id=task.crew, lon=task.lon, lat=task.lat))
        self._report(task, CrewState.ARRIVED, at, task.place)
        if task.mood is Mood.JUMPS:  # it says so too early, drives on to the right pole, and only then looks
            self._report(task, CrewState.ENROUTE, at + LATER_MS, task.place)
            self._report(task, CrewState.ASSESSING, at + 2 * LATER_MS, task.place)
        if task.hazard is not None:
            self._face(task, at)
        else:
            self._look(task, at, so_far=0)

    def _face(self, task: Task, at: int) -> None:
        """Go about making safe what is dangerous here; or say after a look around that there is nothing."""
        danger = min(self._dangers(task.place, IN_SIGHT_M), default=None)
        if danger is None:
            self._go(task.to(Step.LOOKING, at + crewing.LOOK_MS), Reason.DUTY)
            return
        needs = between(self._seed, *crewing.MAKING_SAFE_MIN, "making safe", task.id) * LATER_MS
        self._go(task.to(Step.MAKING_SAFE, at + needs, danger=danger[1]), Reason.FOUND)

    def _made_safe(self, task: Task, at: int) -> None:
        for _, name in self._dangers(task.place, AT_ONCE_M):
            self._make_safe(name, at)
        if task.danger is not None:
            self._make_safe(task.danger, at)
        self._go(task.to(Step.DONE, None), Reason.MENDED)
        self._report(task, CrewState.DONE, at, task.place)

    def _make_safe(self, name: str, at: int) -> None:
        danger = self._turn.get(Danger, name)
        if danger is not None and danger.safe_at is None:
            self._play.make_safe(danger, at)

    def _dangers(self, place: Place, within_m: int) -> list[tuple[int, str]]:
        """Return the dangers near a place, nearest first: (metres, id)."""
        near = [
            (round(distance_m(place, Place(danger.lon, danger.lat))), danger.id)
            for danger in self._turn.all(Danger, lambda each: each.safe_at is None)
        ]
        return sorted(each for each in near if each[0] <= within_m)

    def _look(self, task: Task, at: int, *, so_far: int) -> None:
        """Find what has failed; or wait while another mends it; or say after a look around that supply is in order."""
        if task.hazard is not None or task.device is None:
            self._end_look(task, at, so_far)
        elif task.assists is not None:
            helped = self._turn.get(Task, task.assists)
            if helped is not None and helped.step is Step.MENDING:
                self._wait(task)
            else:
                self._end_look(task, at, so_far)
        elif (fault := self._found(task.device)) is not None:
            self._begin(task, fault, at)
        elif self._play.dark_at(task.device):
            self._wait(task)
        else:
            self._end_look(task, at, so_far)

    def _found(self, device: str) -> Fault | None:
        mended_by = {each.fault for each in self._turn.all(Task, lambda each: each.step is Step.MENDING)}
        free = [fault for fault in self._play.open_faults() if fault.id not in mended_by]
        return found_from(self._play.normal, device, free)

    def _wait(self, task: Task) -> None:
        if task.step is not Step.WAITING:
            self._go(task.to(Step.WAITING, None), Reason.STILL_DARK)

    def _end_look(self, task: Task, at: int, so_far: int) -> None:
        if so_far < crewing.LOOK_MS:
            self._go(task.to(Step.LOOKING, at + crewing.LOOK_MS), Reason.DUTY)
        else:
            self._go(task.to(Step.DONE, None), Reason.IN_ORDER)
            self._report(task, CrewState.DONE, at, task.place)

    def _begin(self, task: Task, fault: Fault, at: int) -> None:
        """Begin to mend a fault; on its way around it is switched where there is one."""
        device_class = self._play.normal.device(fault.device).device_class
        needs = crewing.repair_ms(self._seed, fault.id, device_class, self._play.scenario.storm.pace)
        plan = self._plans.get(fault.id)
        if plan is not None and plan.detour is not None and self._turn.get(Switched, fault.id) is None:
            self._turn.put(prepared(fault.id, plan.detour, task.crew, at))
        if self._rough:
            needs += self._speak_of(task, at, needs)
        self._go(task.to(Step.MENDING, at + needs, fault=fault.id), Reason.FOUND)

    def _speak_of(self, task: Task, at: int, needs: int) -> int:
        """Let a crew say how the repair looks; return how much longer it takes for want of material, milliseconds."""
        longer = MATERIAL_MS if chance(self._seed, crewing.NEEDS_MATERIAL, "material", task.id) else 0
        seen = at + 3 * LATER_MS
        if chance(self._seed, crewing.GIVES_ESTIMATE, "estimate", task.id):
            self._report(task, CrewState.ASSESSING, seen, task.place, estimate=at + needs + longer)
        if longer:
            self._report(
                task, CrewState.MATERIAL_NEEDED, seen + LATER_MS, task.place, material="a transformer's fuse link"
            )
        if chance(self._seed, crewing.NEEDS_HELP, "help", task.id):
            self._report(task, CrewState.HELP_NEEDED, seen + LATER_MS, task.place, skill="line")
        return longer

    def _mend(self, task: Task, fault_id: str, at: int) -> None:
        switched = self._turn.get(Switched, fault_id)
        wait = crewing.DONE_AFTER_MS if switched is None else SWITCHED_BACK_MS
        self._go(task.to(Step.MENDED, at + wait, fault=fault_id), Reason.MENDED)
        fault = self._turn.get(Fault, fault_id)
        if fault is not None and fault.mended_at is None:
            place = self._play.normal.device(fault.device).place
            self._turn.put(Whereabouts(id=task.crew, lon=place.lon, lat=place.lat))
            self._play.mend(fault, at)
            if self._rough and chance(self._seed, crewing.SAYS_REPAIRED, "says repaired", task.id):
                self._report(task, CrewState.REPAIRED, at, place)
            self.look_again(at)

    def _done(self, task: Task, fault_id: str, at: int) -> None:
        fault = self._turn.get(Fault, fault_id)
        self._go(task.to(Step.DONE, None, fault=fault_id), Reason.DUTY)
        if fault is not None:
            place = self._play.normal.device(fault.device).place
            cause = cause_of(self._seed, fault.id)
            self._report(task, CrewState.DONE, at, place, found=fault.device, cause=cause)

    def _whereabouts(self, crew: str) -> Place:
        last = self._turn.get(Whereabouts, crew)
        return self._play.scenario.cast.bases[crew] if last is None else Place(last.lon, last.lat)

    def _go(self, task: Task, reason: Reason, facts: Sequence[str] = ()) -> None:
        self._turn.put(task)
        if task.step is not Step.ENROUTE and (drive := self._turn.get(Drive, task.id)) is not None:
            self._turn.remove(drive)
        self._turn.note(task, task.step, reason, facts)

    def _tell(self, crew: str, state: CrewState, at: int) -> None:
        self._play.say(crewing.status(crew, state, at, self._whereabouts(crew)))

    def _report(self, task: Task, state: CrewState, at: int, place: Place, **more: Any) -> None:
        self._play.say(crewing.status(task.crew, state, at, place, order=task.id, **more))
