"""When a contact is called, and when no more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from schemas.ids import derived
from services.clock import from_ms, to_ms
from services.hotline.accounts import Account, Rung, next_rung
from services.hotline.entities import CallBody, Escalation, EscalationState, Ladder, call_key
from services.hotline.reasons import Reason
from services.hotline.wording import spoken

if TYPE_CHECKING:
    from schemas.events import CallAnswered, ContactsRanked, LargeCustomerOut, LargeCustomerRestored, OutageAcknowledged
    from services.engine.turn import Fact, Turn

AFTER_REFUSAL_MS = 30_000
"""From an answer without acknowledgement to the next call at the latest, milliseconds."""

NOBODY_MS = 5 * 60_000
"""From finding nobody to call to looking again, milliseconds."""

ALONE_MS = 30 * 60_000
"""How long a report that was acknowledged and that nothing bore out stands for what comes later, milliseconds."""


def open_of(turn: Turn, customer: str) -> list[Escalation]:
    """Return the escalations of a premise that are not over, by their ids."""
    return turn.all(Escalation, lambda each: each.customer == customer and each.state != "over")


def forget(turn: Turn, fact_id: str, customer: str, at: int) -> None:
    """End what the premise reported, acknowledged and nothing bore out, when it says nothing of what is so much later."""
    for old in open_of(turn, customer):
        if old.alone and old.state == "acknowledged" and at > old.out_since + ALONE_MS:
            ended = msgspec.structs.replace(old, ended_at=old.out_since)
            stop(turn, ended, "over", Reason.NEVER_BORNE_OUT, [fact_id])


def begin(turn: Turn, fact_id: str, escalation: Escalation, reason: Reason) -> None:
    """Start an escalation; its first call is placed by `call_due`."""
    turn.put(escalation)
    turn.note(escalation, escalation.state, reason, [fact_id])


def find_out(turn: Turn, fact_id: str, out: LargeCustomerOut, back_at: int | None) -> None:
    """Take what was inferred of an outage: it joins what the premise reported, or is new, or tells more of what is known.

    `back_at` is when power was last reported back at the premise: an outage that began before is over.
    """
    since = _since(out)
    forget(turn, fact_id, out.customer, since)
    standing = _meant(turn, out)
    if standing is not None:
        _learn(turn, fact_id, standing, out)
        return
    over = back_at is not None and since <= back_at
    escalation = Escalation(
        id=out.outage,
        account=out.account,
        customer=out.customer,
        out_since=since,
        outage=out.outage,
        incident=out.incident,
        window=out.window,
        estimate=None if out.estimate is None else to_ms(out.estimate),
        state="over" if over else "calling",
        next_call_at=None if over else turn.now,
        ended_at=back_at if over else None,
    )
    begin(turn, fact_id, escalation, Reason.OLDER_THAN_RETURN if over else Reason.CUSTOMER_OUT)


def _meant(turn: Turn, out: LargeCustomerOut) -> Escalation | None:
    """Return the escalation that this outage belongs to: its own, else what its premise reported without more being known.

    A report that ended after the outage began goes before one that lasts: that one is of another loss of power.
    """
    own = turn.all(Escalation, lambda each: out.outage in {each.id, each.outage})
    alone = turn.all(Escalation, lambda each: each.alone and each.customer == out.customer)
    ended = [each for each in alone if each.ended_at is not None and each.ended_at >= _since(out)]
    lasting = [each for each in alone if each.ended_at is None]
    own.sort(key=lambda each: each.state == "over")
    ended.sort(key=lambda each: each.ended_at or 0)
    return next(iter([*own, *ended, *lasting]), None)


def _since(out: LargeCustomerOut) -> int:
    """Return when power was lost, milliseconds: never after it was found out."""
    return to_ms(out.at if out.since is None else min(out.since, out.at))


def _learn(turn: Turn, fact_id: str, standing: Escalation, out: LargeCustomerOut) -> None:
    """Take over what explains an outage and when it may end. Announced work that is none any more is called about anew."""
    joins = standing.alone
    learnt = msgspec.structs.replace(
        standing,
        outage=out.outage if joins else standing.outage,
        out_since=min(_since(out), standing.out_since) if joins else standing.out_since,
        incident=out.incident,
        window=out.window,
        estimate=None if out.estimate is None else to_ms(out.estimate),
    )
    reason = Reason.JOINED if joins else Reason.ALREADY_ESCALATED
    if standing.state != "over" and standing.window is not None and out.window is None:
        soon = turn.now if standing.next_call_at is None else standing.next_call_at
        learnt = msgspec.structs.replace(learnt, state="calling", called=(), next_call_at=soon, acknowledged_by=None)
        reason = Reason.NO_LONGER_PLANNED
    turn.put(learnt)
    turn.note(learnt, learnt.state, reason, [fact_id])


def hear_answer(turn: Turn, fact_id: str, answer: CallAnswered) -> None:
    """Stop calling when a contact acknowledged any call about the outage; call again soon when the last one was not."""
    escalation = _named(turn, answer.outage)
    if escalation is None:
        turn.note((Escalation.kind, answer.outage), "unknown", Reason.UNKNOWN_OUTAGE, [fact_id])
    elif escalation.state in {"acknowledged", "over"}:
        turn.note(escalation, escalation.state, Reason.ALREADY_OVER, [fact_id])
    elif answer.call not in {_call(escalation, attempt + 1) for attempt in range(escalation.calls)}:
        turn.note(escalation, escalation.state, Reason.UNKNOWN_CALL, [fact_id])
    elif answer.acknowledged:
        acknowledged = msgspec.structs.replace(escalation, acknowledged_by=answer.contact)
        stop(turn, acknowledged, "acknowledged", Reason.ACKNOWLEDGED, [fact_id])
    elif answer.call != _call(escalation, escalation.calls):
        turn.note(escalation, escalation.state, Reason.EARLIER_CALL, [fact_id])
    else:
        if escalation.next_call_at is not None:
            soon = min(turn.now + AFTER_REFUSAL_MS, escalation.next_call_at)
            turn.put(msgspec.structs.replace(escalation, next_call_at=soon))
        turn.note(escalation, escalation.state, Reason.NOT_ACKNOWLEDGED, [fact_id])


def acknowledge(turn: Turn, fact_id: str, said: OutageAcknowledged) -> None:
    """Stop calling: a contact acknowledged without a call."""
    escalation = _named(turn, said.outage)
    if escalation is None:
        turn.note((Escalation.kind, said.outage), "unknown", Reason.UNKNOWN_OUTAGE, [fact_id])
    elif escalation.state in {"acknowledged", "over"}:
        turn.note(escalation, escalation.state, Reason.ALREADY_OVER, [fact_id])
    else:
        acknowledged = msgspec.structs.replace(escalation, acknowledged_by=said.contact)
        stop(turn, acknowledged, "acknowledged", Reason.ACKNOWLEDGED, [fact_id])


def end(turn: Turn, fact_id: str, restored: LargeCustomerRestored) -> None:
    """Stop calling about an outage: the power is back. One of an unknown name ends what its premise reported before."""
    at = to_ms(restored.at)
    own = turn.all(Escalation, lambda each: restored.outage in {each.id, each.outage})
    reported_before = [e for e in open_of(turn, restored.customer) if e.alone and e.out_since <= at]
    if not own and not reported_before:
        turn.note((Escalation.kind, restored.outage), "unknown", Reason.UNKNOWN_OUTAGE, [fact_id])
    for escalation in own or reported_before:
        if escalation.state == "over":
            turn.note(escalation, "over", Reason.ALREADY_OVER, [fact_id])
        elif at < escalation.out_since:
            turn.note(escalation, escalation.state, Reason.OLDER_THAN_OUTAGE, [fact_id])
        else:
            finish(turn, fact_id, escalation, at, Reason.POWER_BACK)


def finish(turn: Turn, fact_id: str, escalation: Escalation, at: int, reason: Reason) -> None:
    """End an escalation at a time for this reason, or because it needed no call."""
    told = reason if escalation.calls else Reason.BACK_BEFORE_CALL
    stop(turn, msgspec.structs.replace(escalation, ended_at=at), "over", told, [fact_id])


def stop(turn: Turn, escalation: Escalation, state: EscalationState, reason: Reason, facts: Iterable[str]) -> None:
    """Call no more about an outage. A call that was put off is recalled; the gateway places none that was stopped since."""
    stopped = msgspec.structs.replace(escalation, state=state, next_call_at=None)
    turn.put(stopped)
    turn.note(stopped, state, reason, facts)
    if escalation.calls:
        turn.recall(_call(escalation, escalation.calls))


def rank(turn: Turn, fact: Fact, ranked: ContactsRanked) -> None:
    """Take the order into which an account put its contacts; it holds from the next call on."""
    ladder = Ladder(id=turn.shard, order=tuple(dict.fromkeys(ranked.contacts)))
    turn.put(ladder)
    turn.note(ladder, "ranked", Reason.CONTACTS_RANKED, [fact.id])


def call_due(turn: Turn, account: Account | None, zone: dt.tzinfo) -> None:
    """Place every call that is due now, and wake up for the next one."""
    for escalation in turn.all(Escalation, lambda each: each.next_call_at is not None):
        due = escalation.next_call_at
        assert due is not None
        if account is None:
            ended = msgspec.structs.replace(escalation, ended_at=turn.now)
            stop(turn, ended, "over", Reason.ACCOUNT_GONE, [escalation.id])
        elif due > turn.now:
            turn.wake(due)
        else:
            _climb(turn, escalation, account, zone)


def _climb(turn: Turn, escalation: Escalation, account: Account, zone: dt.tzinfo) -> None:
    """Call the next contact on the ladder. Of announced work each contact is told once."""
    ladder = turn.get(Ladder, turn.shard)
    order = () if ladder is None else ladder.order
    rung = next_rung(account.contacts, order, escalation.called, from_ms(turn.now).astimezone(zone))
    if rung is None:
        following = turn.now + NOBODY_MS
        turn.put(msgspec.structs.replace(escalation, nobody=True, next_call_at=following))
        if not escalation.nobody:
            turn.note(escalation, "calling", Reason.NO_CONTACT, [escalation.id])
        turn.wake(following)
    elif rung.again and escalation.called and escalation.window is not None:
        stop(turn, escalation, "told", Reason.PLANNED_TOLD, [escalation.id])
    else:
        _place(turn, escalation, rung, zone)


def _place(turn: Turn, escalation: Escalation, rung: Rung, zone: dt.tzinfo) -> None:
    contact, attempt = rung.contact, escalation.calls + 1
    following = turn.now + contact.wait_ms
    called = msgspec.structs.replace(
        escalation,
        calls=attempt,
        called=(contact.id,) if rung.again else (*escalation.called, contact.id),
        told=escalation.estimate,
        nobody=False,
        next_call_at=following,
    )
    turn.put(called)
    body = CallBody(
        account=called.account,
        contact=contact.id,
        outage=called.id,
        attempt=attempt,
        language=contact.language,
        say=spoken(escalation, contact.language, now=turn.now, zone=zone, exercise=turn.exercise),
    )
    key = _call(called, attempt)
    turn.effect(key, "call", body, expires_at=following)
    turn.note(("call", key), "placed", _why(escalation, rung), [called.id])
    if rung.off_roster:
        turn.note(("call", key), "placed", Reason.NOBODY_ON_ROSTER, [called.id])
    turn.wake(following)


def _why(escalation: Escalation, rung: Rung) -> Reason:
    if escalation.calls and rung.again:
        return Reason.LADDER_AGAIN
    if escalation.calls:
        return Reason.NO_ANSWER
    return Reason.REPORTED if escalation.source == "report" else Reason.CUSTOMER_OUT


def _named(turn: Turn, outage: str) -> Escalation | None:
    """Return the escalation of this id, or the last one of an outage of this name."""
    found = turn.get(Escalation, outage)
    named = turn.all(Escalation, lambda each: each.outage == outage)
    return found or max(named, key=lambda each: (each.state != "over", each.out_since, each.id), default=None)


def _call(escalation: Escalation, attempt: int) -> str:
    return call_key(escalation.account, escalation.id, attempt)


def reported(turn: Turn, fact: Fact, customer: str) -> Escalation:
    """Return the escalation that a report of a premise begins. A clock that is ahead makes no outage of the future."""
    return Escalation(
        id=derived("escalation", turn.shard, customer, fact.id),
        account=turn.shard,
        customer=customer,
        out_since=min(fact.at, turn.now),
        source="report",
        next_call_at=turn.now,
    )
