"""What is measured of past incidents: how long each part of a restoration took, and under which circumstances. Pure.

Circumstances are what the inference knew at that time: how many customers were out, how many incidents were open in the area
besides, how many of those that waited had as many or more, how many had opened lately, how long it had waited, whether it was
night. Durations are seconds, times milliseconds.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from services.outages.estimating import FIRST_HOUR, HOUR_MS, LAST_HOUR, LATELY_H, UNKNOWN_CAUSE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MINUTE_MS = 60_000
LOOKS_MIN = (0, 20, 45, 90, 180, 300, 480, 720, 1_080)
"""So long after it opened it is measured how long an incident that still waits has to wait."""
SHORTEST_DRIVE_S = 60
LONGEST_S = 7 * 86_400
"""What took longer was no restoration but something that was forgotten."""
MOST_PERMILLE = 100_000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PastOrder:
    """An order that was to repair an incident. Times are milliseconds; `arrival` is what it foresaw when it was sent."""

    crew: str
    sent_at: int
    arrival: int
    enroute_at: int | None = None
    arrived_at: int | None = None
    cause: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """An incident that is over. `back_at` is when the last of its customers had power again, None for one that never was or went
    up in another; `size` how many customers were out under it, `planned` when a plan expected a crew: said at, arrival.
    """

    id: str
    area: str
    device_class: str
    opened_at: int
    over_at: int
    back_at: int | None
    size: int
    hazard: bool = False
    orders: tuple[PastOrder, ...] = ()
    planned: tuple[tuple[int, int], ...] = ()

    @property
    def mended(self) -> PastOrder | None:
        """The order whose crew was last on site before power was back."""
        back = self.back_at
        there = [] if back is None else [each for each in self.orders if each.arrived_at and each.arrived_at < back]
        return max(there, key=lambda each: each.arrived_at or 0, default=None)


class Reach(NamedTuple):
    """How long an incident that waited still had to wait until a crew was on site."""

    group: int
    before: int
    size: int
    lately: int
    waited_s: int
    took_s: int


class Foreseen(NamedTuple):
    """When a crew was on site after a plan's word, in thousandths of what that foresaw."""

    group: int
    foreseen_s: int
    size: int
    lately: int
    waited_s: int
    took_permille: int


class Arrival(NamedTuple):
    """When a crew was on site after an order, in thousandths of what that foresaw."""

    group: int
    under_way: int
    foreseen_s: int
    open: int
    took_permille: int


class Repair(NamedTuple):
    """How long it took from a crew on site to power back."""

    group: int
    device_class: str
    cause: str
    lately: int
    night: int
    hazard: int
    crew: str
    took_s: int
    area: str
    arrived_at: int
    over_at: int


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """All that was measured; `incidents` is of how many."""

    incidents: int
    reaches: list[Reach]
    arrivals: list[Arrival]
    planned: list[Foreseen]
    repairs: list[Repair]


def measure(pasts: Iterable[Past], utc_offset_s: int, apart_ms: int = 6 * 60 * MINUTE_MS) -> Measured:
    """Measure past incidents. Measurements are in one group if no pause of `apart_ms` lies between the openings of theirs."""
    ordered = sorted(pasts, key=lambda each: (each.opened_at, each.id))
    found = Measured(0, [], [], [], [])
    groups = _groups(ordered, apart_ms)
    count = 0
    for area in sorted({each.area for each in ordered}):
        around = _Around([each for each in ordered if each.area == area], utc_offset_s)
        for past in around.pasts:
            order = past.mended
            if order is None or past.back_at is None or order.arrived_at is None:
                continue
            if past.back_at - past.opened_at > LONGEST_S * 1_000:
                continue
            count += 1
            group = groups[past.id]
            found.reaches.extend(_reaches(around, past, group, order))
            found.arrivals.extend(_arrivals(around, past, group, order.arrived_at))
            found.planned.extend(_planned(around, past, group, order.arrived_at))
            found.repairs.append(
                Repair(
                    group=group,
                    device_class=past.device_class,
                    cause=order.cause or UNKNOWN_CAUSE,
                    lately=around.lately(order.arrived_at),
                    night=around.night(order.arrived_at),
                    hazard=int(past.hazard),
                    crew=order.crew,
                    took_s=max(1, (past.back_at - order.arrived_at) // 1_000),
                    area=area,
                    arrived_at=order.arrived_at,
                    over_at=past.over_at,
                )
            )
    return dataclasses.replace(found, incidents=count)


def _groups(ordered: Sequence[Past], apart_ms: int) -> dict[str, int]:
    groups, number, last = {}, 0, None
    for past in ordered:
        if last is not None and past.opened_at - last > apart_ms:
            number += 1
        groups[past.id], last = number, past.opened_at
    return groups


class _Around:
    """What went on in an area beside one of its incidents."""

    def __init__(self, pasts: Sequence[Past], utc_offset_s: int) -> None:
        self.pasts = pasts
        self._offset_s = utc_offset_s
        self._opened = np.array([each.opened_at for each in pasts])
        self._over = np.array([each.over_at for each in pasts])
        sent = ((each.mended.sent_at if each.mended else each.over_at) for each in pasts)
        self._sent = np.array(list(sent))
        self._size = np.array([each.size for each in pasts])

    def open(self, at: int) -> int:
        """Return how many other incidents were open."""
        return max(0, int(((self._opened <= at) & (self._over > at)).sum()) - 1)

    def lately(self, at: int) -> int:
        """Return how many opened within the last hours."""
        hours, hour = self._opened // HOUR_MS, at // HOUR_MS
        return int(((hours > hour - LATELY_H) & (self._opened <= at)).sum())

    def before(self, at: int, size: int) -> int:
        """Return how many others waited that had as many customers or more."""
        waiting = (self._opened <= at) & (self._over > at) & (self._sent > at) & (self._size >= size)
        return max(0, int(waiting.sum()) - 1)

    def night(self, at: int) -> int:
        """Return 1 if it was night."""
        hour = (at // 1_000 + self._offset_s) // 3_600 % 24
        return int(hour >= FIRST_HOUR or hour < LAST_HOUR)


def _reaches(around: _Around, past: Past, group: int, order: PastOrder) -> Iterator[Reach]:
    for minutes in LOOKS_MIN:
        at = past.opened_at + minutes * MINUTE_MS
        if at >= order.sent_at:
            return
        took_s = max(1, ((order.arrived_at or at) - at) // 1_000)
        yield Reach(group, around.before(at, past.size), past.size, around.lately(at), minutes * 60, took_s)


def _arrivals(around: _Around, past: Past, group: int, arrived_at: int) -> Iterator[Arrival]:
    for order in past.orders:
        foreseen_s = max(SHORTEST_DRIVE_S, (order.arrival - order.sent_at) // 1_000)
        took = _permille(arrived_at - order.sent_at, foreseen_s)
        if arrived_at <= order.sent_at or took > MOST_PERMILLE:
            continue
        yield Arrival(group, 0, foreseen_s, around.open(order.sent_at), took)
        if order.enroute_at is not None and order.enroute_at < arrived_at:
            yield Arrival(group, 1, foreseen_s, around.open(order.enroute_at), took)


def _planned(around: _Around, past: Past, group: int, arrived_at: int) -> Iterator[Foreseen]:
    for said_at, arrival in past.planned:
        foreseen_s = max(SHORTEST_DRIVE_S, (arrival - said_at) // 1_000)
        took = _permille(arrived_at - said_at, foreseen_s)
        if said_at < arrived_at and took <= MOST_PERMILLE:
            waited_s = max(0, said_at - past.opened_at) // 1_000
            yield Foreseen(group, foreseen_s, past.size, around.lately(said_at), waited_s, took)


def _permille(took_ms: int, foreseen_s: int) -> int:
    return max(1, took_ms // foreseen_s)
