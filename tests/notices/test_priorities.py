"""What goes out before what: danger, answers, the first of each outage, the others of a large one."""

from __future__ import annotations

from collections import Counter

from services.notices.moments import KIND_OF, Kind, Moment, Priority, priority_of
from services.notices.telling import FIRST_TEXTS
from tests.notices.storm import Storm

MANY = "".join(map(chr, range(0x4E00, 0x4E00 + 2 * FIRST_TEXTS)))
"""Customers of one letter each."""


def test_a_small_outage_does_not_wait_behind_all_of_a_large_one() -> None:
    storm = Storm(MANY + "ab")
    storm.at(1).incident("large", out=MANY).incident("small", out="ab").decide()
    of = {notice.key: notice.incident for notice in storm.notices()}
    found = Counter((of[effect.key], effect.priority) for effect in storm.outcomes[-1].effects)
    assert found == {
        ("large", Priority.FIRST): FIRST_TEXTS,
        ("large", Priority.OUTAGE): len(MANY) - FIRST_TEXTS,
        ("small", Priority.FIRST): 2,
    }


def test_danger_and_answers_go_before_outages_and_those_before_what_can_wait() -> None:
    ranks = {moment: priority_of(moment) for moment in Moment}
    assert ranks[Moment.SAFETY] < ranks[Moment.ANSWER] < priority_of(Moment.POWER_OUT, first=True)
    assert priority_of(Moment.POWER_OUT, first=True) < ranks[Moment.POWER_OUT] < ranks[Moment.PLANNED_REMINDER]
    assert ranks[Moment.PLANNED_REMINDER] < ranks[Moment.BROADCAST]
    for moment in (
        Moment.SAFETY,
        Moment.ANSWER,
        Moment.BROADCAST,
        *(m for m, k in KIND_OF.items() if k is Kind.PLANNED),
    ):
        assert priority_of(moment, first=True) is ranks[moment], "only outages have a first"
