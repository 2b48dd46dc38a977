"""The escalation ladder as scripts see it: outages of one account, answers to its calls."""

from __future__ import annotations

from schemas.events import CallAnswered, LargeCustomerOut, LargeCustomerRestored
from services.clock import from_ms
from services.hotline.entities import CallBody, Escalation, call_key
from services.hotline.stage import EscalateStage
from tests.stage_script import StageScript, moment, ms

ACCOUNT, CUSTOMER = "MILL", "C-7"


class Ladder:
    """A script for the escalate stage. Every sentence speaks at the time of the last `at`."""

    def __init__(self, *, exercise: bool = False, resumed: bool = False) -> None:
        self.script = StageScript(EscalateStage([ACCOUNT]), ACCOUNT, exercise=exercise, resumed=resumed)
        self._clock = "00:00"
        self._said = 0

    def at(self, clock: str) -> Ladder:
        """Let time pass up to this moment of the day."""
        self.script.go_to(ms(clock))
        self._clock = clock
        return self

    def out(self, outage: str = "O-1", *, window: str | None = None, estimate: str | None = None) -> None:
        """Let the customer lose power."""
        self.script.hear(
            LargeCustomerOut(
                id=self._event_id(),
                at=moment(self._clock),
                exercise=self.script.exercise,
                account=ACCOUNT,
                customer=CUSTOMER,
                outage=outage,
                reason="asReported",
                incident=None if window else "I-1",
                window=window,
                estimate=moment(estimate) if estimate else None,
            )
        )

    def back(self, outage: str = "O-1") -> None:
        """Let the customer's power return."""
        self.script.hear(
            LargeCustomerRestored(
                id=self._event_id(), at=moment(self._clock), account=ACCOUNT, customer=CUSTOMER, outage=outage
            )
        )

    def answer(self, attempt: int, *, acknowledged: bool, outage: str = "O-1") -> None:
        """Let a call of an outage be answered."""
        self.script.hear(
            CallAnswered(
                id=self._event_id(),
                at=moment(self._clock),
                call=call_key(ACCOUNT, outage, attempt),
                account=ACCOUNT,
                outage=outage,
                acknowledged=acknowledged,
            )
        )

    def calls(self, outage: str = "O-1") -> list[tuple[int, str]]:
        """Return every call about an outage: its attempt and when it was due."""
        return [(body.attempt, from_ms(due).strftime("%H:%M:%S")) for body, due, _ in self.placed(outage)]

    def placed(self, outage: str = "O-1") -> list[tuple[CallBody, int, int | None]]:
        """Return body, due time and expiry of every call about an outage."""
        self.script.settle()
        drafts = [draft for outcome in self.script.outcomes for draft in outcome.effects]
        assert all(draft.kind == "call" for draft in drafts)
        found = [(draft.body, draft.due_at, draft.expires_at) for draft in drafts]
        return [
            (body, due, until) for body, due, until in found if isinstance(body, CallBody) and body.outage == outage
        ]

    def state(self, outage: str = "O-1") -> str:
        """Return the state of the escalation of an outage."""
        self.script.settle()
        escalation = self.script.entities["escalation"][outage]
        assert isinstance(escalation, Escalation)
        return escalation.state

    def why(self, outage: str = "O-1") -> list[tuple[str, str]]:
        """Return what became of an escalation and why, in order."""
        return self.script.why("escalation", outage)

    def _event_id(self) -> str:
        self._said += 1
        return f"said-{self._said}"
