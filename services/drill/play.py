"""The power in the world: what opens and closes, who loses and regains it, what meters and callers say of it. Pure."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

import msgspec

from schemas.events import ReportKind, StateSource
from schemas.ids import derived
from schemas.topics import OUTAGE_REPORTS
from services.drill import asking, meters, reporting, windows
from services.drill import callers as calling
from services.drill.draws import between, chance
from services.drill.faults import (
    Appeared,
    Fault,
    MadeSafe,
    Mended,
    OptedOut,
    PowerBack,
    PowerLost,
    dark_customers,
    is_dark,
)
from services.drill.messages import (
    device_state,
    report_by_account,
    report_by_call,
    report_by_meter,
    text_us,
    unreadable,
)
from services.drill.reasons import Reason
from services.drill.switching import BACK_AFTER_MS, TIE_AFTER_MS, Blink, Danger, Stand, Switched
from services.drill.windows import Off, Work
from services.engine.turn import Entity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.drill.callers import Callers
    from services.drill.messages import Said
    from services.drill.plans import BlinkPlan, FaultPlan, HazardPlan, Scenario, TextPlan, WindowPlan
    from services.engine.turn import Turn
    from services.network import Network

STRAY_CALLS_MS = (100_000, 140_000)
"""When the calls arrive that belong to nobody and to a closed account, from the start."""
ACCOUNTS_REPORT = 0.6
"""The share of hotline accounts that report by themselves that their power is gone."""


class Begun(Entity, frozen=True, kw_only=True):
    """The storm has begun: its announcements were made."""

    kind: ClassVar[str] = "begun"
    at: int


class Sent(Entity, frozen=True, kw_only=True):
    """A customer has texted us."""

    kind: ClassVar[str] = "sent"
    at: int


class Play:
    """The world within one turn: each method is something that happens at a time that is not after the turn's now."""

    def __init__(self, turn: Turn, network: Network, scenario: Scenario, seed: int) -> None:
        self.turn = turn
        self.scenario = scenario
        self.seed = seed
        self.normal = network
        self._cast = scenario.cast
        self._held = {customer: account.id for account in self._cast.accounts for customer in account.customers}

    @property
    def network(self) -> Network:
        """The grid as crews have switched it."""
        positions: dict[str, bool] = {}
        for switched in self.turn.all(Switched):
            positions |= switched.positions()
        return self.normal.present(positions) if positions else self.normal

    def say(self, *messages: Said) -> None:
        """Put messages on the schedule; none arrives before the turn is over."""
        for said in messages:
            at = max(said.at, self.turn.now + 1)
            self.turn.record(msgspec.structs.replace(said, at=at))

    def open_faults(self) -> list[Fault]:
        """Return the faults that have struck and are not mended, by id."""
        return self.turn.all(Fault, lambda fault: fault.mended_at is None)

    def opened(self) -> frozenset[str]:
        """Return the devices that are open."""
        works = self.turn.all(Work, lambda work: work.completed_at is None)
        blinks = self.turn.all(Blink, lambda blink: blink.closed_at is None)
        switched = self.turn.all(Switched, lambda each: each.stand in {Stand.CUT_OFF, Stand.CARRIED})
        return frozenset(
            {fault.device for fault in self.open_faults()}
            | {device for work in works for device in work.isolates}
            | {blink.device for blink in blinks}
            | {each.opened for each in switched}
        )

    def dark_at(self, device: str) -> bool:
        """Answers whether somebody at or behind this device is without power."""
        network, opened = self.network, self.opened()
        return is_dark(network, device, opened) or any(network.is_behind(each, device) for each in opened)

    def begin(self, at: int) -> None:
        """Begin: planned work is announced, and two calls come that nobody can count."""
        self.turn.put(Begun(id="storm", at=at))
        self.turn.note(("storm", "storm"), "begun", Reason.SCENARIO)
        self.say(*(windows.announced(plan) for plan in self.scenario.windows))
        nobody, closed = (at + after for after in STRAY_CALLS_MS)
        self.say(report_by_call(reporting.nobody(self.normal), nobody - 10_000, nobody))
        if (inactive := reporting.closed_account(self.normal)) is not None:
            self.say(report_by_call(inactive, closed - 10_000, closed))

    def strike(self, plan: FaultPlan, at: int) -> None:
        """Let a device fail: those behind it who had power lose it, their meters gasp, some will call."""
        fault = Fault(id=plan.id, device=plan.device, struck_at=at)
        with self._power(at) as moved:
            self.turn.put(fault)
        self.turn.note(fault, "struck", Reason.SCENARIO)
        lost = moved.lost
        if not lost:
            return
        self._tell_state(plan.device, at, closed=False)
        gasps = [] if plan.dark else meters.last_gasps(self.seed, self.normal, self._held, lost, at)
        self.say(*gasps)
        if gasps and plan == self.scenario.faults[0]:
            self._garble(gasps, at)
        share = calling.CALL_WHEN_METERS_ARE_SILENT if plan.dark else calling.CALL
        self._await_calls(plan.id, lost, at, share=share, heard=bool(gasps))
        self._accounts_report(lost, at)

    def mend(self, fault: Fault, at: int) -> None:
        """Let a fault be mended: power is back for those who have no other open device above them.

        Those who stay dark although their neighbours have light call anew. What was switched for it is switched back.
        """
        mended = msgspec.structs.replace(fault, mended_at=at)
        with self._power(at):
            self.turn.put(mended)
        self.turn.record(Mended(fault=fault.id, at=at))
        self.turn.note(mended, "mended", Reason.MENDED)
        self._tell_state(fault.device, at, closed=True)
        if not is_dark(self.network, fault.device, self.opened()):
            dark = sorted(
                dark_customers(self.network, self.opened()) & set(self.network.customers_behind(fault.device))
            )
            self._await_calls(f"{fault.id}+", dark, at, share=calling.CALL, heard=False)
        switched = self.turn.get(Switched, fault.id)
        if switched is not None:
            stand = Stand.OVER if switched.stand is Stand.PREPARED else switched.stand
            self.turn.put(switched.to(stand, None if stand is Stand.OVER else at + BACK_AFTER_MS))

    def switch(self, switched: Switched, at: int) -> None:
        """Do the next step of a detour: cut the fault off, close the tie; later close before the tie is opened."""
        mended = switched.id not in {fault.id for fault in self.open_faults()}
        steps = {
            Stand.PREPARED: (Stand.CUT_OFF, switched.opened, False),
            Stand.CUT_OFF: (Stand.OVER, switched.opened, True) if mended else (Stand.CARRIED, switched.closed, True),
            Stand.CARRIED: (Stand.PARALLEL, switched.opened, True),
            Stand.PARALLEL: (Stand.OVER, switched.closed, False),
        }
        stand, device, closed = steps[switched.stand]
        waits = {Stand.CUT_OFF: at + TIE_AFTER_MS, Stand.PARALLEL: at + BACK_AFTER_MS}
        with self._power(at):
            self.turn.put(switched.to(stand, waits.get(stand)))
        self.turn.note(switched, stand, Reason.DETOUR)
        self.say(device_state(device, closed=closed, source=StateSource.CREW, at=at, by=switched.crew))
        self._tell_state(device, at, closed=closed)

    def blink(self, plan: BlinkPlan, at: int) -> None:
        """Let a recloser open for a moment."""
        blink = Blink(id=plan.id, device=plan.device, opened_at=at)
        with self._power(at) as moved:
            self.turn.put(blink)
        self.turn.note(blink, "opened", Reason.SCENARIO)
        if not moved.lost:
            return
        self._tell_state(plan.device, at, closed=False)
        self.say(*meters.blinked(self.seed, self.normal, self._held, moved.lost, at, plan.closes_at))

    def blink_over(self, blink: Blink, at: int) -> None:
        """Let a recloser close again."""
        closed = msgspec.structs.replace(blink, closed_at=at)
        with self._power(at, silent=True):
            self.turn.put(closed)
        self.turn.note(closed, "closed", Reason.SCENARIO)
        self._tell_state(blink.device, at, closed=True)

    def appear(self, plan: HazardPlan, at: int) -> None:
        """Let something dangerous appear, and be reported."""
        danger = Danger(id=plan.id, lon=plan.place.lon, lat=plan.place.lat, appeared_at=at)
        self.turn.put(danger)
        self.turn.record(Appeared(hazard=plan.id, at=at))
        self.turn.note(danger, "appeared", Reason.SCENARIO)
        self.say(*reporting.hazard(self.seed, self.normal, self._cast, plan))

    def make_safe(self, danger: Danger, at: int) -> None:
        """Let a danger be made safe."""
        safe = msgspec.structs.replace(danger, safe_at=at)
        self.turn.put(safe)
        self.turn.record(MadeSafe(hazard=danger.id, at=at))
        self.turn.note(safe, "safe", Reason.MENDED)

    def start_work(self, plan: WindowPlan, at: int) -> None:
        """Open the isolation points of planned work."""
        work = Work(id=plan.id, isolates=plan.isolates, started_at=at)
        with self._power(at, planned=True) as moved:
            self.turn.put(work)
        self.turn.note(work, "started", Reason.SCENARIO)
        self.say(windows.started(plan))
        for device in plan.isolates:
            self._tell_state(device, at, closed=False)
        self.say(*meters.last_gasps(self.seed, self.normal, self._held, moved.lost, at))
        self._await_calls(plan.id, moved.lost, at, share=calling.CALL_WHEN_PLANNED, heard=True)

    def cancel_work(self, plan: WindowPlan, at: int) -> None:
        """Let planned work be called off before it began."""
        off = Off(id=plan.id, at=at)
        self.turn.put(off)
        self.turn.note(off, "cancelled", Reason.SCENARIO)
        self.say(windows.cancelled(plan, at))

    def prolong_work(self, plan: WindowPlan, at: int) -> None:
        """Say, when the announced end has come, that the work lasts longer."""
        work = self._work(plan)
        self.turn.put(msgspec.structs.replace(work, prolonged_at=at))
        self.turn.note(work, "prolonged", Reason.SCENARIO)
        self.say(windows.prolonged(plan))

    def complete_work(self, plan: WindowPlan, at: int) -> None:
        """Close the isolation points of planned work."""
        completed = msgspec.structs.replace(self._work(plan), completed_at=at)
        with self._power(at):
            self.turn.put(completed)
        self.turn.note(completed, "completed", Reason.SCENARIO)
        self.say(windows.completed(plan))
        for device in plan.isolates:
            self._tell_state(device, at, closed=True)

    def _work(self, plan: WindowPlan) -> Work:
        work = self.turn.get(Work, plan.id)
        assert work is not None, "only work that has begun is prolonged or completed"
        return work

    def call(self, waiting: Callers) -> None:
        """Let the first of those who wait call, if it is still dark where they are."""
        (at, customer), rest = waiting.waiting[0], waiting.waiting[1:]
        if rest:
            self.turn.put(msgspec.structs.replace(waiting, waiting=rest))
        else:
            self.turn.remove(waiting)
        if not self._is_without(customer):
            return
        rough = self.scenario.storm.rough
        self.say(reporting.report(self.seed, self.normal, self._cast, customer, at, rough=rough))
        if rough and chance(self.seed, reporting.STRAY, "stray call", customer, at):
            self.say(reporting.stray(self.seed, self.normal, at, f"{customer} {at}"))

    def text(self, plan: TextPlan, at: int) -> None:
        """Let a customer text us."""
        self.turn.put(Sent(id=plan.id, at=at))
        self.say(text_us(plan.phone, plan.words, at))
        if plan.words == "STOP":
            self.turn.record(OptedOut(phone=plan.phone, at=at))

    def hear_question(self, question: str, asked: asking.Asked) -> None:
        """Let a meter that is pinged now answer or not, and a customer who is asked by text make up his mind."""
        now, customer = self.turn.now, asked.customer
        if asked.by is asking.By.METER:
            known = self.normal.customer(customer)
            self.say(asking.pinged(self.seed, question, known, now, dark=self._is_without(customer)))
        elif (reading := asking.reading(self.seed, question, customer, now)) is not None:
            self.turn.put(reading)

    def answer(self, reading: asking.Reading, at: int) -> None:
        """Let a customer who was asked by text answer by what is so now."""
        self.turn.remove(reading)
        said = asking.answer(self._cast, reading.customer, at, dark=self._is_without(reading.customer))
        if said is not None:
            self.say(said)

    def _is_without(self, customer: str) -> bool:
        return is_dark(self.network, self.network.customer_device(customer), self.opened())

    @contextmanager
    def _power(self, at: int, *, planned: bool = False, silent: bool = False) -> Iterator[_Moved]:
        """Let something open or close within; record who lost power by it and who has it again, and let meters say so."""
        moved = _Moved()
        before = dark_customers(self.network, self.opened())
        yield moved
        after = dark_customers(self.network, self.opened())
        moved.lost, moved.back = tuple(sorted(after - before)), tuple(sorted(before - after))
        if moved.lost:
            self.turn.record(PowerLost(customers=moved.lost, at=at, planned=planned))
        if moved.back:
            self.turn.record(PowerBack(customers=moved.back, at=at))
            if not silent:
                self.say(*meters.returns(self.seed, self.normal, self._held, moved.back, at))

    def _tell_state(self, device: str, at: int, *, closed: bool) -> None:
        """Let telemetry say how a device stands, where it has any."""
        if self.normal.switch(device).telemetered:
            self.say(device_state(device, closed=closed, source=StateSource.SCADA, at=at))

    def _await_calls(self, loss: str, customers: Sequence[str], at: int, *, share: float, heard: bool) -> None:
        waiting = calling.callers(self.seed, loss, customers, at, share=share, heard=heard)
        if waiting is not None:
            self.turn.put(waiting)

    def _accounts_report(self, lost: Sequence[str], at: int) -> None:
        for customer in lost:
            account = self._held.get(customer)
            if account is not None and chance(self.seed, ACCOUNTS_REPORT, "account reports", customer, at):
                seen = at + between(self.seed, 5_000, 40_000, "account sees", customer, at)
                self.say(report_by_account(account, customer, seen, seen + 1_000))

    def _garble(self, gasps: Sequence[Said], at: int) -> None:
        """Report one loss twice under two ids, and cut one report off before a good one of the same customer."""
        gasps = [gasp for gasp in gasps if gasp.topic == OUTAGE_REPORTS.name]
        if not gasps:
            return
        first, last = gasps[0], gasps[-1]
        customer = self.normal.customer(first.key)
        self.say(report_by_meter(ReportKind.LAST_GASP, customer, at, first.at + 5_000, again=1))
        self.say(unreadable(derived("cut off", last.id), last.key, last.at - 1))


class _Moved:
    """Who lost power by what was done, and who has it again; sorted."""

    def __init__(self) -> None:
        self.lost: tuple[str, ...] = ()
        self.back: tuple[str, ...] = ()
