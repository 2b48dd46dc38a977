"""What a report costs the pure rules: located, heard, inferred from and decided on, without database and broker."""

from __future__ import annotations

import math
import random
import time

from schemas.events import Event, OutageReported, ReportKind
from services.clock import from_ms
from services.network import Network
from services.reports.premises import NONE
from streams.desk import Desk
from tests.benchmarks.parts.inference_real import BEGINS_MS, DELAY_MEDIAN_MIN, DELAY_SIGMA, MINUTE_MS

FAULTS, WITHIN_MIN, WATCHED_MIN = 60, 60.0, 120.0
CALLS, GASPS = 0.15, 0.8
GASP_MEDIAN_MIN, GASP_SIGMA = 0.12, 0.8


def storm(network: Network, seed: int) -> list[Event]:
    """Return what is heard when so many devices of the network fail within an hour: 15 % call, 80 % of the meters tell."""
    draw = random.Random(f"storm {seed}")
    failing = draw.sample(sorted(each.id for each in network.devices if network.count_behind(each.id) > 1), FAULTS)
    lost: dict[str, float] = {}
    for start, device in sorted((draw.uniform(0.0, WITHIN_MIN), device) for device in failing):
        for each in network.customers_behind(device):
            lost.setdefault(str(each), start)
    events: list[Event] = []
    for customer, start in sorted(lost.items()):
        if draw.random() < CALLS:
            at = start + draw.lognormvariate(math.log(DELAY_MEDIAN_MIN), DELAY_SIGMA)
            events.append(_said(ReportKind.CALL, customer, at))
        if draw.random() < GASPS:
            at = start + draw.lognormvariate(math.log(GASP_MEDIAN_MIN), GASP_SIGMA)
            events.append(_said(ReportKind.LAST_GASP, customer, at))
    return events


def _said(kind: ReportKind, customer: str, minute: float) -> Event:
    at = from_ms(BEGINS_MS + round(minute * MINUTE_MS))
    return OutageReported(id=f"{kind}-{customer}", at=at, kind=kind, customer=customer)


def us_per_report(network: Network, seed: int) -> tuple[int, float]:
    """Return how many reports a storm brought, and how many microseconds each took."""
    until = BEGINS_MS + round(WATCHED_MIN * MINUTE_MS)
    table = Desk(network, NONE, {})
    events = storm(network, seed)
    begun = time.perf_counter()
    table.play(events, until)
    return len(table.states), 1e6 * (time.perf_counter() - begun) / len(table.states)
