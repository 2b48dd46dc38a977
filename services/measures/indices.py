"""Reliability indices of IEEE Std 1366: how often and how long a customer is without power on average.

    SAIFI = sum(N_i) / N_T      SAIDI = sum(r_i N_i) / N_T      CAIDI = SAIDI / SAIFI

N_i customers of interruption i, r_i its duration, N_T customers served.
"""

from __future__ import annotations

from dataclasses import dataclass

SUSTAINED_MS = 300_000
"""An interruption that lasts longer than this is sustained (IEEE Std 1366); shorter ones are momentary and do not count here."""
MS_PER_MINUTE = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What the ledger sums up to: customer-interruptions, their milliseconds, and how many customers are served."""

    interruptions: int
    customer_ms: int
    served: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Indices:
    """SAIFI in interruptions, SAIDI and CAIDI in minutes."""

    saifi: float
    saidi_min: float
    caidi_min: float


def indices(totals: Totals) -> Indices:
    """Return the indices; without customers, or without interruptions, what would divide by zero is 0."""
    if totals.served == 0 or totals.interruptions == 0:
        return Indices(saifi=0.0, saidi_min=0.0, caidi_min=0.0)
    minutes = totals.customer_ms / MS_PER_MINUTE
    return Indices(
        saifi=totals.interruptions / totals.served,
        saidi_min=minutes / totals.served,
        caidi_min=minutes / totals.interruptions,
    )
