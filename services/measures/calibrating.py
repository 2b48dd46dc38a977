"""How far the probabilities of hypotheses can be believed: what was said to be likely, against how often it was true. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from services.measures.shown import Calibration, CalibrationBin

BINS = 10
"""Into so many equal parts probabilities are sorted; certainty belongs to the last."""
_WHOLE = 1000


class Said(NamedTuple):
    """A hypothesis, as it stood before anybody saw what had failed: its probability, and whether it was true."""

    permille: int
    was_true: bool


class Scored(NamedTuple):
    """What had failed in one incident: its rank and probability before it was seen, and its rank at first; None: not named."""

    last_rank: int | None
    last_permille: int
    first_rank: int | None


def calibrated(incidents: Sequence[Scored], hypotheses: Sequence[Said]) -> Calibration:
    """Return how belief fared over incidents, and all the hypotheses there were of them. Of none there are no shares."""
    held: list[list[Said]] = [[] for _ in range(BINS)]
    for each in hypotheses:
        held[min(each.permille * BINS // _WHOLE, BINS - 1)].append(each)
    return Calibration(
        incidents=len(incidents),
        ranked_first=sum(each.last_rank == 1 for each in incidents),
        named=sum(each.last_rank is not None for each in incidents),
        ranked_first_at_first=sum(each.first_rank == 1 for each in incidents),
        mean_of_true=_mean([each.last_permille for each in incidents]),
        bins=[
            CalibrationBin(
                from_percent=place * 100 // BINS,
                until_percent=(place + 1) * 100 // BINS,
                hypotheses=len(said),
                true=sum(each.was_true for each in said),
                said=_mean([each.permille for each in said]),
            )
            for place, said in enumerate(held)
        ],
    )


def _mean(permille: Sequence[int]) -> float | None:
    return sum(permille) / len(permille) / _WHOLE if permille else None
