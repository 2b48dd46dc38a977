"""The rows of a utility beside its grid: regions, crews, hotline accounts, agreements, planned work, holidays.

Fields stand in the order of the database's columns. Times of the day are of the utility's time zone; weekday 1 is Monday.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import datetime as dt


class RegionRow(NamedTuple):
    """A region is where one dispatch plan is made."""

    region: str
    name: str


class DepotRow(NamedTuple):
    """Where crews start from; degrees WGS 84."""

    depot: str
    name: str
    region: str
    lon: float
    lat: float


class CrewRow(NamedTuple):
    """A crew with its home depot. Skill `line` does every repair, `service` low voltage, premises and making safe.

    `barred` is where it may not go, each circle as latitude/longitude/metres.
    """

    crew: str
    depot: str
    skills: tuple[str, ...] = ("line",)
    certificates: tuple[str, ...] = ()
    kit: tuple[str, ...] = ()
    members: int = 2
    barred: tuple[str, ...] = ()


class ShiftRow(NamedTuple):
    """When a crew is on duty, or stands by at home. An end not after the start lies on the next day."""

    crew: str
    weekday: int
    starts: dt.time
    ends: dt.time
    kind: str = "duty"


class AccountRow(NamedTuple):
    """A hotline account; `language` is empty for the utility's first one."""

    account: str
    name: str
    language: str = ""


class PremiseRow(NamedTuple):
    """A customer that an account holds."""

    account: str
    customer: str


class ContactRow(NamedTuple):
    """Whom an account wants called: the ladder is climbed from rank 1; `wait_s` seconds until the next one is called."""

    account: str
    contact: str
    name: str
    phone: str
    rank: int
    wait_s: int = 120
    language: str = ""


class RosterRow(NamedTuple):
    """When a contact is called. An end not after the start lies on the next day."""

    account: str
    contact: str
    weekday: int
    starts: dt.time
    ends: dt.time


class AgreementRow(NamedTuple):
    """What was promised to an account or to a tier; both empty: to everybody. None: not promised."""

    agreement: str
    item: str
    account: str
    tier: str
    service_hours: str
    valid_from: dt.date
    valid_until: dt.date | None
    arrive_within_min: int | None
    restore_within_min: int | None
    announce_days: int | None
    most_interruptions: int | None
    availability: float | None


class WindowRow(NamedTuple):
    """Planned work: the devices that isolate it, in their order of id, and its time, UTC."""

    window: str
    isolates: tuple[str, ...]
    starts_at: dt.datetime
    ends_at: dt.datetime
    work: str = ""


class ChannelRow(NamedTuple):
    """Where a customer is told beside the first phone, or what holds for that phone.

    `moments` are the kinds of notice that go there, empty: all. Quiet hours are None where they are those of everybody.
    """

    customer: str
    channel: str
    address: str
    language: str = ""
    quiet_from: dt.time | None = None
    quiet_until: dt.time | None = None
    moments: tuple[str, ...] = ()


class QuietRow(NamedTuple):
    """When notices of a kind wait; of one tier, or of whatever tier where it is empty."""

    kind: str
    tier: str
    quiet_from: dt.time
    quiet_until: dt.time


class HolidayRow(NamedTuple):
    """A day on which agreed working hours do not run."""

    day: dt.date
    name: str
