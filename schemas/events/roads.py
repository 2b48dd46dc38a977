"""Roads: what a dispatcher says of where crews can drive."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.events.base import Event, Id, Instant, Note, Place


class RoadClosed(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.closeRoad.v1"):
    """A dispatcher lets no crew of a region be sent over a road.

    Closed is what lies within `within_m` metres of the line through `places` (one place: around it), and the way of OpenStreetMap
    whose id is `way`. It is closed until it is opened again, or until `until`. The id of this event names the closure.
    """

    region: Id
    by: Id
    places: Annotated[list[Place], Meta(max_length=100)] = msgspec.field(default_factory=list)
    within_m: Annotated[int, Meta(ge=1, le=5_000)] = 25
    way: Annotated[int, Meta(ge=1, le=2**53)] | None = None
    until: Instant | None = None
    why: Note = ""


class RoadOpened(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dispatcher.openRoad.v1"):
    """A dispatcher opens again what was closed; `closure` is the id of the event that closed it."""

    region: Id
    closure: Id
    by: Id
    why: Note = ""
