"""What must hold whatever happens by day and by night, on phones of one premise and of several."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import ConsentChanged, IncidentChanged, OrderState
from services.engine.deciding import canonical
from services.notices.moments import Channel, InboundTaken, Kind
from services.notices.people import Contact, Reached
from tests.notices.storm import BACK, MINUTE_MS, NIGHTLY, OUT, PARTIAL, T0, Storm, phone

if TYPE_CHECKING:
    from schemas.events import Event

PEOPLE = {
    "a": Reached(phones=(phone(1),), name="a"),
    "b": Reached(phones=(phone(1),), name="b", language="zh"),
    "c": Reached(phones=(phone(2), phone(1)), name="c"),
    "d": Reached(phones=(phone(3),), name="d", consents=False),
    "e": Reached(
        phones=(phone(5),),
        name="e",
        contacts=(
            Contact(id="mail", channel=Channel.EMAIL, address="e@example.org"),
            Contact(
                id="back", channel=Channel.WEBHOOK, address="https://example.org/e", kinds=frozenset({Kind.RESTORED})
            ),
        ),
    ),
}
STEP = 97
"""Minutes between two turns of a script, so that a dozen of them reach over a night."""


@st.composite
def nights(draw: st.DrawFn) -> list[list[Event]]:
    """Return the events of each step: customers held by one incident at a time, estimates, crews, texts and consents."""
    storm = Storm(PEOPLE, NIGHTLY)
    holder: dict[str, str] = {}
    steps: list[list[Event]] = []
    for step in range(draw(st.integers(1, 12))):
        storm.at(step * STEP)
        for incident in draw(st.lists(st.sampled_from("IJ"), unique=True)):
            free = sorted(set(PEOPLE) - set(holder))
            mine = sorted(c for c, held in holder.items() if held == incident)
            joined = draw(st.lists(st.sampled_from(free), unique=True)) if free else []
            left = draw(st.lists(st.sampled_from(mine), unique=True)) if mine else []
            estimate = draw(st.none() | st.integers(0, 12 * STEP))
            storm.incident(incident, PARTIAL, out="".join(joined), back="".join(left), estimate=estimate)
            for customer in left:
                del holder[customer]
            holder.update(dict.fromkeys(joined, incident))
            if draw(st.booleans()):
                storm.order(f"O{step}{incident}", incident, draw(st.sampled_from(OrderState)))
        if draw(st.booleans()):
            storm.consent(phone(draw(st.integers(1, 3))), consents=draw(st.booleans()))
        if draw(st.booleans()):
            storm.writes(phone(draw(st.integers(1, 4))), draw(st.sampled_from(["OUT", "1", "状态", "stop", "?"])))
        steps.append([fact.what for fact in storm._facts])  # type: ignore[misc]
        storm._facts = []
    return steps


def play(steps: list[list[Event]], shuffle: Any = None) -> list[Storm]:
    """Play the steps, and every wake-up between them and after them, and return the storm as it stood after each turn."""
    storm = Storm(PEOPLE, NIGHTLY)
    seen: list[Storm] = []

    def turn(now: int) -> None:
        storm.now = now
        storm.decide()
        kept = Storm(PEOPLE, NIGHTLY)
        kept.now, kept.outcomes, kept.told = now, [storm.outcomes[-1]], storm.told
        seen.append(kept)

    for step, events in enumerate(steps):
        now = T0 + step * STEP * MINUTE_MS
        while storm.wake_at is not None and storm.wake_at < now:
            turn(storm.wake_at)
        ordered = list(events)
        if shuffle is not None:
            shuffle(ordered)
        storm.now = now
        for event in ordered:
            storm.fact(event)
        turn(now)
    while storm.wake_at is not None:
        turn(storm.wake_at)
    return seen


@settings(deadline=None, max_examples=40)
@given(nights(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_no_decision(steps: list[list[Event]], random: Any) -> None:
    def decided(seen: list[Storm]) -> list[bytes]:
        return [canonical(storm.outcomes[0]) for storm in seen]

    assert decided(play(steps)) == decided(play(steps, random.shuffle))


def answered(storm: Storm, out: set[str]) -> list[str]:
    """Return who of those without power wrote to us in this turn, and so knows what is known."""
    wrote = {record.phone for record in storm.outcomes[0].records if isinstance(record, InboundTaken)}
    return sorted(customer for customer in out if wrote.intersection(PEOPLE[customer].phones))


@settings(deadline=None, max_examples=100)
@given(nights())
def test_what_is_told_holds_when_it_is_told_at_no_unearthly_hour_and_to_who_wants_it(steps: list[list[Event]]) -> None:
    out: set[str] = set()
    willing = {phone(1): True, phone(2): True, phone(3): False, phone(5): True}
    told: dict[tuple[str, str], list[str]] = {}
    happened = {T0 + step * STEP * MINUTE_MS: events for step, events in enumerate(steps)}
    for storm in play(steps):
        for event in happened.pop(storm.now, []):
            if isinstance(event, IncidentChanged):
                out = (out | set(event.out)) - set(event.restored)
            elif isinstance(event, ConsentChanged):
                willing[event.phone] = event.consents
        for customer in answered(storm, out):
            told.setdefault((customer, Channel.TEXT), []).append(OUT)
        for notice in storm.notices():
            loud = notice.channel is Channel.TEXT
            assert not loud or NIGHTLY.quiet_end(storm.now) is None
            for customer in notice.customers:
                assert (customer in out) is (notice.moment is not BACK)
                assert not loud or willing[PEOPLE[customer].phones[0]]
                told.setdefault((customer, notice.channel), []).append(notice.moment)
        assert len({notice.handle + notice.moment + notice.incident for notice in storm.notices()}) == len(
            storm.notices()
        )
    assert happened == {}
    for (_, channel), moments in told.items():
        ends = [moment for moment in moments if moment in {OUT, BACK}]
        once_each = channel != Channel.WEBHOOK
        assert all(one != other for one, other in itertools.pairwise(ends) if BACK in {one, other} and once_each)
        assert once_each or set(moments) == {BACK}
