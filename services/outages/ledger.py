"""Who is out, since when, and under whom: the only way an interruption begins, moves, ends or is voided within a turn."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.ids import derived
from services.outages.entities import Basis, Incident, Out, Pending, Supplied, Window
from services.outages.reasons import Reason
from services.outages.records import Held, LedgerRow
from services.outages.stretches import (
    LASTING_MS,
    Ended,
    Momentary,
    Stretch,
    held_from,
    moved,
    parts_of,
    renamed,
    resumed,
)

if TYPE_CHECKING:
    from services.engine.turn import Turn
    from services.network import Network
    from services.outages.grid import Grid

Holder = Incident | Window | Momentary


@dataclass(slots=True)
class Delta:
    """What changed for one incident in this turn: customers who joined, those of them newly out, and those with power again."""

    out: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)
    back: set[str] = field(default_factory=set)


class Ledger:
    """The interruptions of one area within one turn. `network` is the grid as it is switched now."""

    def __init__(self, turn: Turn, grid: Grid, network: Network) -> None:
        self._turn = turn
        self._grid = grid
        self.network = network
        self.deltas: dict[str, Delta] = {}
        self.moved: Counter[str] = Counter()
        """By how much the number of customers out under each holder changed."""
        self.moved_life_support: Counter[str] = Counter()
        self.moved_important: Counter[str] = Counter()
        self.over: list[Out] = []
        """Outages that the hotline was told of and that are over, as they stood."""
        self.ended: dict[str, set[str]] = {}
        """Who has power again since this turn, by what held the outage."""
        self._held: dict[str, set[str]] | None = None

    def out(self, customer: str) -> Out | None:
        """Return the customer's outage, if he is out."""
        return self._turn.get(Out, customer)

    def device(self, customer: str) -> str:
        """Return the lowest device that feeds a customer now."""
        return self.network.customer_device(customer)

    def outs(self) -> list[Out]:
        """Return everybody who is out, by customer."""
        return self._of({customer for held in self._index().values() for customer in held})

    def held_by(self, holder: Incident | Window) -> list[Out]:
        """Return who is out under this incident or window, by customer."""
        return self._of(self._index().get(holder.id, set()))

    def _of(self, customers: set[str]) -> list[Out]:
        found = (self._turn.get(Out, customer) for customer in sorted(customers))
        return [out for out in found if out is not None]

    def _index(self) -> dict[str, set[str]]:
        """Return the customers out by what holds them; made once in a turn, and only in one that asks for it."""
        if self._held is None:
            self._held = {}
            for out in self._turn.all(Out):
                self._held.setdefault(out.holder, set()).add(out.id)
        return self._held

    def begin(self, customer: str, holder: Holder, since: int, basis: Basis, reason: Reason) -> Out | None:
        """Put the customer out under this holder, with what his own reports say; None when that cannot be.

        It cannot be when he is out already, or when his last interruption ended after `since`: nothing new took his power.
        """
        turn = self._turn
        if turn.get(Out, customer) is not None:
            return None
        pending = turn.get(Pending, customer)
        gasp_at = None if pending is None else pending.gasp_at
        call_at = None if pending is None else pending.call_at
        supplied = turn.get(Supplied, customer)
        if gasp_at is not None and basis is not Basis.SWITCHING:
            since, basis, reason = gasp_at, Basis.METER, Reason.OWN_METER
        elif call_at is not None and basis is not Basis.SWITCHING:
            basis, reason = Basis.CALL, Reason.OWN_CALL
        if supplied is not None and supplied.ended is not None and supplied.ended > since:
            if pending is None:
                return None
            since = supplied.ended
        if pending is not None:
            turn.remove(pending)
        out = Out(
            id=customer,
            holder=holder.id,
            planned=isinstance(holder, Window),
            since=since,
            start=since,
            basis=basis,
            own=derived("interruption", customer, holder.id, since),
            interruption="",
            stretches=(Stretch(since, holder.kind, holder.id),),
            gasp_at=gasp_at,
            call_at=call_at,
            reports=() if pending is None else pending.reports,
        )
        out = self._write(out, reason)
        self._hold(out, holder, reason)
        self._count(customer, holder.id, 1)
        delta = self._delta(holder.id)
        delta.out.add(customer)
        delta.fresh.add(customer)
        return out

    def end(self, out: Out, at: int, reason: Reason) -> None:
        """Give the customer power again at `at`, on evidence. A loss of no length is taken back."""
        empty = at <= out.since
        delta = self._delta(out.holder)
        fresh = out.id in delta.fresh
        if empty:
            self._take_back(out, Reason.NO_TIME_OUT)
        else:
            self._leave(out)
            self._close(out, at, reason)
            self.ended.setdefault(out.holder, set()).add(out.id)
        standing = self._turn.get(Supplied, out.id)
        since = max(at, 0 if standing is None else standing.since)
        self._turn.put(Supplied(id=out.id, since=since) if standing is None else replace(standing, since=since))
        delta.fresh.discard(out.id)
        delta.out.discard(out.id)
        if not fresh:
            delta.back.add(out.id)

    def brief(self, customer: str, held: Momentary, since: int, until: int) -> None:
        """Enter a loss that was over before anything was taken to have failed, as switching shows it."""
        out = self.begin(customer, held, since, Basis.SWITCHING, Reason.MOMENTARY)
        if out is not None:
            self.end(out, until, Reason.MOMENTARY)

    def brief_after_all(self, customer: str, incident: str, held: Momentary) -> None:
        """Let what an incident held in this turn only have been momentary; the incident never was."""
        supplied = self._turn.get(Supplied, customer)
        if supplied is None or supplied.last is None:
            return
        stretches = renamed(supplied.last.stretches, incident, held.kind, held.id)
        last = replace(supplied.last, reason=Reason.MOMENTARY, stretches=stretches)
        self._turn.put(replace(supplied, last=last))
        out = self.out(customer)
        if out is not None and out.interruption == last.interruption:
            self._write(out, Reason.MOMENTARY)
        else:
            self._write_ended(customer, last)
            self._hold_as(last.interruption, stretches[-1], Reason.MOMENTARY)

    def void(self, out: Out, reason: Reason) -> None:
        """Take back a loss that never was."""
        self._take_back(out, reason)
        delta = self._delta(out.holder)
        delta.out.discard(out.id)
        delta.fresh.discard(out.id)

    def doubt(self, out: Out, heard_at: int, reason: Reason = Reason.NOT_BEHIND_FOUND) -> None:
        """Take back the loss of a customer who did report: what took his power is to be explained anew."""
        self.void(out, reason)
        self._turn.put(
            Pending(
                id=out.id,
                device=self.device(out.id),
                heard_at=heard_at,
                gasp_at=out.gasp_at,
                call_at=out.call_at,
                reports=out.reports,
            )
        )

    def hand_over(
        self, out: Out, holder: Incident | Window, reason: Reason, *, since: int | None = None, at: int | None = None
    ) -> Out:
        """Let the same interruption go on under another holder.

        `at` is when that one took over; None: it was the cause all along. `since` mends the start, as far as that can be.
        """
        was = self._delta(out.holder)
        was.out.discard(out.id)
        fresh = out.id in was.fresh
        was.fresh.discard(out.id)
        self._count(out.id, out.holder, -1)
        if at is None:
            stretches = renamed(out.stretches, out.holder, holder.kind, holder.id)
        else:
            stretches = held_from(out.stretches, at, holder.kind, holder.id)
        out = replace(out, holder=holder.id, planned=isinstance(holder, Window), stretches=stretches)
        out = self._write(self._since(out, since), reason)
        self._hold(out, holder, reason)
        self._count(out.id, holder.id, 1)
        delta = self._delta(holder.id)
        delta.out.add(out.id)
        if fresh:
            delta.fresh.add(out.id)
        return out

    def end_planned(self, out: Out, at: int, incident: Incident, reason: Reason) -> None:
        """End the planned part of an outage at `at` and let an unplanned one go on from there; the customer stays out."""
        self._count(out.id, out.holder, -1)
        if at > out.since:
            self._close(out, at, Reason.WORK_COMPLETED, since=out.since)
            own = derived("interruption", out.id, incident.id, at)
            out = replace(out, since=at, start=at, own=own, interruption="")
        out = replace(
            out,
            holder=incident.id,
            planned=False,
            basis=Basis.PRESUMED,
            stretches=(Stretch(out.since, incident.kind, incident.id),),
        )
        out = self._write(out, reason)
        self._hold(out, incident, reason)
        self._count(out.id, incident.id, 1)
        delta = self._delta(incident.id)
        delta.out.add(out.id)
        delta.fresh.add(out.id)

    def heard(self, out: Out, *, report: str, gasp_at: int | None, call_at: int | None) -> Out:
        """Add a report to the outage of a customer who is out; a last gasp sets its start right."""
        changed = replace(
            out,
            gasp_at=out.gasp_at if gasp_at is None else gasp_at,
            call_at=out.call_at if call_at is None else call_at,
            reports=(*out.reports, report),
        )
        movable = not out.planned and out.basis is not Basis.SWITCHING
        if gasp_at is not None and movable and (gasp_at < out.since or out.basis is Basis.PRESUMED):
            return self._write(replace(self._since(changed, gasp_at), basis=Basis.METER), Reason.OWN_METER)
        if out.basis is Basis.PRESUMED:
            basis, reason = (Basis.CALL, Reason.OWN_CALL) if gasp_at is None else (Basis.METER, Reason.OWN_METER)
            return self._write(replace(changed, basis=basis), reason)
        self._turn.put(changed)
        return changed

    def start_earlier(self, out: Out, since: int) -> None:
        """Let an outage begin earlier: a meter showed when what holds it began."""
        changed = self._since(out, since)
        if changed.since < out.since:
            self._write(changed, Reason.EARLIER_LOSS)

    def count(self, incident: Incident) -> int:
        """Return how many are out under an incident, as this turn has left it so far."""
        return incident.out + self.moved[incident.id]

    # ------------------------------------------------------------------------------------------------------- writing
    def _since(self, out: Out, since: int | None) -> Out:
        """Return the outage with another start, but none before the last interruption ended."""
        if since is None:
            return out
        supplied = self._turn.get(Supplied, out.id)
        if supplied is not None and supplied.ended is not None:
            since = max(since, supplied.ended)
        return replace(out, since=since, stretches=moved(out.stretches, since))

    def _before(self, out: Out) -> Ended | None:
        """Return the interruption that this loss is a part of, since power was back for too short a time to end it."""
        supplied = self._turn.get(Supplied, out.id)
        last = None if supplied is None else supplied.last
        if last is None or last.planned is not out.planned or out.since - last.end >= LASTING_MS:
            return None
        return last

    def _write(self, out: Out, reason: Reason) -> Out:
        """Enter an outage as it stands now: as an interruption of its own, or as a part of the one just before it."""
        before = self._before(out)
        name, start = (out.own, out.since) if before is None else (before.interruption, before.start)
        if out.interruption not in {"", name}:
            self._retract(out, reason)
            self._hold_as(name, out.stretches[-1], reason)
        out = replace(out, interruption=name, start=start)
        self._turn.put(out)
        basis = out.basis if before is None else before.basis
        stretches = out.stretches if before is None else resumed(before, out.since, out.stretches)
        self._row(out.id, name, start, None, out.planned, basis, stretches, reason)
        return out

    def _retract(self, out: Out, reason: Reason) -> None:
        """Take back what was entered of an outage: the row of its own, or that it goes on with the one before."""
        supplied = self._turn.get(Supplied, out.id)
        last = None if supplied is None else supplied.last
        if out.interruption != out.own and last is not None:
            self._write_ended(out.id, last)
            self._hold_as(last.interruption, last.stretches[-1], reason)
        else:
            stretches, basis = out.stretches, out.basis
            self._row(out.id, out.own, out.since, out.since, out.planned, basis, stretches, reason, voided=True)

    def _take_back(self, out: Out, reason: Reason) -> None:
        self._leave(out)
        self._retract(out, reason)

    def _close(self, out: Out, at: int, reason: Reason, *, since: int | None = None) -> None:
        """Enter the end of an outage and keep it in mind. `since` is when the customer had power at the latest."""
        before = self._before(out)
        last = Ended(
            interruption=out.interruption,
            start=out.start,
            end=at,
            planned=out.planned,
            basis=out.basis if before is None else before.basis,
            reason=reason,
            stretches=out.stretches if before is None else resumed(before, out.since, out.stretches),
        )
        supplied = self._turn.get(Supplied, out.id) or Supplied(id=out.id, since=0)
        self._turn.put(replace(supplied, since=supplied.since if since is None else since, last=last))
        self._write_ended(out.id, last)

    def _write_ended(self, customer: str, last: Ended) -> None:
        self._row(
            customer, last.interruption, last.start, last.end, last.planned, last.basis, last.stretches, last.reason
        )

    def _row(
        self,
        customer: str,
        name: str,
        start: int,
        end: int | None,
        planned: bool,
        basis: str,
        stretches: tuple[Stretch, ...],
        reason: str,
        *,
        voided: bool = False,
    ) -> None:
        seat = self._grid.seat(customer)
        self._turn.record(
            LedgerRow(
                id=name,
                customer=customer,
                start=start,
                end=end,
                planned=planned,
                basis=basis,
                holder_kind=stretches[-1].holder_kind,
                holder=stretches[-1].holder,
                reason=reason,
                feeder=seat.feeder,
                region=seat.region,
                tier=seat.tier,
                kva=seat.kva,
                life_support=seat.life_support,
                voided=voided,
                parts=() if voided else parts_of(stretches, start, end),
            )
        )

    def _hold(self, out: Out, holder: Holder, reason: Reason) -> None:
        self._hold_as(out.interruption, Stretch(out.since, holder.kind, holder.id), reason)

    def _hold_as(self, interruption: str, stretch: Stretch, reason: Reason) -> None:
        self._turn.record(
            Held(interruption=interruption, holder_kind=stretch.holder_kind, holder=stretch.holder, reason=reason)
        )

    def _delta(self, holder: str) -> Delta:
        return self.deltas.setdefault(holder, Delta())

    def _leave(self, out: Out) -> None:
        self._count(out.id, out.holder, -1)
        self._turn.remove(out)
        if out.outage is not None:
            self.over.append(out)

    def _count(self, customer: str, holder: str, by: int) -> None:
        self.moved[holder] += by
        if customer in self._grid.life_support:
            self.moved_life_support[holder] += by
        if customer in self._grid.important:
            self.moved_important[holder] += by
        if self._held is not None:
            held = self._held.setdefault(holder, set())
            (held.add if by > 0 else held.discard)(customer)
