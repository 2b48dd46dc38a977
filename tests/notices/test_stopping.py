"""A dispatcher stops texts: who waits, who counts as not told, and what is told when they go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from schemas.events import CustomerAsked, IncidentState, NoticesResumed, NoticesStopped, Unsent
from services.clock import from_ms
from services.notices.moments import Moment
from services.notices.people import Reached
from services.notices.reasons import Reason
from services.notices.stopping import HELD, Stopped, Waiting
from tests.notices.storm import phone
from tests.notices.town import Town

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.notices.moments import NoticeDecided

PEOPLE = {name: Reached(phones=(phone(name[-1]),), name=f"SP-{name}") for name in ("C-a", "C-b", "C-c")}
AREAS = {"C-a": "A1", "C-b": "A1", "C-c": "A1"}


@pytest.fixture
def town() -> Town:
    return Town(PEOPLE, AREAS)


def stop(town: Town, incident: str | None = None, unsent: Sequence[NoticeDecided] = ()) -> Town:
    return town.hear(
        NoticesStopped(
            id=f"stop-{town.now}", at=from_ms(town.now), area="A1", by="dora", incident=incident, unsent=named(unsent)
        )
    )


def resume(town: Town, incident: str | None = None, unsent: Sequence[NoticeDecided] = ()) -> Town:
    return town.hear(
        NoticesResumed(
            id=f"resume-{town.now}", at=from_ms(town.now), area="A1", by="dora", incident=incident, unsent=named(unsent)
        )
    )


def named(notices: Sequence[NoticeDecided]) -> list[Unsent]:
    return [Unsent(each.key, each.moment, list(each.customers), 0) for each in notices]


def told(town: Town) -> list[tuple[str, str]]:
    return sorted((customer, each.moment) for each in town.notices() for customer in each.customers)


@pytest.mark.parametrize("scope", ["I", None])
def test_nobody_is_told_while_texts_are_stopped_and_what_holds_is_told_when_they_go_on(
    town: Town, scope: str | None
) -> None:
    stop(town, scope)
    assert town.reasons == [("stopped", Reason.TEXTS_STOPPED)]
    town.at(1).hear(town.incident("I", "A1", out=("C-a", "C-b"), estimate=60))
    assert told(town) == []
    assert town.reasons.count(("waits", Reason.TEXTS_STOPPED)) == 2
    town.at(2).hear(town.incident("I", "A1", back=("C-b",), estimate=180))
    assert told(town) == []
    resume(town.at(30), scope)
    assert told(town) == [("C-a", Moment.POWER_OUT)]
    assert "by 21:00" in town.words()[0]


def test_a_stop_of_an_incident_concerns_no_other(town: Town) -> None:
    stop(town, "I")
    town.at(1).hear(town.incident("I", "A1", out=("C-a",)), town.incident("J", "A1", out=("C-b",)))
    assert told(town) == [("C-b", Moment.POWER_OUT)]


def test_an_incident_that_was_merged_into_a_stopped_one_is_stopped(town: Town) -> None:
    town.hear(town.incident("J", "A1", out=("C-b",), estimate=None))
    stop(town.at(1), "J")
    merged = town.incident("J", "A1", state=IncidentState.MERGED, estimate=None)
    town.at(2).hear(
        type(merged)(**{f: getattr(merged, f) for f in merged.__struct_fields__} | {"merged_into": "I"}),
        town.incident("I", "A1", estimate=60),
    )
    town.at(3).hear(town.incident("I", "A1", estimate=120))
    assert told(town) == []


def test_whose_notice_never_left_is_told_anew(town: Town) -> None:
    town.hear(town.incident("I", "A1", out=("C-a", "C-b")))
    of_b = [each for each in town.notices() if each.customers == ("C-b",)]
    stop(town.at(1), "I", of_b)
    assert [waiting.until for waiting in town.entities["A1"][Waiting.kind].values()] == [HELD]  # type: ignore[attr-defined]
    resume(town.at(5), "I")
    assert told(town) == [("C-b", Moment.POWER_OUT)]


def test_a_return_that_was_never_told_is_told_when_texts_go_on(town: Town) -> None:
    town.hear(town.incident("I", "A1", out=("C-a", "C-b")))
    town.at(1).hear(town.incident("I", "A1", back=("C-a", "C-b"), state=IncidentState.RESTORED))
    of_a = [each for each in town.notices() if each.customers == ("C-a",)]
    stop(town.at(2), None, of_a)
    resume(town.at(50))
    assert told(town) == [("C-a", Moment.POWER_RESTORED)]
    assert "since 18:01" in town.words()[0]


def test_an_estimate_that_was_never_told_is_told_as_it_is_then(town: Town) -> None:
    town.hear(town.incident("I", "A1", out=("C-a",), estimate=None))
    town.at(1).hear(town.incident("I", "A1", estimate=60))
    assert told(town) == [("C-a", Moment.INITIAL_ETR)]
    stop(town.at(2), "I", town.notices())
    town.at(3).hear(town.incident("I", "A1", estimate=90))
    resume(town.at(4), "I")
    assert told(town) == [("C-a", Moment.INITIAL_ETR)]
    assert "by 19:30" in town.words()[0]


def test_what_left_before_the_stop_is_not_told_again(town: Town) -> None:
    town.hear(town.incident("I", "A1", out=("C-a",)))
    stop(town.at(1))
    resume(town.at(2))
    assert told(town) == []
    assert Stopped.kind not in town.entities["A1"] or not town.entities["A1"][Stopped.kind]


def test_of_two_stops_both_have_to_end(town: Town) -> None:
    stop(town, "I")
    stop(town.at(1))
    town.at(2).hear(town.incident("I", "A1", out=("C-a",)))
    resume(town.at(3), "I")
    assert told(town) == []
    resume(town.at(4))
    assert told(town) == [("C-a", Moment.POWER_OUT)]


def test_a_notice_that_was_decided_while_the_stop_came_is_taken_back_when_it_ends(town: Town) -> None:
    stop(town)
    town.hear(town.incident("I", "A1", out=("C-a",)))
    resume(town.at(1))
    slipped = town.notices()
    stop(town.at(2))
    town.at(3).hear(town.incident("I", "A1", back=("C-a",), state=IncidentState.RESTORED))
    resume(town.at(4), None, slipped)
    assert told(town) == [], "who was not told that power is out is not told that it is back"


def test_nobody_is_asked_while_texts_are_stopped(town: Town) -> None:
    stop(town)
    asked = CustomerAsked(
        id="asked",
        at=from_ms(town.now),
        area="A1",
        region="R1",
        incident="I",
        customer="C-a",
        device="D1",
        at_night=True,
    )
    town.at(1).hear(asked)
    assert told(town) == []
    assert ("untold", Reason.TEXTS_STOPPED) in town.reasons


def test_a_stop_wakes_no_clock(town: Town) -> None:
    stop(town)
    town.at(1).hear(town.incident("I", "A1", out=("C-a",)))
    assert town.waits().reasons == []
