"""How estimates fared: when power was back, less when it had been told to be. Pure; minutes."""

from __future__ import annotations

import bisect
import statistics
from collections.abc import Sequence

from services.measures.shown import Bin, Estimates

LATE_MIN = 30
"""Power that is back later than told by more than this is late."""
EDGES_MIN = (-240, -120, -60, -30, 0, 30, 60, 120, 240)
"""Where the bins of errors meet."""


def fared(errors: Sequence[float], changes: int, within: Sequence[bool] = ()) -> Estimates:
    """Return how the first estimates of incidents fared, of their errors in minutes (later than told is above 0).

    `changes` is how often they were changed afterwards; `within` says of those that were told with an interval whether power was
    back in it. Of none there is neither a share nor a median.
    """
    counts = [0] * (len(EDGES_MIN) + 1)
    for error in errors:
        counts[bisect.bisect_right(EDGES_MIN, error)] += 1
    bounds = (None, *EDGES_MIN, None)
    return Estimates(
        incidents=len(errors),
        late_share=sum(error > LATE_MIN for error in errors) / len(errors) if errors else None,
        median_error_min=statistics.median(abs(error) for error in errors) if errors else None,
        changes=changes,
        intervals=len(within),
        within_share=sum(within) / len(within) if within else None,
        bins=[
            Bin(from_min=bounds[place], until_min=bounds[place + 1], incidents=number)
            for place, number in enumerate(counts)
        ],
    )
