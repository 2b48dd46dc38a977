"""Are probabilities what they say? Of what was held to be 70 % likely, 70 % should be so."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

BINS = 10

Point = tuple[float, bool]
"""A probability that was stated, and whether it was so."""


@dataclasses.dataclass(frozen=True, slots=True)
class Bin:
    """Statements with probabilities from `low` up to `high`: how many, their mean probability, and the share that was so."""

    low: float
    high: float
    count: int
    mean: float
    right: float


def reliability(points: Iterable[Point], bins: int = BINS) -> tuple[Bin, ...]:
    """Return the table of so many equally wide bins; a probability of 1 belongs to the last one.

    Raises ValueError for what is no probability.
    """
    found: list[list[Point]] = [[] for _ in range(bins)]
    for probability, right in points:
        if not 0.0 <= probability <= 1.0:
            raise ValueError(f"{probability} is no probability")
        found[min(int(probability * bins), bins - 1)].append((probability, right))
    return tuple(
        Bin(
            low=number / bins,
            high=(number + 1) / bins,
            count=len(of),
            mean=sum(sorted(probability for probability, _ in of)) / len(of) if of else 0.0,
            right=sum(right for _, right in of) / len(of) if of else 0.0,
        )
        for number, of in enumerate(found)
    )


def expected_calibration_error(table: Sequence[Bin]) -> float | None:
    """Return how far mean probability and share lie apart, over all bins, each weighed by its count; None: nothing was stated."""
    total = sum(each.count for each in table)
    return sum(each.count * abs(each.mean - each.right) for each in table) / total if total else None


def in_words(table: Sequence[Bin]) -> str:
    """Return the table for people."""
    rows = [
        f"  {each.low:.1f} - {each.high:.1f} {each.count:7d} {each.mean:9.3f} {each.right:9.3f}"
        for each in table
        if each.count
    ]
    return "\n".join(["  stated      count      mean     right", *rows])
