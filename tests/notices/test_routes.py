"""Which gateway takes what: the first that works; what failed rests, is tried with one, and trusted again by degrees."""

from __future__ import annotations

import dataclasses

import pytest

from services.engine.gateway import Result
from services.notices.gateways.pace import HANDED_S, LEAST, MOST, Pace
from services.notices.gateways.routes import FAILURES, REST_S, Routes


@dataclasses.dataclass
class Named:
    """A gateway of which only the name matters."""

    name: str
    kind: str = "text"

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def perform(self, key: str, shard: str, body: bytes) -> Result:
        raise NotImplementedError

    async def look_up(self, key: str) -> Result | None:
        raise NotImplementedError


A, B = Named("a"), Named("b")


@pytest.fixture
def routes() -> Routes:
    made = Routes([A, B])
    made.connected(A)
    made.connected(B)
    return made


def test_the_preferred_one_takes_all_while_it_works(routes: Routes) -> None:
    assert routes.shares(100, 0.0) == [(A, 100)]
    assert routes.choose(0.0) == A


def test_the_next_one_takes_over_at_once_and_keeps_it_while_the_first_rests(routes: Routes) -> None:
    routes.lost(A, 10.0)
    assert routes.shares(100, 10.0) == [(B, 100)]
    routes.connected(A)  # its link stands again soon: it rests all the same
    assert routes.shares(100, 10.0 + REST_S - 0.1) == [(B, 100)]


def test_one_that_has_rested_is_tried_with_one_and_drifts_back(routes: Routes) -> None:
    routes.lost(A, 0.0)
    routes.connected(A)
    assert routes.shares(100, REST_S) == [(A, 1), (B, 99)]
    assert routes.shares(100, REST_S, {"a": 1}) == [(B, 100)], "one is under way: no more until it is answered"
    for trusted in (4, 16, 64):
        routes.answered(A, good=True, now=REST_S)
        assert routes.shares(100, REST_S) == [(A, trusted), (B, 100 - trusted)]
    routes.answered(A, good=True, now=REST_S)
    assert routes.shares(100, REST_S) == [(A, 100)]


def test_one_that_answers_nothing_rests_though_its_link_stands(routes: Routes) -> None:
    for _ in range(FAILURES - 1):
        routes.answered(A, good=False, now=5.0)
    routes.answered(A, good=True, now=5.0)
    assert routes.choose(5.0) == A, "not in a row"
    for _ in range(FAILURES):
        routes.answered(A, good=False, now=5.0)
    assert routes.choose(5.0) == B
    assert routes.choose(5.0 + REST_S) == A


def test_where_no_other_one_works_none_rests(routes: Routes) -> None:
    routes.lost(B, 0.0)
    routes.lost(A, 0.0)
    assert routes.choose(1.0) is None
    routes.connected(A)
    assert routes.shares(100, 1.0) == [(A, 100)]


def test_one_kind_only() -> None:
    with pytest.raises(ValueError, match="one kind"):
        Routes([A, Named("call", kind="call")])
    with pytest.raises(ValueError, match="one at least"):
        Routes([])


def _answers(pace: Pace, count: int, seconds: float, *, begun: float, busy: int = 0) -> float:
    """Let a provider answer so many, one after another, `busy` of each hundred by saying that it is too busy; return when."""
    for number in range(count):
        pace.answered(busy=number % 100 < busy, now=begun + seconds * (number + 1) / count)
    return begun + seconds


def test_no_more_is_under_way_than_is_answered_in_two_seconds() -> None:
    pace = Pace(1_000, 0.0)
    now = _answers(pace, 100, 5.0, begun=0.0)  # 20 a second
    assert pace.room(0, now + 10) == 20 * HANDED_S
    assert pace.room(40, now + 10) == 0
    now = _answers(pace, 5_000, 5.0, begun=now)
    assert pace.room(0, now + 10) == 250, "a quarter of a second's worth at one stroke"
    assert pace.room(MOST - 30, now + 10) == 30


def test_a_provider_that_hardly_answers_has_hardly_anything_under_way_and_an_idle_one_all_its_room() -> None:
    pace = Pace(1_000, 0.0)
    pace.room(0, 0.0)
    assert pace.room(0, 60.0) == 200, "nothing was asked of it: nothing is known"
    pace.room(200, 60.0)
    _answers(pace, 3, 6.0, begun=60.0)
    assert (pace.room(4, 70.0), pace.room(LEAST, 70.0)) == (1, 0)


def test_the_rate_of_the_contract_is_kept() -> None:
    pace, sent = Pace(50, 0.0), 0
    for tick in range(100):  # ten seconds, every answer at once
        room = pace.room(0, tick / 10)
        pace.handed(room)
        sent += room
    assert 490 <= sent <= 50 * 10 + 13


def test_a_provider_that_is_too_busy_is_given_less_and_then_more_again() -> None:
    pace = Pace(1_000, 0.0)
    now = _answers(pace, 5_000, 5.0, begun=0.0, busy=50)
    slow = pace.per_s
    assert slow < 300
    _answers(pace, 5_000, 30.0, begun=now)
    assert pace.per_s == 1_000


def test_single_numbers_that_are_throttled_slow_nothing_down() -> None:
    pace = Pace(1_000, 0.0)
    _answers(pace, 5_000, 5.0, begun=0.0, busy=1)
    assert pace.per_s == 1_000
