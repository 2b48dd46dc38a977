"""However crews are sent, what must never be broken is not: each rule in each mode, by what the crews were given."""

from __future__ import annotations

import dataclasses

import pytest

from schemas.events import DispatchMode, OrderWork
from services.dispatch.entities import second_job
from services.dispatch.roster import Barred
from services.dispatch.rules import Rules
from tests.dispatch.desk import GUEST, NEAR_EAST, NEAR_WEST, Desk, crew_of

ALONE = dataclasses.replace(crew_of("W1", "line", "service"), members=1)
SENDING = (DispatchMode.NEAREST_DEPOT, DispatchMode.PLAN)
in_every_mode = pytest.mark.parametrize("mode", SENDING, ids=str)


@in_every_mode
def test_nobody_alone_on_the_line(mode: DispatchMode) -> None:
    desk = Desk(ALONE, "E1", mode=mode)
    desk.at("06:00").incident("I-1", device_class="fuse", place=NEAR_WEST)
    assert (desk.duty("W1"), desk.duty("E1")) == ("available", "ordered")


@in_every_mode
def test_nobody_where_it_may_not_go(mode: DispatchMode) -> None:
    desk = Desk(dataclasses.replace(crew_of("W1"), barred=(Barred(NEAR_WEST, 800),)), "E1", mode=mode)
    desk.at("06:00").incident("I-1", place=NEAR_WEST)
    assert (desk.duty("W1"), desk.duty("E1")) == ("available", "ordered")


@in_every_mode
def test_nobody_without_the_skill_the_certificate_and_the_kit(mode: DispatchMode) -> None:
    able = crew_of("E1", certificates="towers", kit="digger")
    desk = Desk("W1", crew_of("W2", "service", certificates="towers", kit="digger"), able, mode=mode)
    desk.rules(Rules(certificates=(("fuse", ("towers",)),), kit=(("fuse", ("digger",)),)))
    desk.at("06:00").incident("I-1", place=NEAR_WEST)
    assert [desk.duty(crew) for crew in ("W1", "W2", "E1")] == ["available", "available", "ordered"]


@in_every_mode
def test_nobody_whose_hours_are_up_and_who_was_allowed_more_goes(mode: DispatchMode) -> None:
    desk = Desk("W1", mode=mode)
    desk.at("00:00").crew("W1", "signedOn")
    desk.at("15:30").incident("I-1")
    assert desk.duty("W1") == "available"
    desk.extend("W1", "20:00")
    assert desk.duty("W1") == "ordered"


@in_every_mode
def test_nobody_to_work_that_is_held_because_of_safety(mode: DispatchMode) -> None:
    desk = Desk("W1", "E1", mode=mode)
    desk.at("06:00").incident("I-1")
    desk.crew("W1", "enroute")
    desk.hold("I-1", safety=True)
    assert (desk.duty("W1"), desk.duty("E1")) == ("available", "available")
    desk.at("08:00").hold("I-1", held=False)
    assert "ordered" in {desk.duty("W1"), desk.duty("E1")}


@in_every_mode
def test_two_crews_where_the_work_needs_two(mode: DispatchMode) -> None:
    desk = Desk("W1", "E1", mode=mode)
    desk.rules(Rules(two_crews=("breaker",)))
    desk.at("06:00").incident("I-1", device_class="breaker", place=NEAR_EAST)
    leading, second = sorted(
        (desk.order_of(crew) for crew in ("W1", "E1")), key=lambda order: str(order and order.assists)
    )
    assert leading is not None
    assert second is not None
    assert {(order.job, order.work) for order in (leading, second)} == {
        ("I-1", OrderWork.REPAIR),
        (second_job(next(order.id for order in (leading, second) if order.assists is None)), OrderWork.ASSIST),
    }


@in_every_mode
def test_no_visitor_without_a_guide(mode: DispatchMode) -> None:
    desk = Desk("E1", mode=mode)
    desk.at("06:00").visit(guide=None)
    desk.incident("I-1", place=NEAR_WEST)
    assert (desk.duty("E1"), desk.duty(GUEST)) == ("ordered", "available")
    desk.crew("E1", "arrived")
    desk.visit(guide="ann")
    desk.incident("I-2", place=NEAR_WEST)
    assert desk.duty(GUEST) == "ordered"
