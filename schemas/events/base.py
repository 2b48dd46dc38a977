"""What every event has, and the kinds of value that events are made of.

Times are aware UTC (RFC 3339 on the wire), points are (lon, lat) in degrees WGS 84, durations are seconds.
The body is the authority: headers repeat it for those who route.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

# `\Z` and not `$`, which lets a trailing newline through.
Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\A[A-Za-z0-9_.:+/#-]+\Z")]
Instant = Annotated[dt.datetime, Meta(tz=True)]
Lon = Annotated[float, Meta(ge=-180, le=180)]
Lat = Annotated[float, Meta(ge=-90, le=90)]
Count = Annotated[int, Meta(ge=0, le=10_000_000)]
# International form: + and 7 to 15 digits (ITU-T E.164).
Phone = Annotated[str, Meta(pattern=r"\A\+[1-9][0-9]{6,14}\Z")]
Phases = Annotated[str, Meta(pattern=r"\A(?!.*(.).*\1)[ABC]{1,3}\Z")]
# Control characters other than tab and line breaks have no meaning in a note, and PostgreSQL's text cannot hold NUL.
PRINTABLE = r"\A[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F]*\Z"
Note = Annotated[str, Meta(max_length=500, pattern=PRINTABLE)]
Words = Annotated[str, Meta(max_length=1_600, pattern=PRINTABLE)]


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A point on the earth, degrees WGS 84. Equal points have equal bytes: 11 is 11.0, and -0.0 is 0.0."""

    lon: Lon
    lat: Lat

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "lon", float(self.lon) + 0.0)
        msgspec.structs.force_setattr(self, "lat", float(self.lat) + 0.0)


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """What every event has: an id derived from its cause, the time it speaks of, and whether it belongs to an exercise."""

    id: Id
    at: Instant
    exercise: bool = False
