"""The power in the world: what opens and closes, who loses and regains it, what meters and callers say of it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from schemas.events import ReportKind
from schemas.ids import derived
from services.drill import callers as calling
from services.drill import meters, windows
from services.drill.faults import Fault, Mended, PowerBack, PowerLost, dark_behind, is_dark, moved_by
from services.drill.messages import report_by_call, report_by_meter, unreadable
from services.drill.reasons import Reason
from services.drill.windows import Work
from services.engine.turn import Entity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.drill.callers import Callers
    from services.drill.messages import Said
    from services.drill.storms import FaultPlan, Scenario, WindowPlan
    from services.engine.turn import Turn
    from services.network import Network

STRAY_CALLS_MS = (100_000, 140_000)
"""When the calls arrive that belong to nobody and to a closed account, from the start."""


class Begun(Entity, frozen=True, kw_only=True):
    """The storm has begun: its announcements were made."""

    kind: ClassVar[str] = "begun"
    at: int


class Play:
    """The world within one turn: each method is something that happens at a time that is not after the turn's now."""

    def __init__(self, turn: Turn, network: Network, scenario: Scenario, seed: int) -> None:
        self.turn = turn
        self.network = network
        self.scenario = scenario
        self.seed = seed

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
        return frozenset({fault.device for fault in self.open_faults()} | {work.device for work in works})

    def begin(self, at: int) -> None:
        """Begin: planned work is announced, and two calls come that nobody can count."""
        self.turn.put(Begun(id="storm", at=at))
        self.turn.note(("storm", "storm"), "begun", Reason.SCENARIO)
        self.say(*(windows.announced(plan) for plan in self.scenario.windows))
        nobody, closed = (at + after for after in STRAY_CALLS_MS)
        self.say(report_by_call(self._nobody(), nobody - 10_000, nobody))
        inactive = [customer.id for customer in self.network.customers if not customer.active]
        if inactive:
            self.say(report_by_call(inactive[0], closed - 10_000, closed))

    def strike(self, plan: FaultPlan, at: int) -> None:
        """Let a device fail: those behind it who had power lose it, their meters gasp, some will call."""
        lost = moved_by(self.network, plan.device, self.opened())
        fault = Fault(id=plan.id, device=plan.device, struck_at=at)
        self.turn.put(fault)
        self.turn.note(fault, "struck", Reason.SCENARIO)
        if not lost:
            return
        self.turn.record(PowerLost(customers=lost, at=at, planned=False))
        gasps = [] if plan.dark else meters.last_gasps(self.seed, self.network, lost, at)
        self.say(*gasps)
        if gasps and plan == self.scenario.faults[0]:
            self._garble(gasps, at)
        share = calling.CALL_WHEN_METERS_ARE_SILENT if plan.dark else calling.CALL
        self._await_calls(plan.id, lost, at, share=share, heard=bool(gasps))

    def mend(self, fault: Fault, at: int) -> None:
        """Let a fault be mended: power is back for those who have no other open device above them.

        Those who stay dark although their neighbours have light call anew.
        """
        others = self.opened() - {fault.device}
        mended = msgspec.structs.replace(fault, mended_at=at)
        self.turn.put(mended)
        self.turn.record(Mended(fault=fault.id, at=at))
        self.turn.note(mended, "mended", Reason.MENDED)
        self._power_back(moved_by(self.network, fault.device, others), at)
        if not is_dark(self.network, fault.device, others):
            dark = dark_behind(self.network, fault.device, others)
            self._await_calls(f"{fault.id}+", dark, at, share=calling.CALL, heard=False)

    def start_work(self, plan: WindowPlan, at: int) -> None:
        """Open the isolation point of planned work."""
        lost = moved_by(self.network, plan.device, self.opened())
        work = Work(id=plan.id, device=plan.device, started_at=at)
        self.turn.put(work)
        self.turn.note(work, "started", Reason.SCENARIO)
        self.say(windows.started(plan))
        self.turn.record(PowerLost(customers=lost, at=at, planned=True))
        self.say(*meters.last_gasps(self.seed, self.network, lost, at))
        self._await_calls(plan.id, lost, at, share=calling.CALL_WHEN_PLANNED, heard=True)

    def complete_work(self, plan: WindowPlan, work: Work, at: int) -> None:
        """Close the isolation point of planned work."""
        others = self.opened() - {work.device}
        completed = msgspec.structs.replace(work, completed_at=at)
        self.turn.put(completed)
        self.turn.note(completed, "completed", Reason.SCENARIO)
        self.say(windows.completed(plan))
        self._power_back(moved_by(self.network, work.device, others), at)

    def call(self, waiting: Callers) -> None:
        """Let the first of those who wait call, if it is still dark where they are."""
        (at, customer), rest = waiting.waiting[0], waiting.waiting[1:]
        if rest:
            self.turn.put(msgspec.structs.replace(waiting, waiting=rest))
        else:
            self.turn.remove(waiting)
        if is_dark(self.network, self.network.customer_device(customer), self.opened()):
            self.say(report_by_call(customer, at, at + calling.UNDER_WAY_MS))

    def _power_back(self, customers: Sequence[str], at: int) -> None:
        if customers:
            self.turn.record(PowerBack(customers=tuple(customers), at=at))
            self.say(*meters.returns(self.seed, self.network, customers, at))

    def _await_calls(self, loss: str, customers: Sequence[str], at: int, *, share: float, heard: bool) -> None:
        waiting = calling.callers(self.seed, loss, customers, at, share=share, heard=heard)
        if waiting is not None:
            self.turn.put(waiting)

    def _garble(self, gasps: Sequence[Said], at: int) -> None:
        """Report one loss twice under two ids, and cut one report off before a good one of the same customer."""
        first, last = gasps[0], gasps[-1]
        customer = self.network.customer(first.key)
        self.say(report_by_meter(ReportKind.LAST_GASP, customer, at, first.at + 5_000, again=1))
        self.say(unreadable(derived("cut off", last.id), last.key, last.at - 1))

    def _nobody(self) -> str:
        """Return a customer number that the utility does not have."""
        known = {customer.id for customer in self.network.customers}
        number = 0
        while (name := f"NOBODY-{number}") in known:
            number += 1
        return name
