"""When a contact is called, and when no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.clock import to_ms
from services.hotline.entities import CallBody, Escalation, EscalationState, call_key
from services.hotline.reasons import Reason
from services.hotline.wording import spoken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.events import CallAnswered, LargeCustomerOut, LargeCustomerRestored
    from services.engine.turn import Turn

REPEAT_MS = 2 * 60_000
"""From one call to the next while nothing is heard of it, milliseconds. A call not placed by then is placed no more."""

AFTER_REFUSAL_MS = 30_000
"""From an answer without acknowledgement to the next call, milliseconds."""


def begin(turn: Turn, fact_id: str, out: LargeCustomerOut) -> None:
    """Start the escalation of an outage; its first call is placed by `call_due`."""
    known = turn.get(Escalation, out.outage)
    estimate = None if out.estimate is None else to_ms(out.estimate)
    if known is not None:
        turn.put(msgspec.structs.replace(known, incident=out.incident, window=out.window, estimate=estimate))
        turn.note(known, known.state, Reason.ALREADY_ESCALATED, [fact_id])
        return
    escalation = Escalation(
        id=out.outage,
        account=out.account,
        customer=out.customer,
        out_since=to_ms(out.at),
        incident=out.incident,
        window=out.window,
        estimate=estimate,
        next_call_at=turn.now,
    )
    turn.put(escalation)
    turn.note(escalation, "calling", Reason.CUSTOMER_OUT, [fact_id])


def hear_answer(turn: Turn, fact_id: str, answer: CallAnswered) -> None:
    """Stop calling when a contact acknowledged any call about the outage; call again soon when the last one was not."""
    escalation = turn.get(Escalation, answer.outage)
    if escalation is None:
        turn.note((Escalation.kind, answer.outage), "unknown", Reason.UNKNOWN_OUTAGE, [fact_id])
    elif escalation.state != "calling":
        turn.note(escalation, escalation.state, Reason.ALREADY_OVER, [fact_id])
    elif answer.call not in {_call(escalation, attempt + 1) for attempt in range(escalation.calls)}:
        turn.note(escalation, "calling", Reason.UNKNOWN_CALL, [fact_id])
    elif answer.acknowledged:
        _stop(turn, escalation, "acknowledged", Reason.ACKNOWLEDGED, [fact_id])
    elif answer.call != _call(escalation, escalation.calls):
        turn.note(escalation, "calling", Reason.EARLIER_CALL, [fact_id])
    else:
        soon = turn.now + AFTER_REFUSAL_MS
        at = soon if escalation.next_call_at is None else min(soon, escalation.next_call_at)
        turn.put(msgspec.structs.replace(escalation, next_call_at=at))
        turn.note(escalation, "calling", Reason.NOT_ACKNOWLEDGED, [fact_id])


def end(turn: Turn, fact_id: str, restored: LargeCustomerRestored) -> None:
    """Stop calling: the power is back."""
    escalation = turn.get(Escalation, restored.outage)
    if escalation is None:
        turn.note((Escalation.kind, restored.outage), "unknown", Reason.UNKNOWN_OUTAGE, [fact_id])
    elif escalation.state == "over":
        turn.note(escalation, "over", Reason.ALREADY_OVER, [fact_id])
    elif to_ms(restored.at) < escalation.out_since:
        turn.note(escalation, escalation.state, Reason.OLDER_THAN_OUTAGE, [fact_id])
    else:
        _stop(turn, escalation, "over", Reason.POWER_BACK if escalation.calls else Reason.BACK_BEFORE_CALL, [fact_id])


def call_due(turn: Turn) -> None:
    """Place every call that is due now, and wake up for the next one."""
    for escalation in turn.all(Escalation, lambda escalation: escalation.next_call_at is not None):
        due = escalation.next_call_at
        assert due is not None
        if due > turn.now:
            turn.wake(due)
            continue
        attempt = escalation.calls + 1
        following = turn.now + REPEAT_MS
        called = msgspec.structs.replace(escalation, calls=attempt, next_call_at=following)
        turn.put(called)
        body = CallBody(
            account=called.account, outage=called.id, attempt=attempt, say=spoken(called, exercise=turn.exercise)
        )
        key = _call(called, attempt)
        turn.effect(key, "call", body, expires_at=following)
        reason = Reason.NO_ANSWER if escalation.calls else Reason.CUSTOMER_OUT
        turn.note(("call", key), "placed", reason, [called.id])
        turn.wake(following)


def _stop(turn: Turn, escalation: Escalation, state: EscalationState, reason: Reason, facts: Iterable[str]) -> None:
    stopped = msgspec.structs.replace(escalation, state=state, next_call_at=None)
    turn.put(stopped)
    turn.note(stopped, state, reason, facts)
    if escalation.calls:
        turn.recall(_call(escalation, escalation.calls))


def _call(escalation: Escalation, attempt: int) -> str:
    return call_key(escalation.account, escalation.id, attempt)
