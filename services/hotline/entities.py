"""The state of the escalate stage, and what a call carries. Times are milliseconds since the epoch."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.ids import derived
from services.engine.turn import EffectBody, Entity

EscalationState = Literal["calling", "told", "acknowledged", "over"]


class Escalation(Entity, frozen=True, kw_only=True):
    """One outage of one premise. Its id is the outage's, or, when a report began it, derived from that report.

    `outage` is the outage's name in the ledger, None while a report is all there is. `calls` counts the calls placed,
    `called` are the contacts called on the present way up the ladder, `told` is the estimate that the last call told.
    `next_call_at` is given while calling, and only then; `ended_at` once it is over. `told` as a state: announced work of
    which everybody was told once. `nobody`: there was no contact to call.
    """

    kind: ClassVar[str] = "escalation"

    account: str
    customer: str
    out_since: int
    source: Literal["report", "inference"] = "inference"
    outage: str | None = None
    incident: str | None = None
    window: str | None = None
    estimate: int | None = None
    state: EscalationState = "calling"
    calls: int = 0
    called: tuple[str, ...] = ()
    told: int | None = None
    nobody: bool = False
    next_call_at: int | None = None
    acknowledged_by: str | None = None
    ended_at: int | None = None

    @property
    def alone(self) -> bool:
        """Say whether a report is all there is."""
        return self.outage is None


class Supply(Entity, frozen=True, kw_only=True):
    """When power was last reported back at a premise; the id is the customer's."""

    kind: ClassVar[str] = "supply"

    back_at: int


class Ladder(Entity, frozen=True, kw_only=True):
    """The order into which an account put its contacts; the id is the account's."""

    kind: ClassVar[str] = "ladder"

    order: tuple[str, ...]


class CallBody(EffectBody, frozen=True, kw_only=True):
    """A call to a contact. The phone is not in it: it is looked up when the call is placed. `outage` is the escalation's id."""

    account: str
    contact: str
    outage: str
    attempt: int
    language: str
    say: str


def call_key(account: str, outage: str, attempt: int) -> str:
    """Return the key of the effect that is this call. Two accounts may be told of outages of one name."""
    return derived("call", account, outage, attempt)
