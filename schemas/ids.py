"""Identifiers: what names a thing, and how an id is derived from its causes.

An id that enters a decision or a digest is a hash of facts: never random, serial, or a time alone.
"""

from __future__ import annotations

import hashlib
from typing import NewType

EventId = NewType("EventId", str)
ReportId = NewType("ReportId", str)
CustomerId = NewType("CustomerId", str)
MeterId = NewType("MeterId", str)
DeviceId = NewType("DeviceId", str)
AreaId = NewType("AreaId", str)
IncidentId = NewType("IncidentId", str)
OrderId = NewType("OrderId", str)
CrewId = NewType("CrewId", str)
DepotId = NewType("DepotId", str)
WindowId = NewType("WindowId", str)
AccountId = NewType("AccountId", str)
EffectKey = NewType("EffectKey", str)

_SEPARATOR = "\x1f"


def derived(*causes: str | int) -> str:
    """Return the 24 hexadecimal digits that name what these causes brought about.

    Equal causes give the equal id, whoever asks and whenever; the unit separator keeps ("a", "bc") and ("ab", "c") apart.
    """
    return hashlib.sha256(_SEPARATOR.join(map(str, causes)).encode()).hexdigest()[:24]


def drawn(seed: int, *key: str | int) -> float:
    """Return a number in [0, 1) drawn from the seed and the key alone, so that no draw depends on the order of draws."""
    digest = hashlib.sha256(_SEPARATOR.join(map(str, (seed, *key))).encode()).digest()
    return int.from_bytes(digest[:7]) / (1 << 56)
