"""The escalation ladder as scripts see it: outages of one account, answers to its calls."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from schemas.events import (
    CallAnswered,
    ContactsRanked,
    HotlineReported,
    LargeCustomerOut,
    LargeCustomerRestored,
    OutageAcknowledged,
    ReportKind,
)
from schemas.ids import derived
from services.clock import from_ms
from services.hotline.accounts import Account, Contact, Premise
from services.hotline.entities import CallBody, Escalation, call_key
from services.hotline.stage import EscalateStage
from tests.stage_script import StageScript, moment, ms

ACCOUNT, CUSTOMER, SECOND, METER = "MILL", "C-7", "C-8", "M-7"
ZONE = ZoneInfo("UTC")
PREMISES = (Premise(customer=CUSTOMER, meter=METER), Premise(customer=SECOND, meter="M-8"))
ONE = (Contact(id="K-1"),)
THREE = (
    Contact(id="K-1", rank=1, wait_ms=60_000),
    Contact(id="K-3", rank=2, wait_ms=90_000, language="zh"),
    Contact(id="K-2", rank=2, wait_ms=120_000),
)
"""The ladder is K-1, K-2, K-3: rank before id."""


class Ladder:
    """A script for the escalate stage. Every sentence speaks at the time of the last `at`."""

    def __init__(
        self,
        contacts: tuple[Contact, ...] = ONE,
        *,
        exercise: bool = False,
        resumed: bool = False,
        zone: ZoneInfo = ZONE,
    ) -> None:
        stage = EscalateStage([Account(id=ACCOUNT, premises=PREMISES, contacts=contacts)], zone)
        self.script = StageScript(stage, ACCOUNT, exercise=exercise, resumed=resumed)
        self._clock = "00:00"
        self._said = 0

    def at(self, clock: str) -> Ladder:
        """Let time pass up to this moment of the day."""
        self.script.go_to(ms(clock))
        self._clock = clock
        return self

    def report(
        self,
        *,
        back: bool = False,
        customer: str | None = CUSTOMER,
        meter: str | None = None,
        kind: ReportKind = ReportKind.LAST_GASP,
    ) -> str:
        """Let the account report power out or back, or what `kind` says; return the id of the escalation that it may begin."""
        name = self._event_id()
        self.script.hear(
            HotlineReported(
                id=name,
                at=moment(self._clock),
                exercise=self.script.exercise,
                account=ACCOUNT,
                kind=ReportKind.POWER_RESTORED if back else kind,
                customer=customer,
                meter=meter,
            )
        )
        return derived("escalation", ACCOUNT, customer or CUSTOMER, name)

    def acknowledge(self, outage: str = "O-1", contact: str | None = "K-1") -> None:
        """Let a contact acknowledge an outage without a call."""
        self.script.hear(
            OutageAcknowledged(
                id=self._event_id(), at=moment(self._clock), account=ACCOUNT, outage=outage, contact=contact
            )
        )

    def rank(self, *contacts: str) -> None:
        """Let the account put its contacts into this order."""
        self.script.hear(
            ContactsRanked(id=self._event_id(), at=moment(self._clock), account=ACCOUNT, contacts=list(contacts))
        )

    def out(
        self,
        outage: str = "O-1",
        *,
        window: str | None = None,
        estimate: str | None = None,
        since: str | None = None,
        customer: str = CUSTOMER,
    ) -> None:
        """Let it be found out that the customer lost power."""
        self.script.hear(
            LargeCustomerOut(
                id=self._event_id(),
                at=moment(self._clock),
                since=moment(since) if since else None,
                exercise=self.script.exercise,
                account=ACCOUNT,
                customer=customer,
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

    def called(self, outage: str = "O-1") -> list[tuple[str, str]]:
        """Return every call about an outage: whom, and when it was due."""
        return [(body.contact, from_ms(due).strftime("%H:%M:%S")) for body, due, _ in self.placed(outage)]

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
        return self.escalation(outage).state

    def escalation(self, outage: str = "O-1") -> Escalation:
        """Return an escalation."""
        self.script.settle()
        escalation = self.script.entities["escalation"][outage]
        assert isinstance(escalation, Escalation)
        return escalation

    def why(self, outage: str = "O-1") -> list[tuple[str, str]]:
        """Return what became of an escalation and why, in order."""
        return self.script.why("escalation", outage)

    def _event_id(self) -> str:
        self._said += 1
        return f"said-{self._said}"
