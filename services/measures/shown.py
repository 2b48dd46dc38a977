"""The shapes in which figures are shown. Times are milliseconds since the epoch, `_min` are minutes, `_s` seconds."""

from __future__ import annotations

import msgspec

from services.measures.indices import Indices
from services.measures.store import CustomerTime, Spread


class TotalsShown(msgspec.Struct, frozen=True, kw_only=True):
    """What the indices rest on: customers times sustained interruptions, their milliseconds, distinct customers, momentary ones."""

    interruptions: int
    customer_ms: int
    interrupted: int
    momentary: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a selection as of a moment.

    `out` are the customers without power at that moment, whenever that began; `restored` are sustained interruptions of the
    period that are over; `incidents` are those that began in it.
    """

    from_ms: int | None
    until_ms: int
    as_of_ms: int
    served: int
    out: int
    restored: int
    incidents: int
    indices: Indices
    totals: TotalsShown
    times: list[Spread]


class SeriesValues(msgspec.Struct, frozen=True, kw_only=True):
    """One value for each bucket that has begun: what was at its end (out, open) and what was in it (minutes, begun, restored)."""

    customers_out: list[int]
    customer_min: list[float]
    interruptions: list[int]
    restored: list[int]
    incidents_open: list[int]


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A period in buckets of `bucket_ms`; `at_ms` is where each ends. `before` is the same, `shift_ms` earlier."""

    bucket_ms: int
    shift_ms: int | None
    at_ms: list[int]
    now: SeriesValues
    before: SeriesValues | None


class FeederFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one feeder; `longest_s` is its longest sustained interruption."""

    feeder: str
    name: str
    region: str
    served: int
    interruptions: int
    customer_min: float
    saifi: float
    saidi_min: float
    caidi_min: float
    incidents: int
    longest_s: int | None


class FeedersShown(msgspec.Struct, frozen=True, kw_only=True):
    """The figures by feeder, where most was lost first."""

    feeders: list[FeederFigures]


class IncidentTimes(msgspec.Struct, frozen=True, kw_only=True):
    """An incident and what it has in the figures.

    `customers` are all whom it held, `interruptions` those that began under it, `customer_min` the time it held them.
    `in_period`: it began in the period, so that its times count. `error_min` is when it was restored less the first estimate:
    later than told is above 0. `estimates` is how often one was told. `cause` is what people gave it last, else the crew.
    """

    incident: str
    feeder: str
    device: str
    state: str
    cause: str | None
    in_period: bool
    customers: int
    interruptions: int
    customer_min: float
    started_at_ms: int
    defined_at_ms: int | None
    dispatched_at_ms: int | None
    arrived_at_ms: int | None
    restored_at_ms: int | None
    first_estimate_ms: int | None
    last_estimate_ms: int | None
    estimates: int
    error_min: float | None


class OtherHolder(msgspec.Struct, frozen=True, kw_only=True):
    """What the figures hold that is of no incident that counts: `kind` is window, momentary, merged, dismissed or unknown."""

    kind: str
    customers: int
    interruptions: int
    customer_min: float


class IncidentsShown(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the incidents behind figures; all of them and `others` add up to the figures."""

    total: int
    incidents: list[IncidentTimes]
    others: list[OtherHolder]


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """How many incidents were restored so many minutes after their first estimate: [from, until); None is without bound."""

    from_min: int | None
    until_min: int | None
    incidents: int


class Estimates(msgspec.Struct, frozen=True, kw_only=True):
    """How first estimates fared: of how many restored incidents, the share more than 30 minutes late, the median of how far off.

    `within_share` is of those `intervals` incidents that had an interval of eight in ten with the first estimate.
    """

    incidents: int
    late_share: float | None
    median_error_min: float | None
    changes: int
    intervals: int
    within_share: float | None
    bins: list[Bin]


class CalibrationBin(msgspec.Struct, frozen=True, kw_only=True):
    """Hypotheses whose probability was in [from, until): how many, how many of them were true, and what was said at the mean."""

    from_percent: int
    until_percent: int
    hypotheses: int
    true: int
    said: float | None


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """How far the probabilities of what may have failed can be believed, over `incidents` of which somebody saw what had.

    The device that had failed was `ranked_first` in so many of them just before it was seen, `named` at all in so many, and
    `ranked_first_at_first` in the first ranking; `mean_of_true` is the probability that it had. `bins` hold every hypothesis.
    """

    incidents: int
    ranked_first: int
    named: int
    ranked_first_at_first: int
    mean_of_true: float | None
    bins: list[CalibrationBin]


class BehindShown(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the interruptions behind a figure, how many there are, and what all of them count."""

    total: int
    counted_ms: int
    rows: list[CustomerTime]


class Storm(msgspec.Struct, frozen=True, kw_only=True):
    """A run of incidents without a long pause: the first start, the last restoration (None: not over), and how many."""

    from_ms: int
    until_ms: int | None
    incidents: int


class StormsShown(msgspec.Struct, frozen=True, kw_only=True):
    """The storms that are on record as of a moment, the latest first."""

    as_of_ms: int
    storms: list[Storm]
