"""The state of the escalate stage, and what a call carries. Times are milliseconds since the epoch."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.ids import derived
from services.engine.turn import EffectBody, Entity

EscalationState = Literal["calling", "acknowledged", "over"]


class Escalation(Entity, frozen=True, kw_only=True):
    """One outage of one large customer; its id is the outage's.

    `calls` counts the calls placed. `next_call_at` is given while calling, and only then.
    """

    kind: ClassVar[str] = "escalation"

    account: str
    customer: str
    out_since: int
    incident: str | None = None
    window: str | None = None
    estimate: int | None = None
    state: EscalationState = "calling"
    calls: int = 0
    next_call_at: int | None = None


class CallBody(EffectBody, frozen=True, kw_only=True):
    """A call to an account's contact. The phone is not in it: it is looked up when the call is placed."""

    account: str
    outage: str
    attempt: int
    say: str


def call_key(account: str, outage: str, attempt: int) -> str:
    """Return the key of the effect that is this call. Two accounts may be told of outages of one name."""
    return derived("call", account, outage, attempt)
