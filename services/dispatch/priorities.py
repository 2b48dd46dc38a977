"""Which work goes first: six classes, each with its reason; within a class the oldest goes first."""

from __future__ import annotations

import enum
from typing import Protocol

from services.dispatch.reasons import Reason


class Priority(enum.StrEnum):
    """The classes of work, in the order in which crews are sent."""

    HAZARD = "hazard"
    LIFE_SUPPORT = "lifeSupport"
    IMPORTANT_OR_LARGE = "importantOrLarge"
    FEEDER = "feeder"
    LATERAL = "lateral"
    SINGLE = "single"

    @property
    def rank(self) -> int:
        """Return the place in the order: 0 goes first."""
        return _RANKS[self]

    @property
    def reason(self) -> Reason:
        """Return why work is in this class."""
        return _REASONS[self]


_RANKS = {priority: rank for rank, priority in enumerate(Priority)}
_REASONS = {
    Priority.HAZARD: Reason.DANGER,
    Priority.LIFE_SUPPORT: Reason.LIFE_SUPPORT_OUT,
    Priority.IMPORTANT_OR_LARGE: Reason.IMPORTANT_OUT,
    Priority.FEEDER: Reason.FEEDER_OUT,
    Priority.LATERAL: Reason.LATERAL_OUT,
    Priority.SINGLE: Reason.FEW_OUT,
}
FEEDER_DEVICES = frozenset({"breaker", "recloser", "switch"})
"""The device classes behind which a feeder, or a good part of one, lies."""
LATERAL_DEVICES = frozenset({"fuse"})
"""The device classes behind which a lateral lies."""


class Pressing(Protocol):
    """What of an incident, or of a change of one, says how urgent it is."""

    @property
    def life_support(self) -> int:
        """Of the customers out: those who depend on power to live."""

    @property
    def important(self) -> int:
        """Of the customers out: those of the tiers important and large."""

    @property
    def customers_out(self) -> int:
        """The customers out."""

    @property
    def device_class(self) -> str:
        """What kind of device has failed."""


def priority_of(change: Pressing) -> Priority:
    """Return the class of an incident: by who is out, else by what failed; one customer alone is `single`."""
    if change.life_support:
        return Priority.LIFE_SUPPORT
    if change.important:
        return Priority.IMPORTANT_OR_LARGE
    if change.customers_out == 1:
        return Priority.SINGLE
    if change.device_class in FEEDER_DEVICES:
        return Priority.FEEDER
    return Priority.LATERAL if change.device_class in LATERAL_DEVICES else Priority.SINGLE
