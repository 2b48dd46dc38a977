"""Numbers drawn from the seed and a key alone: what the world does never depends on the order in which it does it."""

from __future__ import annotations

import math

from schemas.ids import drawn

__all__ = ["between", "chance", "drawn", "waited"]


def between(seed: int, low: int, high: int, *key: str | int) -> int:
    """Return a whole number from low to high, both included, each equally likely."""
    return low + int(drawn(seed, *key) * (high - low + 1))


def chance(seed: int, share: float, *key: str | int) -> bool:
    """Answers whether this draw falls into a share (0 to 1) of all draws."""
    return drawn(seed, *key) < share


def waited(seed: int, median_ms: int, longest_ms: int, *key: str | int) -> int:
    """Return a waiting time in milliseconds with this median: exponential, cut at the longest, in whole seconds."""
    factor = -math.log2(1.0 - drawn(seed, *key))
    return min(longest_ms, round(median_ms * factor / 1000) * 1000)
