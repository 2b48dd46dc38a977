"""What the installation's own history says of how long restoration takes, for whoever estimates it."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.events.base import Count, Event, Id

Measure = Annotated[int, Meta(ge=0, le=31_536_000)]
"""A duration in whole seconds, or a share in thousandths: up to a year, or that many times."""


class Part(enum.StrEnum):
    """The parts that a restoration is made of, as they are measured.

    `reach`: until a crew is on site, from any moment of the wait, seconds. `arrival`: from the order to the crew on site, in
    thousandths of what the order foresaw. `planned`: the same of an arrival that a plan foresaw, from when it did. `repair`: from
    the crew on site to power back, seconds, as it is usually; `usual` is what half of these take at most. `lately`: by how much
    repairs take longer or shorter if those of the last hours did, thousandths.
    """

    REACH = "reach"
    ARRIVAL = "arrival"
    PLANNED = "planned"
    REPAIR = "repair"
    USUAL = "usual"
    LATELY = "lately"


class Cell(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long it takes under these circumstances: equally likely values, ascending. `of` names the circumstances."""

    of: Id
    values: list[Measure]


class Learnt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was learnt of a part, from how many measurements.."""

    part: Part
    measured: Count
    cells: list[Cell]


class Bounds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the bands of a count or a time meet, ascending; `of` names it."""

    of: Id
    at: list[Count]


class Pace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long this crew takes for a repair, in thousandths of the usual."""

    crew: Id
    permille: Annotated[int, Meta(ge=200, le=5_000)]


class EstimatesLearnt(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="estimates.learnt.v1"):
    """From now on the restorations of an area are estimated by this: distributions by circumstances, from so many incidents.

    `utc_offset_s` is how far the utility's clocks are ahead of UTC: nights are nights there. `learning` names the learning that it
    comes from. Without parts nothing is known any more, and the figures of device classes hold.
    """

    area: Id
    learning: Id
    incidents: Count
    utc_offset_s: Annotated[int, Meta(ge=-86_400, le=86_400)]
    bounds: list[Bounds]
    parts: list[Learnt]
    paces: list[Pace] = msgspec.field(default_factory=list)
