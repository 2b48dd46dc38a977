"""Whose answer tells the most: of devices that may have failed, and of incidents with few and many customers."""

from __future__ import annotations

import pytest

from services.outages.asking import By, Doubt, Question, is_in_doubt, millibits, questions, within
from services.outages.entities import Hypothesis
from tests.outages.town import device_id, name_of, town

NETWORK = town()


def doubt(incident: str = "I", **permille: int) -> Doubt:
    return Doubt(incident=incident, hypotheses=tuple(Hypothesis(device_id(d), p) for d, p in permille.items()))


def anybody(_incident: str, _customer: str, _by: By) -> bool:
    return True


def told(found: list[Question]) -> list[tuple[str, str, str, str | None]]:
    return [(q.by, q.customer, name_of(q.device), None if q.other is None else name_of(q.other)) for q in found]


def test_what_is_certain_tells_nothing_and_an_even_chance_the_most() -> None:
    for by in By:
        learned = [millibits(permille, by) for permille in range(1001)]
        assert (learned[0], learned[-1]) == (0, 0)
        assert min(learned) == 0
        assert 400 <= max(range(1001), key=lambda permille: learned[permille]) <= 600
    assert millibits(500, By.TEXT) == 400
    assert 800 < millibits(500, By.METER) < 1000


def test_the_meter_that_tells_the_fuse_from_the_recloser_is_chosen() -> None:
    found = questions(NETWORK, [doubt(T11=550, L1=350)], anybody, [By.METER])
    assert told(found) == [("meter", "T12-1", "L1", "T11"), ("meter", "T11-1", "T11", None)]
    assert within(found, {By.METER: 1}) == found[:1]


def test_a_place_where_everything_in_question_lies_above_is_not_asked() -> None:
    found = questions(NETWORK, [doubt(T11=600, L1=385, R1=10)], anybody, [By.METER])
    assert [name_of(q.place) for q in found] == ["L1"]  # behind R1 alone nobody is likely to be out


def test_of_two_incidents_the_one_with_more_customers_at_stake_is_asked_about_first() -> None:
    few, many = doubt("few", T13=400, T12=400), doubt("many", F2=400, T42=400)
    assert questions(NETWORK, [few, many], anybody)[0].incident == "many"
    assert questions(NETWORK, [many, few], anybody)[0].incident == "many"


def test_whoever_may_not_be_asked_is_passed_over_for_his_neighbour() -> None:
    found = questions(NETWORK, [doubt(T11=500, L1=400)], lambda _i, customer, _by: customer > "T12-2", [By.METER])
    assert told(found)[0] == ("meter", "T12-3", "L1", "T11")


def test_of_a_place_one_is_asked_by_the_meter_if_there_is_room_else_by_text() -> None:
    found = questions(NETWORK, [doubt(T11=550, L1=350)], anybody)
    assert told(within(found, {By.METER: 5, By.TEXT: 5}))[0][0] == "meter"
    assert told(within(found, {By.METER: 0, By.TEXT: 5})) == [
        ("text", "T12-1", "L1", "T11"),
        ("text", "T11-1", "T11", None),
    ]
    assert len({(q.incident, q.place) for q in within(found, {By.METER: 5, By.TEXT: 5})}) == len(
        within(found, {By.METER: 5, By.TEXT: 5})
    )


def test_no_more_are_asked_than_there_is_room_for() -> None:
    doubts = [doubt("I", T11=550, L1=350), doubt("J", T21=550, L2=350), doubt("K", T31=550, L3=350)]
    found = questions(NETWORK, doubts, anybody)
    chosen = within(found, {By.METER: 3, By.TEXT: 2})
    assert [sum(q.by is by for q in chosen) for by in By] == [3, 2]
    assert within(found, {}) == []


def test_who_could_tell_about_two_incidents_is_asked_about_one() -> None:
    chosen = within(questions(NETWORK, [doubt("I", T13=500), doubt("J", T13=500)], anybody), {By.METER: 9, By.TEXT: 9})
    assert [(q.incident, q.customer) for q in chosen] == [("I", "T13-1")]


@pytest.mark.parametrize(
    ("hypotheses", "asks"),
    [((), False), ((("T11", 950),), False), ((("T11", 949),), True), ((("T11", 400), ("L1", 400)), True)],
)
def test_what_is_nearly_certain_needs_no_question(hypotheses: tuple[tuple[str, int], ...], asks: bool) -> None:
    assert is_in_doubt([Hypothesis(device_id(device), permille) for device, permille in hypotheses]) is asks
