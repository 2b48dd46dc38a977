"""A dispatcher forbids a crew some work, puts work first, and has a second crew share it: whatever sends crews keeps to it."""

from __future__ import annotations

import pytest

from schemas.events import DispatchMode
from tests.dispatch.desk import MIDDLE, NEAR_EAST, NEAR_WEST, Desk

MODES = pytest.mark.parametrize("mode", [DispatchMode.NEAREST_DEPOT, DispatchMode.PLAN])


@MODES
def test_a_crew_that_is_forbidden_some_work_is_called_back_and_not_sent_again(mode: DispatchMode) -> None:
    desk = Desk("W1", "E1", mode=mode)
    desk.at("06:00").incident("I-1")
    [first] = desk.orders("I-1")
    assert first.crew == "W1"
    desk.at("06:01").forbid("W1", incident="I-1")
    assert [(each.crew, each.state) for each in desk.orders("I-1")] == [("W1", "revoked"), ("E1", "sent")]
    assert desk.why("order", first.id)[-1] == ("revoked", "pairForbidden")
    assert desk.duty("W1") == "available"
    desk.at("06:02").crew("E1", "refused")
    assert desk.job("I-1").state == "waiting", "the only other crew is forbidden it"
    assert ("waiting", "pairForbidden") in desk.why("job", "I-1")


def test_a_crew_on_site_stays_though_it_is_forbidden_the_work() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1")
    desk.at("06:02").crew("W1", "accepted", "enroute", "arrived")
    desk.at("06:21").forbid("W1", incident="I-1")
    assert [(each.crew, each.state) for each in desk.orders("I-1")] == [("W1", "arrived")]


def test_what_was_forbidden_is_allowed_again() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").forbid("W1", incident="I-1")
    assert [each.state for each in desk.orders("I-1")] == ["revoked"]
    assert desk.job("I-1").forbidden == ("W1",)
    desk.at("06:02").forbid("W1", incident="I-1")
    assert desk.why("job", "I-1")[-1] == ("waiting", "nothingToChange")
    desk.at("06:03").forbid("W1", incident="I-1", forbidden=False)
    assert ("waiting", "pairAllowed") in desk.why("job", "I-1")
    assert [(each.crew, each.state) for each in desk.orders("I-1")] == [("W1", "revoked"), ("W1", "sent")]


def test_to_send_a_crew_all_the_same_is_to_allow_it() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").forbid("W1", incident="I-1")
    desk.at("06:02").assign("W1", incident="I-1")
    assert [(each.crew, each.state) for each in desk.orders("I-1")][-1] == ("W1", "sent")
    assert desk.job("I-1").forbidden == ()


def test_a_crew_that_nobody_has_and_work_that_nobody_knows_are_refused() -> None:
    desk = Desk("W1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").forbid("X9", incident="I-1")
    assert desk.why("crew", "X9") == [("refused", "unknownCrew")]
    desk.at("06:02").prioritise(incident="I-9")
    assert desk.why("job", "I-9") == [("refused", "unknownWork")]


@MODES
def test_what_a_dispatcher_puts_first_is_done_first_however_small(mode: DispatchMode) -> None:
    desk = Desk("W1", mode=mode)
    desk.at("06:00").incident("I-1", place=NEAR_WEST)
    desk.at("06:01").crew("W1", "accepted", "enroute", "arrived")
    desk.at("06:02").incident("large", place=NEAR_WEST, customers_out=900)
    desk.incident("small", place=MIDDLE, customers_out=1, device_class="transformer")
    desk.at("06:03").prioritise(incident="small")
    assert ("waiting", "dispatcherPutFirst") in desk.why("job", "small")
    desk.at("06:50").crew("W1", "done")
    assert [each.state for each in desk.orders("small")] == ["sent"]
    assert desk.orders("large") == []


def test_work_is_put_first_once_and_left_to_its_weight_again() -> None:
    desk = Desk("W1", mode=DispatchMode.PLAN)
    desk.at("06:00").incident("I-1")
    desk.at("06:01").crew("W1", "accepted", "enroute", "arrived")
    desk.at("06:02").incident("large", customers_out=900)
    desk.incident("small", customers_out=1, device_class="transformer")
    desk.at("06:03").prioritise(incident="small")
    desk.at("06:04").prioritise(incident="small")
    assert desk.why("job", "small")[-1] == ("waiting", "nothingToChange")
    desk.at("06:05").prioritise(incident="small", first=False)
    desk.at("06:50").crew("W1", "done")
    assert [each.state for each in desk.orders("large")] == ["sent"]
    assert desk.orders("small") == []


@MODES
def test_a_second_crew_is_sent_to_help_with_work_that_has_one(mode: DispatchMode) -> None:
    desk = Desk("W1", "E1", mode=mode)
    desk.at("06:00").incident("I-1")
    desk.at("06:01").second_crew(incident="I-1")
    [first, second] = desk.orders()
    if first.assists is not None:
        first, second = second, first
    assert (first.crew, second.crew, second.assists, second.work) == ("W1", "E1", first.id, "assist")
    assert desk.why("job", second.job)[0] == ("waiting", "secondCrewAsked")


def test_a_second_crew_is_sent_as_soon_as_the_work_has_a_first_one() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").hold(incident="I-1")
    desk.at("06:02").revoke(desk.orders("I-1")[0].id)
    desk.at("06:03").second_crew(incident="I-1")
    assert [each.state for each in desk.orders()] == ["revoked"]
    desk.at("06:40").hold(incident="I-1", held=False)
    assert sorted(each.work for each in desk.orders() if each.state == "sent") == ["assist", "repair"]


def test_a_second_crew_under_way_is_called_back_when_it_is_not_wanted_any_more_and_comes_when_it_is_again() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1")
    desk.at("06:01").second_crew(incident="I-1")
    desk.at("06:02").second_crew(incident="I-1", wanted=False)
    [help_order] = [each for each in desk.orders() if each.assists]
    assert (help_order.state, desk.duty("E1")) == ("revoked", "available")
    assert desk.why("order", help_order.id)[-1] == ("revoked", "secondCrewNotWanted")
    desk.at("06:03").second_crew(incident="I-1")
    assert [each.state for each in desk.orders() if each.assists] == ["revoked", "sent"]


def test_a_second_crew_on_site_stays_and_one_that_was_done_is_not_sent_twice() -> None:
    desk = Desk("W1", "E1")
    desk.at("06:00").incident("I-1", place=NEAR_EAST)
    desk.at("06:01").second_crew(incident="I-1")
    helper = next(each.crew for each in desk.orders() if each.assists)
    desk.at("06:03").crew(helper, "accepted", "enroute", "arrived")
    desk.at("06:21").second_crew(incident="I-1", wanted=False)
    assert [each.state for each in desk.orders() if each.assists] == ["arrived"]
    desk.at("06:22").second_crew(incident="I-1")
    desk.at("06:40").crew(helper, "done")
    desk.at("06:50")
    assert [each.state for each in desk.orders() if each.assists] == ["done"]
