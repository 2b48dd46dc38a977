"""What a turn of the inference is given: the located reports of one take in one supply area, gathered by device. Pure.

A flood is then a handful of rows a turn. The bytes are JSON, so that a migration and an audit rule can read them too.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

import msgspec

from schemas.events import HazardKind, HazardReported, HotlineReported, OutageReported, Place, ReportKind
from schemas.ids import AreaId
from services.engine.turn import Fact
from services.outages.report import LocatedHazard, LocatedReport
from services.reports.locating import Belonging, Entry, Heard
from services.reports.states import ReportState

Alike: TypeAlias = tuple[str, ReportKind, list[str | None], list[int], list[str]]
"""Reports of one kind behind one device: device, kind, then side by side customers, times (milliseconds) and ids."""
Unsure: TypeAlias = tuple[str, ReportKind, int, str, str | None, tuple[tuple[str | None, str], ...], bool]
"""A report that may mean several, or of a hotline account: id, kind, time, device, customer, candidates, priority."""
Danger: TypeAlias = tuple[str, HazardKind, int, float, float, str | None, str | None]
"""A danger: id, what is dangerous, time, longitude, latitude, device, customer."""


class Body(msgspec.Struct, kw_only=True):
    """What a batch holds."""

    devices: list[Alike] = []
    unsure: list[Unsure] = []
    dangers: list[Danger] = []


class Batch(NamedTuple):
    """A batch: its supply area, how many reports it holds, the times from which and to which they reach (milliseconds)."""

    area: str
    reports: int
    first_at: int
    last_at: int
    body: bytes


_by_device = operator.itemgetter(0)
_decode = msgspec.json.Decoder(Body).decode
_encode = msgspec.json.Encoder().encode


def gathered(entries: Iterable[Entry]) -> list[Batch]:
    """Return the batches of these reports, each with where it belongs and its time, by area; those that take no part are left out.

    The same reports in the same order give the same bytes.
    """
    by_kind: dict[ReportKind, dict[str | None, tuple[AreaId | None, Alike]]] = {}
    bodies: dict[str, Body] = {}
    kind, of_kind = None, {}
    for report, where, at in entries:
        state = where.state
        if state is not ReportState.LOCATED and state is not ReportState.AMBIGUOUS:
            continue
        if type(report) is not OutageReported or where.candidates:
            _add_single(bodies.setdefault(str(where.area), Body()), report, where, at)
            continue
        if report.kind is not kind:
            kind = report.kind
            of_kind = by_kind.setdefault(kind, {})
        device = where.device
        if device in of_kind:
            _, _, customers, ats, ids = of_kind[device][1]
            customers.append(where.customer)
            ats.append(at)
            ids.append(report.id)
        else:
            of_kind[device] = (where.area, (str(device), kind, [where.customer], [at], [report.id]))
    for kind in sorted(by_kind):
        for area, alike in by_kind[kind].values():
            bodies.setdefault(str(area), Body()).devices.append(alike)
    return [_batch(area, bodies[area]) for area in sorted(bodies)]


def _add_single(body: Body, report: Heard, where: Belonging, at: int) -> None:
    if isinstance(report, HazardReported):
        assert where.place is not None, "danger that was located has a place"
        place = where.place
        body.dangers.append((report.id, report.hazard, at, place.lon, place.lat, where.device, where.customer))
    else:
        priority = isinstance(report, HotlineReported)
        assert where.device is not None, "a report that was located has a device"
        body.unsure.append((report.id, report.kind, at, where.device, where.customer, where.candidates, priority))


def _batch(area: str, body: Body) -> Batch:
    body.devices.sort(key=_by_device)
    ats = [at for group in body.devices for at in group[3]]
    ats += [one[2] for one in body.unsure]
    ats += [one[2] for one in body.dangers]
    return Batch(area, len(ats), min(ats), max(ats), _encode(body))


def facts(body: bytes) -> list[Fact]:
    """Return the facts of a batch in the order of time, then id."""
    held = _decode(body)
    found = [
        Fact(at, report, LocatedReport(id=report, kind=kind, at=at, device=device, customer=customer))
        for device, kind, customers, ats, ids in held.devices
        for customer, at, report in zip(customers, ats, ids, strict=True)
    ]
    for report, kind, at, device, customer, candidates, priority in held.unsure:
        what = LocatedReport(
            id=report, kind=kind, at=at, device=device, customer=customer, candidates=candidates, priority=priority
        )
        found.append(Fact(at, report, what))
    for report, hazard, at, lon, lat, near, customer in held.dangers:
        danger = LocatedHazard(id=report, hazard=hazard, at=at, place=Place(lon, lat), device=near, customer=customer)
        found.append(Fact(at, report, danger))
    return sorted(found, key=lambda fact: (fact.at, fact.id))
