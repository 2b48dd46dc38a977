from __future__ import annotations

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from services.hotline.entities import Escalation
from services.hotline.escalating import NOBODY_MS
from tests.hotline.ladder import CUSTOMER, SECOND, THREE, Ladder

OUTAGES = ("O-1", "O-2")
SAYS = ("out", "work", "back", "yes", "no", "ack", "report", "reportBack", "rank")


@dataclasses.dataclass(frozen=True)
class Tick:
    """What is said in one tick, `after_s` seconds after the one before."""

    after_s: int
    said: tuple[tuple[str, str, int], ...]


@st.composite
def days(draw: st.DrawFn) -> list[Tick]:
    says = st.tuples(st.sampled_from(SAYS), st.sampled_from(OUTAGES), st.integers(1, 4))
    waits = [0, 1, 29, 30, 31, 59, 60, 90, 119, 120, 121, 600, 2400]
    return [
        Tick(draw(st.sampled_from(waits)), tuple(draw(st.lists(says, max_size=4))))
        for _ in range(draw(st.integers(1, 10)))
    ]


def played(ticks: list[Tick], *, backwards: bool = False, resumed: bool = False) -> Ladder:
    ladder = Ladder(THREE, resumed=resumed)
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
    ladder.at("14:00")
    check(ladder)
    return ladder


def speak(ladder: Ladder, what: str, outage: str, attempt: int) -> None:
    match what:
        case "out" | "work":
            ladder.out(outage, window="W-1" if what == "work" else None)
        case "back":
            ladder.back(outage)
        case "ack":
            ladder.acknowledge(outage)
        case "report" | "reportBack":
            ladder.report(back=what == "reportBack", customer=CUSTOMER if outage == "O-1" else SECOND)
        case "rank":
            ladder.rank(f"K-{attempt}", "K-2")
        case _:
            ladder.answer(attempt, acknowledged=what == "yes", outage=outage)


def check(ladder: Ladder) -> None:
    """Assert what holds after every turn."""
    for escalation in standing(ladder):
        assert (escalation.next_call_at is not None) == (escalation.state == "calling")
        assert (escalation.ended_at is not None) == (escalation.state == "over")
        if escalation.next_call_at is not None:
            assert ladder.script.now < escalation.next_call_at <= ladder.script.now + NOBODY_MS
            assert ladder.script.wake_at is not None
            assert ladder.script.wake_at <= escalation.next_call_at
        assert [attempt for attempt, _ in ladder.calls(escalation.id)] == list(range(1, escalation.calls + 1))
        reasons = {reason for _, reason in ladder.why(escalation.id)}
        assert escalation.calls or reasons & {"backBeforeCall", "olderThanReturn", "acknowledged"}


def standing(ladder: Ladder) -> list[Escalation]:
    return [each for each in ladder.script.entities["escalation"].values() if isinstance(each, Escalation)]


@given(days())
@settings(deadline=None, max_examples=60)
def test_whoever_is_out_is_called_without_a_gap_and_every_fact_is_answered(ticks: list[Tick]) -> None:
    ladder = played(ticks)
    ids = [entry.id for entry in ladder.script.journal]
    assert len(ids) == len(set(ids))
    assert all(entry.facts for entry in ladder.script.journal)
    keys = [draft.key for outcome in ladder.script.outcomes for draft in outcome.effects]
    assert len(keys) == len(set(keys))
    answered = {fact for entry in ladder.script.journal for fact in entry.facts}
    assert {f"said-{number + 1}" for number in range(ladder._said)} <= answered


@given(days())
@settings(deadline=None, max_examples=60)
def test_nobody_is_called_twice_on_one_way_up_nor_after_the_calls_were_stopped(ticks: list[Tick]) -> None:
    ladder = played(ticks)
    for escalation in standing(ladder):
        ways: list[list[str]] = [[]]
        stopped = False
        for outcome in ladder.script.outcomes:
            for entry in outcome.journal:
                if entry.subject == escalation.id:
                    stopped = entry.to != "calling"
                    if entry.reason == "noLongerPlanned":
                        ways.append([])
            for draft in outcome.effects:
                if getattr(draft.body, "outage", None) != escalation.id:
                    continue
                assert not stopped
                if ("placed", "ladderAgain") in ladder.script.why("call", draft.key):
                    ways.append([])
                ways[-1].append(draft.body.contact)  # type: ignore[attr-defined]
        assert all(len(set(way)) == len(way) for way in ways)


@given(days())
@settings(deadline=None, max_examples=40)
def test_of_announced_work_nobody_is_told_twice(ticks: list[Tick]) -> None:
    only_work = [dataclasses.replace(t, said=tuple(s for s in t.said if s[0] in {"work", "no"})) for t in ticks]
    ladder = played(only_work)
    for escalation in standing(ladder):
        contacts = [contact for contact, _ in ladder.called(escalation.id)]
        assert len(set(contacts)) == len(contacts) == len(THREE)
        assert escalation.state == "told"


@given(days())
@settings(deadline=None, max_examples=40)
def test_the_order_of_arrival_within_a_tick_changes_no_byte(ticks: list[Tick]) -> None:
    assert played(ticks).script.bytes_decided() == played(ticks, backwards=True).script.bytes_decided()


@given(days())
@settings(deadline=None, max_examples=40)
def test_a_worker_that_takes_over_at_any_tick_decides_the_same_bytes(ticks: list[Tick]) -> None:
    assert played(ticks).script.bytes_decided() == played(ticks, resumed=True).script.bytes_decided()
