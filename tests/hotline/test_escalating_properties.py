from __future__ import annotations

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from services.hotline.entities import Escalation
from services.hotline.escalating import REPEAT_MS
from tests.hotline.ladder import Ladder

OUTAGES = ("O-1", "O-2")


@dataclasses.dataclass(frozen=True)
class Tick:
    """What is said in one tick, `after_s` seconds after the one before."""

    after_s: int
    said: tuple[tuple[str, str, int], ...]


@st.composite
def days(draw: st.DrawFn) -> list[Tick]:
    says = st.tuples(st.sampled_from(["out", "back", "yes", "no"]), st.sampled_from(OUTAGES), st.integers(1, 4))
    return [
        Tick(draw(st.sampled_from([0, 1, 29, 30, 31, 119, 120, 121, 600])), tuple(draw(st.lists(says, max_size=4))))
        for _ in range(draw(st.integers(1, 10)))
    ]


def played(ticks: list[Tick], *, backwards: bool = False, resumed: bool = False) -> Ladder:
    ladder = Ladder(resumed=resumed)
    second = 6 * 3600
    for tick in ticks:
        second += tick.after_s
        ladder.at(f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}")
        for what, outage, attempt in tick.said:
            speak(ladder, what, outage, attempt)
        if backwards:
            ladder.script.turn_round()
        ladder.script.settle()
        check(ladder)
    ladder.at("23:00")
    check(ladder)
    return ladder


def speak(ladder: Ladder, what: str, outage: str, attempt: int) -> None:
    if what == "out":
        ladder.out(outage)
    elif what == "back":
        ladder.back(outage)
    else:
        ladder.answer(attempt, acknowledged=what == "yes", outage=outage)


def check(ladder: Ladder) -> None:
    standing = [e for e in ladder.script.entities["escalation"].values() if isinstance(e, Escalation)]
    for escalation in standing:
        assert (escalation.next_call_at is not None) == (escalation.state == "calling")
        if escalation.next_call_at is not None:
            assert ladder.script.now < escalation.next_call_at <= ladder.script.now + REPEAT_MS
            assert ladder.script.wake_at is not None
            assert ladder.script.wake_at <= escalation.next_call_at
        assert [attempt for attempt, _ in ladder.calls(escalation.id)] == list(range(1, escalation.calls + 1))
        reasons = {reason for _, reason in ladder.why(escalation.id)}
        assert escalation.calls or "backBeforeCall" in reasons


@given(days())
@settings(deadline=None, max_examples=100)
def test_whoever_is_out_is_called_without_a_gap_and_every_step_is_noted_once(ticks: list[Tick]) -> None:
    ladder = played(ticks)
    ids = [entry.id for entry in ladder.script.journal]
    assert len(ids) == len(set(ids))
    assert all(entry.facts for entry in ladder.script.journal)
    keys = [draft.key for outcome in ladder.script.outcomes for draft in outcome.effects]
    assert len(keys) == len(set(keys))


@given(days())
@settings(deadline=None, max_examples=50)
def test_the_order_of_arrival_within_a_tick_changes_no_byte(ticks: list[Tick]) -> None:
    assert played(ticks).script.bytes_decided() == played(ticks, backwards=True).script.bytes_decided()


@given(days())
@settings(deadline=None, max_examples=50)
def test_a_worker_that_takes_over_at_any_tick_decides_the_same_bytes(ticks: list[Tick]) -> None:
    assert played(ticks).script.bytes_decided() == played(ticks, resumed=True).script.bytes_decided()
