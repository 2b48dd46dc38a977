"""No order breaks a rule, whatever the situation; and the count that says so finds every rule that is broken on purpose."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import (
    CrewReported,
    CrewState,
    CrewVisiting,
    Event,
    HoursExtended,
    OrderState,
    PairForbidden,
    WorkHeld,
)
from tests.benchmarks.parts.dispatch_situations import BROKEN, broken_rules, moved, overlaps, played
from tests.dispatch.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.dispatch.roster import Crew

TOLD_OTHERWISE = {
    "skills": {"skills": frozenset({"line", "service"})},
    "certificates": {"certificates": frozenset({"HV-switching"})},
    "kit": {"kit": frozenset({"bucket-truck"})},
    "people": {"members": 9},
    "areas": {"barred": ()},
    "duty": {"shifts": ()},
}


def _rested(event: Event) -> Event | None:
    return None if isinstance(event, CrewReported) and event.status is CrewState.SIGNED_ON else event


def _always_there(event: Event) -> Event | None:
    away = isinstance(event, CrewReported) and event.status in {CrewState.ON_BREAK, CrewState.OFF_DUTY}
    return None if away else event


def _guided(event: Event) -> Event | None:
    return msgspec.structs.replace(event, guide="ann") if isinstance(event, CrewVisiting) else event


def _never_held(event: Event) -> Event | None:
    return None if isinstance(event, WorkHeld) else event


def _never_forbidden(event: Event) -> Event | None:
    return None if isinstance(event, PairForbidden) else event


def _handed_over(event: Event) -> Event | None:
    if isinstance(event, CrewReported) and event.status is CrewState.REFUSED:
        return msgspec.structs.replace(event, status=CrewState.ACCEPTED)
    return event


def _short_of_hours(event: Event) -> Event | None:
    return None if isinstance(event, HoursExtended) else _rested(event)


NOT_HEARD: dict[str, Callable[[Event], Event | None]] = {
    "hours": _short_of_hours,
    "duty": _always_there,
    "guides": _guided,
    "held": _never_held,
    "heldForSafety": _never_held,
    "forbidden": _never_forbidden,
}


@given(st.integers(0, 2**48))
@settings(deadline=None, max_examples=80)
def test_no_order_breaks_a_rule(seed: int) -> None:
    assert broken_rules(1, seed) == dict.fromkeys(BROKEN, 0)


def counted(tells: Callable[[Crew], Crew], hears: Callable[[Event], Event | None], rule: str) -> Counter[str]:
    """Return what is found in situations until this rule is seen to be broken, in so many at most."""
    found: Counter[str] = Counter()
    for number in range(200):
        found.update(played(random.Random(number), tells, hears))
        if found[rule]:
            break
    return found


@pytest.mark.parametrize("rule", TOLD_OTHERWISE)
def test_the_count_finds_orders_of_who_does_not_know_the_crews(rule: str) -> None:
    def tells(crew: Crew) -> Crew:
        return dataclasses.replace(crew, **TOLD_OTHERWISE[rule])  # type: ignore[arg-type]  # the fields of a crew

    assert counted(tells, lambda event: event, rule)[rule]


@pytest.mark.parametrize("rule", NOT_HEARD)
def test_the_count_finds_orders_of_who_did_not_hear_what_was_said(rule: str) -> None:
    assert counted(lambda crew: crew, NOT_HEARD[rule], rule)[rule]


def test_the_count_finds_two_orders_of_a_crew_or_for_work_and_who_is_moved() -> None:
    desk = Desk("W1", "W2")
    desk.at("06:00").incident("I-1")
    desk.incident("I-2")
    desk.at("06:01").crew("W1", "accepted", "enroute", "arrived")
    desk.assign("W2", incident="I-2")
    orders = {order.id: order for order in desk.orders()}
    on_site, pinned = sorted(orders.values(), key=lambda order: order.pinned)
    assert (on_site.state, pinned.pinned) == (OrderState.ARRIVED, True)
    assert +overlaps(orders.values()) == Counter()
    same_crew = msgspec.structs.replace(pinned, crew=on_site.crew)
    assert +overlaps([on_site, same_crew]) == Counter(oneOrderPerCrew=1)
    same_work = msgspec.structs.replace(pinned, job=on_site.job)
    assert +overlaps([on_site, same_work]) == Counter(oneLeadingOrderPerWork=1)
    assert +moved(orders, orders) == Counter()
    gone = {name: msgspec.structs.replace(order, state=OrderState.REVOKED) for name, order in orders.items()}
    assert +moved(orders, gone) == Counter(onSiteStays=1, pinStays=1)


def test_orders_are_looked_at_at_all() -> None:
    found: Counter[str] = Counter()
    for number in range(30):
        found.update(played(random.Random(number)))
    assert found["orders"] > 30
