"""What an account and its meters report: it starts calls at once, before anything is inferred, or ends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import HotlineReported, ReportKind
from services.hotline.accounts import Account
from services.hotline.entities import Supply
from services.hotline.escalating import begin, finish, forget, open_of, reported
from services.hotline.reasons import Reason

if TYPE_CHECKING:
    from services.engine.turn import Fact, Turn

LATE_MS = 86_400_000
"""A report of power out that is older than this leads to no call, milliseconds."""

REPORT = "hotlineReport"
"""The kind of subject in the journal of a report that is no escalation's."""


def hear(turn: Turn, fact: Fact, account: Account, report: HotlineReported) -> None:
    """Hear what is reported of a premise."""
    customer = account.premise_of(report.customer, report.meter)
    if isinstance(customer, Reason):
        turn.note((REPORT, fact.id), "unplaced", customer, [fact.id])
    elif report.kind is ReportKind.NO_ANSWER:
        turn.note((REPORT, fact.id), "answered", Reason.METER_SILENT, [fact.id])
    elif report.kind is ReportKind.POWER_RESTORED:
        _back(turn, fact, customer)
    else:
        _out(turn, fact, customer)


def back_at(turn: Turn, customer: str) -> int | None:
    """Return when power was last reported back at a premise, milliseconds."""
    supply = turn.get(Supply, customer)
    return None if supply is None else supply.back_at


def _out(turn: Turn, fact: Fact, customer: str) -> None:
    forget(turn, fact.id, customer, fact.at)
    standing, returned = open_of(turn, customer), back_at(turn, customer)
    if standing:
        turn.note(standing[0], standing[0].state, Reason.ALREADY_ESCALATED, [fact.id])
    elif returned is not None and fact.at <= returned:
        turn.note((REPORT, fact.id), "answered", Reason.OLDER_THAN_RETURN, [fact.id])
    elif fact.at < turn.now - LATE_MS:
        turn.note((REPORT, fact.id), "late", Reason.OLDER_THAN_A_DAY, [fact.id])
    else:
        begin(turn, fact.id, reported(turn, fact, customer), Reason.REPORTED)


def _back(turn: Turn, fact: Fact, customer: str) -> None:
    at = min(fact.at, turn.now)  # a clock that is ahead must not silence what comes next
    turn.put(Supply(id=customer, back_at=max(at, back_at(turn, customer) or at)))
    standing = open_of(turn, customer)
    ending = [each for each in standing if each.out_since <= at]
    for escalation in ending:
        finish(turn, fact.id, escalation, at, Reason.REPORTED_BACK)
    if not ending:
        reason = Reason.OLDER_THAN_OUTAGE if standing else Reason.NOTHING_OPEN
        turn.note((REPORT, fact.id), "answered", reason, [fact.id])
