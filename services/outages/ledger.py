"""Who is out, since when, and under whom: the only way an interruption begins, moves, ends or is voided within a turn."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.events import LargeCustomerOut, LargeCustomerRestored
from schemas.ids import derived
from schemas.topics import HOTLINE_PRIORITY
from services.clock import from_ms
from services.outages.entities import Basis, Held, Incident, LedgerRow, Out, Pending, Supplied, Window
from services.outages.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.engine.turn import Turn
    from services.network import Network

Holder = Incident | Window


@dataclass(slots=True)
class Delta:
    """What changed for one incident in this turn: customers who joined, those of them newly out, and those with power again."""

    out: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)
    back: set[str] = field(default_factory=set)


class Ledger:
    """The interruptions of one area within one turn. `accounts` maps customers to their hotline accounts."""

    def __init__(self, turn: Turn, network: Network, accounts: Mapping[str, str]) -> None:
        self._turn = turn
        self._network = network
        self._accounts = accounts
        self.deltas: dict[str, Delta] = {}
        self.moved: Counter[str] = Counter()
        """By how much the number of customers out under each holder changed."""

    def out(self, customer: str) -> Out | None:
        """Return the customer's outage, if he is out."""
        return self._turn.get(Out, customer)

    def held_by(self, holder: Holder) -> list[Out]:
        """Return who is out under this incident or window, by customer. O(customers behind its device)."""
        found = (self._turn.get(Out, customer) for customer in self._network.customers_behind(holder.device))
        return [out for out in found if out is not None and out.holder == holder.id]

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
            device=self._network.customer_device(customer),
            holder=holder.id,
            planned=isinstance(holder, Window),
            since=since,
            basis=basis,
            interruption=derived("interruption", customer, holder.id, since),
            outage=self._call_out(customer, holder, since, reason),
            gasp_at=gasp_at,
            call_at=call_at,
            reports=() if pending is None else pending.reports,
        )
        turn.put(out)
        self._write(out, holder, reason)
        turn.record(Held(interruption=out.interruption, holder_kind=holder.kind, holder=holder.id, reason=reason))
        self.moved[holder.id] += 1
        delta = self._delta(holder.id)
        delta.out.add(customer)
        delta.fresh.add(customer)
        return out

    def end(self, out: Out, at: int, reason: Reason) -> None:
        """Give the customer power again at `at`, on evidence. An interruption of no length is voided."""
        self._leave(out)
        empty = at <= out.since
        self._write(out, None, Reason.NO_TIME_OUT if empty else reason, end=at, voided=empty)
        standing = self._turn.get(Supplied, out.id)
        ended = None if standing is None else standing.ended
        self._turn.put(
            Supplied(
                id=out.id,
                since=max(at, 0 if standing is None else standing.since),
                ended=ended if empty else at,
            )
        )
        delta = self._delta(out.holder)
        if out.id in delta.fresh:
            delta.fresh.discard(out.id)
            delta.out.discard(out.id)
        else:
            delta.back.add(out.id)

    def void(self, out: Out, reason: Reason) -> None:
        """Take back an interruption that never was."""
        self._leave(out)
        self._write(out, None, reason, voided=True)
        delta = self._delta(out.holder)
        delta.out.discard(out.id)
        delta.fresh.discard(out.id)

    def doubt(self, out: Out, heard_at: int) -> None:
        """Take back an interruption of a customer who did report: what took his power is to be explained anew."""
        self.void(out, Reason.NOT_BEHIND_FOUND)
        self._turn.put(
            Pending(
                id=out.id,
                device=out.device,
                heard_at=heard_at,
                gasp_at=out.gasp_at,
                call_at=out.call_at,
                reports=out.reports,
            )
        )

    def hand_over(self, out: Out, holder: Holder, reason: Reason, *, since: int | None = None) -> Out:
        """Let the same interruption go on under another holder; `since` mends its start, as far as that can be."""
        self.moved[out.holder] -= 1
        self._delta(out.holder).out.discard(out.id)
        was_fresh = out.id in self._delta(out.holder).fresh
        self._delta(out.holder).fresh.discard(out.id)
        start = out.since if since is None else self._not_before_supply(out.id, since)
        out = replace(out, holder=holder.id, planned=isinstance(holder, Window), since=start)
        self._turn.put(out)
        self._write(out, holder, reason)
        self._turn.record(Held(interruption=out.interruption, holder_kind=holder.kind, holder=holder.id, reason=reason))
        self.moved[holder.id] += 1
        delta = self._delta(holder.id)
        delta.out.add(out.id)
        if was_fresh:
            delta.fresh.add(out.id)
        return out

    def end_planned(self, out: Out, at: int, incident: Incident, reason: Reason) -> None:
        """End the planned part of an outage at `at` and let an unplanned one go on from there; the customer stays out."""
        self.moved[out.holder] -= 1
        if at > out.since:
            self._write(out, None, Reason.WORK_COMPLETED, end=at)
            self._turn.put(Supplied(id=out.id, since=out.since, ended=at))
            out = replace(out, since=at, interruption=derived("interruption", out.id, incident.id, at))
        out = replace(out, holder=incident.id, planned=False, basis=Basis.PRESUMED)
        self._turn.put(out)
        self._write(out, incident, reason)
        self._turn.record(
            Held(interruption=out.interruption, holder_kind=incident.kind, holder=incident.id, reason=reason)
        )
        self.moved[incident.id] += 1
        delta = self._delta(incident.id)
        delta.out.add(out.id)
        delta.fresh.add(out.id)

    def heard(self, out: Out, holder: Holder, *, report: str, gasp_at: int | None, call_at: int | None) -> Out:
        """Add a report to the outage of a customer who is out; a last gasp sets its start right."""
        changed = replace(
            out,
            gasp_at=out.gasp_at if gasp_at is None else gasp_at,
            call_at=out.call_at if call_at is None else call_at,
            reports=(*out.reports, report),
        )
        if gasp_at is not None and not out.planned and (gasp_at < out.since or out.basis is Basis.PRESUMED):
            changed = replace(changed, since=self._not_before_supply(out.id, gasp_at), basis=Basis.METER)
            self._write(changed, holder, Reason.OWN_METER)
        elif out.basis is Basis.PRESUMED:
            changed = replace(changed, basis=Basis.CALL if gasp_at is None else Basis.METER)
            self._write(changed, holder, Reason.OWN_CALL if gasp_at is None else Reason.OWN_METER)
        self._turn.put(changed)
        return changed

    def start_earlier(self, out: Out, holder: Holder, since: int) -> None:
        """Let an outage begin earlier: a meter showed when what holds it began."""
        start = self._not_before_supply(out.id, since)
        if start < out.since:
            changed = replace(out, since=start)
            self._turn.put(changed)
            self._write(changed, holder, Reason.EARLIER_LOSS)

    def count(self, incident: Incident) -> int:
        """Return how many are out under an incident, as this turn has left it so far."""
        return incident.out + self.moved[incident.id]

    def _not_before_supply(self, customer: str, since: int) -> int:
        supplied = self._turn.get(Supplied, customer)
        return since if supplied is None or supplied.ended is None else max(since, supplied.ended)

    def _delta(self, holder: str) -> Delta:
        return self.deltas.setdefault(holder, Delta())

    def _leave(self, out: Out) -> None:
        self.moved[out.holder] -= 1
        self._turn.remove(out)
        if out.outage is not None:
            account = self._accounts[out.id]
            event = LargeCustomerRestored(
                id=derived("largeCustomerRestored", out.outage),
                at=from_ms(self._turn.now),
                exercise=self._turn.exercise,
                account=account,
                customer=out.id,
                outage=out.outage,
            )
            self._turn.emit(HOTLINE_PRIORITY, account, event)

    def _call_out(self, customer: str, holder: Holder, since: int, reason: Reason) -> str | None:
        account = self._accounts.get(customer)
        if account is None:
            return None
        incident = isinstance(holder, Incident)
        revision = holder.revision if isinstance(holder, Incident) else 0
        outage = derived("outage", account, customer, since, holder.id, revision, self._turn.now)
        event = LargeCustomerOut(
            id=derived("largeCustomerOut", outage),
            at=from_ms(self._turn.now),
            exercise=self._turn.exercise,
            account=account,
            customer=customer,
            outage=outage,
            reason=reason,
            incident=holder.id if incident else None,
            window=None if incident else holder.id,
            estimate=from_ms(holder.estimate) if isinstance(holder, Incident) else None,
        )
        self._turn.emit(HOTLINE_PRIORITY, account, event)
        return outage

    def _write(
        self, out: Out, holder: Holder | None, reason: Reason, *, end: int | None = None, voided: bool = False
    ) -> None:
        kind = holder.kind if holder is not None else (Window.kind if out.planned else Incident.kind)
        self._turn.record(
            LedgerRow(
                id=out.interruption,
                customer=out.id,
                start=out.since,
                end=end,
                planned=out.planned,
                basis=out.basis,
                holder_kind=kind,
                holder=out.holder,
                reason=reason,
                voided=voided,
            )
        )
