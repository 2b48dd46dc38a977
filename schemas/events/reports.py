"""What is heard: reports of customers and meters, of danger, of hotline accounts; states of devices."""

from __future__ import annotations

import enum

from schemas.events.base import Event, Id, Note, Phases, Phone, Place


class ReportKind(enum.StrEnum):
    """What somebody or something reports. `NO_ANSWER`: a meter was asked whether it has power, and did not answer."""

    CALL = "call"
    TEXT = "text"
    LAST_GASP = "lastGasp"
    POWER_RESTORED = "powerRestored"
    NO_ANSWER = "noAnswer"


class OutageReported(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="outage.reported.v1"):
    """A call, a text, a meter's last gasp or its message that power is back. `at` is when it was observed, not when it arrived.

    At least one of `customer`, `meter`, `phone`, `pole` and `place` is given; a report that names none of them cannot be
    located and is parked. `phone` is the number that called: one may stand for several premises. `device` is
    a number painted on one.
    """

    kind: ReportKind
    customer: Id | None = None
    meter: Id | None = None
    phone: Phone | None = None
    pole: Id | None = None
    device: Id | None = None
    place: Place | None = None
    words: Note = ""


class HazardKind(enum.StrEnum):
    """What is dangerous."""

    WIRE_DOWN = "wireDown"
    FIRE = "fire"
    SPARKING = "sparking"
    POLE_DOWN = "poleDown"
    TREE_ON_LINE = "treeOnLine"
    OTHER = "other"


class HazardReported(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hazard.reported.v1"):
    """Danger at a place, with or without an outage. At least one of `place`, `pole`, `device` and `customer` says where."""

    hazard: HazardKind
    place: Place | None = None
    pole: Id | None = None
    device: Id | None = None
    customer: Id | None = None
    phone: Phone | None = None
    words: Note = ""


class HotlineReported(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hotline.reported.v1"):
    """What a hotline account, or a meter of it, says of its supply. It goes before every other report.

    `customer` is the account's premise that is meant; it may be left out by an account that has one only.
    """

    account: Id
    kind: ReportKind
    customer: Id | None = None
    meter: Id | None = None
    contact: Id | None = None
    words: Note = ""


class SwitchPosition(enum.StrEnum):
    """How a device stands."""

    OPEN = "open"
    CLOSED = "closed"


class Quality(enum.StrEnum):
    """How far a state can be trusted (IEC 61970 words)."""

    GOOD = "good"
    SUSPECT = "suspect"
    INVALID = "invalid"


class StateSource(enum.StrEnum):
    """Who says how a device stands. `COMMAND`: it was told to stand so, which nobody has seen yet."""

    SCADA = "scada"
    CREW = "crew"
    CONSOLE = "console"
    COMMAND = "command"


class DeviceStateReported(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="device.state.v1"):
    """How a device stands, for the phases it measures, as seen at `at`. `device` is `switch:ID` or another device's id.

    `by` is the crew or the person at the console who says so.
    """

    device: Id
    position: SwitchPosition
    source: StateSource
    phases: Phases = "ABC"
    quality: Quality = Quality.GOOD
    by: Id | None = None
