"""What is believed of reports and faults beforehand: who speaks, how soon, how often without cause, and which devices fail.

Times are quanta of 15 s. A utility's own history replaces the shares (`learning.py`); delays are log-normal.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

QUANTUM_MS = 15_000
QUANTA_A_MINUTE = 60_000 // QUANTUM_MS
LONGEST = 6 * 60 * QUANTA_A_MINUTE
"""No report is awaited longer than this, quanta."""
PER_CUSTOMERS = 10_000
PREMISES = "premises"
"""The share of faults that are of a single customer's premises, beside the classes of devices."""


@dataclass(frozen=True, slots=True)
class Delay:
    """A log-normal time from the loss of power: its median in minutes, and the deviation of its logarithm."""

    median_min: float
    sigma: float

    def cdf(self) -> NDArray[np.float64]:
        """Return the share that has come within 0, 1, 2, ... quanta."""
        return _cdf(self.median_min * QUANTA_A_MINUTE, self.sigma)


@functools.cache
def _cdf(median: float, sigma: float) -> NDArray[np.float64]:
    scale = sigma * math.sqrt(2)
    shares = [0.0, *(0.5 * (1 + math.erf(math.log(n / median) / scale)) for n in range(1, LONGEST + 1))]
    table = np.array(shares)
    table.setflags(write=False)
    return table


_MIX = MappingProxyType(
    {
        "breaker": 0.04,
        "recloser": 0.08,
        "fuse": 0.30,
        "transformer": 0.18,
        "lvFuse": 0.10,
        "switch": 0.01,
        PREMISES: 0.29,
    }
)
_EXPOSED = MappingProxyType({"fuse": 0.25})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Beliefs about reports and faults.

    `call_share` of the customers without power call, `gasp_share` of the meters are heard. Calls come `call_delay` after the
    loss. A last gasp comes in `gasp_delay` after it, and the time that it gives lies `gasp_stamp` after it. `stray_calls` and
    `stray_gasps` are reports per customer and minute of those who have power. `faults_an_hour` are expected per 10,000
    customers, of all devices and premises, in the shares of `mix` by device class; `exposed` weighs a class down whose devices
    guard short lines. A fault is likelier near others of the same feeder: `clustering` is so many faults' worth of doubt that
    it is not. A meter with power answers with `answer_share` when it is asked; a message that power is there is wrong with
    `wrong_power`.
    """

    call_share: float = 0.12
    gasp_share: float = 0.85
    call_delay: Delay = Delay(12.0, 0.9)
    gasp_delay: Delay = Delay(0.85, 0.35)
    gasp_stamp: Delay = Delay(0.12, 0.8)
    stray_calls: float = 0.0002 / 60
    stray_gasps: float = 0.0005 / 60
    faults_an_hour: float = 2.0
    mix: Mapping[str, float] = field(default_factory=lambda: _MIX)
    exposed: Mapping[str, float] = field(default_factory=lambda: _EXPOSED)
    clustering: float = 2.0
    answer_share: float = 0.95
    wrong_power: float = 0.02


USUAL = Rates()
"""What is believed where a utility's own history says nothing."""
