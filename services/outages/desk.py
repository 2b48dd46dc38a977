"""What the inference holds of an area: its incidents as they stand, with what may have failed and what that rests on."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from schemas.events import HazardKind, HazardState, IncidentState, Place
from services.clock import from_ms
from services.engine.turn import Entity
from services.network import Network
from services.outages.entities import Hazard, Hypothesis, Incident, Out, Pending, Position, Unanswered

SHOWN = frozenset(
    {IncidentState.PREDICTED, IncidentState.CONFIRMED, IncidentState.PARTIALLY_RESTORED, IncidentState.RESTORED}
)
Entities = Mapping[str, Mapping[str, Entity]]
AnyEntity = TypeVar("AnyEntity", bound=Entity)


class Likely(msgspec.Struct, frozen=True, kw_only=True):
    """A device that may be what failed, with its probability (0 to 1)."""

    device: str
    probability: float


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The reports of customers who hang directly on a device; `unanswered`: meters that were asked in vain."""

    device: str
    calls: int
    gasps: int
    unanswered: int


class SeenIncident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as the inference has it; hypotheses by probability, the likeliest first, evidence by device.

    `whole`: everybody behind the device is taken to be out; `phases`: those that are, where it is some of them only.
    """

    id: str
    area: str
    state: IncidentState
    reason: str
    device: str
    device_class: str
    feeder: str
    hypotheses: tuple[Likely, ...]
    started_at: dt.datetime
    opened_at: dt.datetime
    estimate: dt.datetime
    whole: bool
    phases: str
    customers_out: int
    life_support: int
    important: int
    heard: int
    evidence: tuple[Evidence, ...]
    upstream: str | None


class Unexplained(msgspec.Struct, frozen=True, kw_only=True):
    """A customer whose reports nothing explains yet."""

    area: str
    customer: str
    device: str
    reports: tuple[str, ...]


class SeenHazard(msgspec.Struct, frozen=True, kw_only=True):
    """Danger at a place."""

    id: str
    area: str
    state: HazardState
    hazard: HazardKind
    place: Place
    device: str | None


def incidents_seen(area: str, entities: Entities, network: Network) -> list[SeenIncident]:
    """Return the incidents of an area that have not ended otherwise than by power being back, by start and id."""
    present = network.present({each.id: each.closed for each in _all(entities, Position)})
    held: dict[str, list[Out]] = {}
    for out in _all(entities, Out):
        held.setdefault(out.holder, []).append(out)
    asked = {each.id for each in _all(entities, Unanswered)}
    shown = [each for each in _all(entities, Incident) if each.state in SHOWN]
    return [
        _incident(area, each, _evidence(present, held.get(each.id, []), asked), network)
        for each in sorted(shown, key=lambda incident: (incident.started_at, incident.id))
    ]


def _incident(area: str, incident: Incident, evidence: tuple[Evidence, ...], network: Network) -> SeenIncident:
    switch = network.switch(incident.device)
    return SeenIncident(
        id=incident.id,
        area=area,
        state=incident.state,
        reason=incident.reason,
        device=incident.device,
        device_class=switch.kind,
        feeder=switch.feeder,
        hypotheses=tuple(map(_likely, incident.hypotheses)),
        started_at=from_ms(incident.started_at),
        opened_at=from_ms(incident.opened_at),
        estimate=from_ms(incident.estimate),
        whole=incident.whole,
        phases=incident.phases,
        customers_out=incident.out,
        life_support=incident.life_support,
        important=incident.important,
        heard=incident.heard,
        evidence=evidence,
        upstream=incident.upstream,
    )


def _likely(hypothesis: Hypothesis) -> Likely:
    return Likely(device=hypothesis.device, probability=hypothesis.permille / 1000)


def _evidence(network: Network, outs: list[Out], asked: set[str]) -> tuple[Evidence, ...]:
    counted: dict[str, Counter[str]] = {}
    for out in outs:
        said = Counter(
            calls=int(out.call_at is not None), gasps=int(out.gasp_at is not None), unanswered=int(out.id in asked)
        )
        if said.total():
            counted.setdefault(network.customer_device(out.id), Counter()).update(said)
    return tuple(
        Evidence(device=device, calls=of["calls"], gasps=of["gasps"], unanswered=of["unanswered"])
        for device, of in sorted(counted.items())
    )


def unexplained(area: str, entities: Entities) -> list[Unexplained]:
    """Return the customers of an area whose reports are held until more is known, by customer."""
    return [
        Unexplained(area=area, customer=each.id, device=each.device, reports=each.reports)
        for each in _all(entities, Pending)
    ]


def hazards_seen(area: str, entities: Entities) -> list[SeenHazard]:
    """Return the dangers of an area that were reported and are remembered, by id."""
    return [
        SeenHazard(id=each.id, area=area, state=each.state, hazard=each.hazard, place=each.place, device=each.device)
        for each in _all(entities, Hazard)
    ]


def _all(entities: Entities, kind: type[AnyEntity]) -> list[AnyEntity]:
    return [each for _, each in sorted(entities.get(kind.kind, {}).items()) if isinstance(each, kind)]
