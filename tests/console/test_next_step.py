"""What happens next, and why: the rule alone."""

from __future__ import annotations

from typing import Any

import pytest

from services.console.next_step import (
    DangerNow,
    IncidentNow,
    JobNow,
    OrderNow,
    Step,
    WindowNow,
    next_of_hazard,
    next_of_incident,
)

SENT = OrderNow(state="sent", reason="nearestDepot", sent_at_ms=1_000, arrival_ms=60_000)
WAITING = JobNow(state="waiting")
DONE = JobNow(state="done", done_at_ms=10_000)


def order(state: str, **given: Any) -> OrderNow:
    return OrderNow(state=state, reason="crewReported", sent_at_ms=1_000, arrival_ms=60_000, **given)


def incident(state: str = "confirmed", **given: Any) -> Step:
    return next_of_incident(IncidentNow(state=state, reason="crewFound", changed_at_ms=5_000, **given))


def test_a_crew_goes_before_everything_else_that_could_be_said() -> None:
    window, danger = WindowNow(ends_at_ms=9), DangerNow()
    held = JobNow(state="ordered", held=True)
    for given in ({}, {"window": window}, {"danger": danger}, {"job": held}, {"upstream_open": True}):
        assert incident(order=SENT, **given) == Step("crewAnswers", 301_000, "nearestDepot")


@pytest.mark.parametrize(
    ("state", "given", "step"),
    [
        ("sent", {"answer_until_ms": 77_000}, Step("crewAnswers", 77_000, "crewReported")),
        ("accepted", {}, Step("crewArrives", 60_000, "crewReported")),
        ("enroute", {}, Step("crewArrives", 60_000, "crewReported")),
        ("arrived", {}, Step("crewAssesses", None, "crewReported")),
        ("assessing", {"completion_ms": 90_000}, Step("crewRepairs", 90_000, "crewReported")),
    ],
)
def test_what_a_crew_does_next_follows_from_its_order(state: str, given: dict[str, int], step: Step) -> None:
    assert incident(order=order(state, **given)) == step
    assert next_of_hazard("reported", "dangerReported", None, order(state, **given)) == step


def test_material_and_verification_come_from_the_job() -> None:
    short = JobNow(state="ordered", waits_for_material=True)
    assert incident(order=order("assessing"), job=short) == Step("waitsForMaterial", None, "materialNeeded")
    repaired = JobNow(state="ordered", done_at_ms=10_000)
    assert incident(order=order("repaired"), job=repaired) == Step("verifyRestoration", 610_000, "repairedNotDone")
    assert incident(job=DONE) == Step("verifyRestoration", 610_000, "awaitingSigns")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (("skillMissing", "busy", "offShift"), "busy"),
        (("skillMissing", "offShift"), "offShift"),
        (("noCrews",), "noCrews"),
        ((), "incidentOpen"),
    ],
)
def test_why_nobody_is_sent_is_what_passes_soonest(told: tuple[str, ...], why: str) -> None:
    assert incident(job=JobNow(state="waiting", told=told)) == Step("sendCrew", None, why)


def test_before_the_rule_has_looked_the_journal_says_why() -> None:
    assert incident(job=JobNow(state="waiting", reason="crewRefused")).why == "crewRefused"
    assert incident() == Step("sendCrew", None, "incidentOpen")
    assert next_of_hazard("reported", "dangerReported", None, None) == Step("sendCrew", None, "hazardReported")


def test_what_keeps_everybody_from_going_is_named() -> None:
    assert incident(job=JobNow(state="waiting", held=True)) == Step("held", None, "dispatcherHeld")
    assert incident(job=WAITING, window=WindowNow(ends_at_ms=77)) == Step("windowEnds", 77, "plannedWork")
    late = WindowNow(ends_at_ms=77, overrun=True)
    assert incident(job=WAITING, window=late) == Step("windowEnds", 77, "workOverrun")
    assert incident(job=WAITING, danger=DangerNow(safe_at_ms=88)) == Step("dangerFirst", 88, "danger")
    assert incident(job=DONE, upstream_open=True) == Step("upstreamFirst", None, "upstreamStillOut")


def test_what_is_over_needs_nothing() -> None:
    assert incident("restored") == Step("close", 605_000, "quiet")
    for state in ("closed", "merged", "dismissed"):
        assert incident(state, job=WAITING) == Step("nothing", None, "crewFound")
    assert next_of_hazard("madeSafe", "madeSafe", WAITING, None) == Step("nothing", None, "madeSafe")
