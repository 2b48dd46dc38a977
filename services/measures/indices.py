"""Reliability indices of IEEE Std 1366: how often and how long a customer is without power on average.

    SAIFI = sum(N_i) / N_T      SAIDI  = sum(r_i N_i) / N_T     CAIDI = SAIDI / SAIFI     ASAI  = 1 - sum(r_i N_i) / (N_T T)
    CAIFI = sum(N_i) / CN       CTAIDI = sum(r_i N_i) / CN                                MAIFI = sum(IM_i) / N_T

N_i customers of sustained interruption i, r_i its duration, N_T customers served, CN distinct customers with a sustained
interruption, IM_i customers of momentary interruption i, T the length of the period.
"""

from __future__ import annotations

from dataclasses import dataclass

SUSTAINED_MS = 300_000
"""An interruption that lasts longer than this is sustained (IEEE Std 1366), one that does not is momentary."""
MS_PER_MINUTE = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What the ledger sums up to over a period of `period_ms` milliseconds.

    `interruptions` are customers times sustained interruptions, `customer_ms` their milliseconds, `interrupted` the distinct
    customers in them; `momentary` are customers times momentary interruptions; `served` are all customers.
    """

    interruptions: int
    customer_ms: int
    interrupted: int
    momentary: int
    served: int
    period_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Indices:
    """Frequencies in interruptions a customer, durations in minutes, ASAI as a share of 1."""

    saifi: float
    saidi_min: float
    caidi_min: float
    caifi: float
    ctaidi_min: float
    asai: float
    maifi: float


def indices(totals: Totals) -> Indices:
    """Return the indices; what would divide by zero (nobody served, nobody interrupted, no time) is 0, and ASAI is 1."""
    minutes = totals.customer_ms / MS_PER_MINUTE
    return Indices(
        saifi=_share(totals.interruptions, totals.served),
        saidi_min=_share(minutes, totals.served),
        caidi_min=_share(minutes, totals.interruptions),
        caifi=_share(totals.interruptions, totals.interrupted),
        ctaidi_min=_share(minutes, totals.interrupted),
        asai=1.0 - _share(totals.customer_ms, totals.served * totals.period_ms),
        maifi=_share(totals.momentary, totals.served),
    )


def _share(part: float, whole: int) -> float:
    return part / whole if whole else 0.0
