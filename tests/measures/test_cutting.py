"""How periods are cut, and that no customer-millisecond is lost between two buckets."""

from __future__ import annotations

import random

from services.measures.cutting import MINUTE_MS, MOST, Cut, Tally, cut, lost_in, standing

HOUR = 60 * MINUTE_MS


def test_a_period_is_cut_into_lengths_that_people_read() -> None:
    assert cut(0, 6 * HOUR, last=0, asked=None) == Cut(0, 2 * MINUTE_MS, 180)
    assert cut(0, 24 * HOUR, last=0, asked=None) == Cut(0, 10 * MINUTE_MS, 144)
    assert cut(0, 7 * 24 * HOUR, last=0, asked=None) == Cut(0, HOUR, 168)


def test_the_last_bucket_holds_the_end_and_what_lasts_longer_gets_more_of_them() -> None:
    assert cut(5, 5 + HOUR, last=0, asked=25 * MINUTE_MS) == Cut(5, 25 * MINUTE_MS, 3)
    assert cut(0, HOUR, last=3 * HOUR + 1, asked=HOUR) == Cut(0, HOUR, 4)
    assert cut(7, 7, last=0, asked=None) == Cut(7, MINUTE_MS, 1)


def test_too_many_buckets_become_longer_ones() -> None:
    found = cut(0, 30 * 24 * HOUR, last=0, asked=1_000)
    assert found.count <= MOST
    assert found.bucket == 30 * MINUTE_MS
    assert cut(0, 3_000 * 8_760 * HOUR, last=0, asked=None).count <= MOST


def test_buckets_begin_one_after_the_other() -> None:
    buckets = Cut(100, 50, 4)
    assert buckets.edges() == [150, 200, 250, 300]
    assert [buckets.begun_by(moment) for moment in (0, 100, 101, 150, 151, 300, 900)] == [0, 0, 1, 1, 2, 4, 4]


def test_what_is_lost_in_buckets_is_what_each_interruption_overlaps_with_them() -> None:
    chance = random.Random(7)
    for _ in range(300):
        buckets = Cut(0, chance.randint(1, 40), chance.randint(1, 12))
        length = buckets.bucket * buckets.count
        spells = [
            (start, start + chance.randint(1, max(1, length - start)))
            for start in (chance.randrange(length) for _ in range(chance.randint(0, 9)))
        ]
        tally = Tally(
            began=_grouped([(start // buckets.bucket, start) for start, _ in spells]),
            stopped=_grouped([((end - 1) // buckets.bucket, end) for _, end in spells]),
        )
        lost = lost_in(tally, buckets.bucket, buckets.count)
        assert lost == [
            sum(max(0, min(end, edge) - max(start, edge - buckets.bucket)) for start, end in spells)
            for edge in buckets.edges()
        ]
        assert sum(lost) == sum(end - start for start, end in spells)


def _grouped(places: list[tuple[int, int]]) -> dict[int, tuple[int, int]]:
    found: dict[int, tuple[int, int]] = {}
    for place, at in places:
        number, summed = found.get(place, (0, 0))
        found[place] = number + 1, summed + at
    return found


def test_who_is_out_at_an_edge_began_and_did_not_end() -> None:
    assert standing(3, {0: 2, 2: 1}, {0: 4, 1: 1}, 4) == [1, 0, 1, 1]
