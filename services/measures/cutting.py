"""How a period is cut into buckets, and what was lost in each. Pure; times are milliseconds."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

MINUTE_MS = 60_000
STEPS_MS = tuple(
    minutes * MINUTE_MS
    for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080, 20_160, 40_320, 525_600)
)
"""The lengths that a bucket may have."""
USUAL = 240
"""A period is cut into about so many buckets when nobody says how long one is."""
MOST = 2_000
"""Never more than so many: longer buckets are taken instead."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Buckets of `bucket` from `begins`, `count` of them; the last one holds `ends`."""

    begins: int
    bucket: int
    count: int

    def edges(self) -> list[int]:
        """Return where each bucket ends."""
        return [self.begins + self.bucket * (place + 1) for place in range(self.count)]

    def begun_by(self, moment: int) -> int:
        """Return how many buckets have begun by then."""
        return min(self.count, max(0, -(-(moment - self.begins) // self.bucket)))


def cut(begins: int, ends: int, *, last: int, asked: int | None) -> Cut:
    """Cut [begins, ends) so that `last`, when what began in it was over, lies in it too.

    `asked` is the length of a bucket; without it one is chosen by the length of the period.
    """
    length = max(1, ends - begins)
    bucket = asked or next((step for step in STEPS_MS if length <= step * USUAL), STEPS_MS[-1])
    whole = max(length, last - begins)
    if whole > bucket * MOST:
        bucket = next((step for step in STEPS_MS if step > bucket and whole <= step * MOST), -(-whole // MOST))
    return Cut(begins, bucket, -(-whole // bucket))


@dataclass(slots=True)
class Tally:
    """What began and what ended in each bucket, by its place, and who was out before the first one.

    Beginnings at an edge belong to the bucket behind it, ends to the one before it. `began` and `stopped` are of sustained
    interruptions: how many, and the sum of their times after `begins`; `back` are those that stopped because power came back.
    `lost` and `found` are of everybody, `opened` and `closed` of incidents.
    """

    began: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    stopped: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    back: Mapping[int, int] = field(default_factory=dict)
    out_before: int = 0
    lost: Mapping[int, int] = field(default_factory=dict)
    found: Mapping[int, int] = field(default_factory=dict)
    open_before: int = 0
    opened: Mapping[int, int] = field(default_factory=dict)
    closed: Mapping[int, int] = field(default_factory=dict)


def lost_in(tally: Tally, bucket: int, count: int) -> list[int]:
    """Return the customer-milliseconds lost in each bucket.

    Up to a moment t all that began by then lost t less their starts, and what had ended did not lose t less its ends. Between
    two edges lies what was lost in a bucket; all buckets together hold what the ledger holds, to the millisecond.
    """
    lost: list[int] = []
    running = since = before = 0
    for place in range(count):
        for sign, (number, summed) in (
            (1, tally.began.get(place, (0, 0))),
            (-1, tally.stopped.get(place, (0, 0))),
        ):
            running += sign * number
            since += sign * summed
        upto = running * bucket * (place + 1) - since
        lost.append(upto - before)
        before = upto
    return lost


def standing(before: int, more: Mapping[int, int], fewer: Mapping[int, int], count: int) -> list[int]:
    """Return how many there are at the end of each bucket."""
    steps = (more.get(place, 0) - fewer.get(place, 0) for place in range(count))
    return list(itertools.accumulate(steps, initial=before))[1:]
