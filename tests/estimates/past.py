"""A past that was made up: incidents that are over, whose repairs follow a law that is known, so that learning can be checked."""

from __future__ import annotations

import math
import random

from services.estimates.measuring import Past, PastOrder

DAY_MS, MINUTE_MS = 86_400_000, 60_000
BEGUN = 1_767_225_600_000
MEDIAN_MIN = {"fuse": 60, "transformer": 120}
FACTOR = {"WILDLIFE": 0.5, "VEGETATION": 1.6}
SIGMA = 0.35


def past(number: int, draw: random.Random, *, day: int) -> Past:
    """Return an incident: a fuse or a transformer, by an animal or a tree, reached within two hours. Crew C-3 is slow."""
    device_class = draw.choice(sorted(MEDIAN_MIN))
    cause = draw.choice(sorted(FACTOR))
    crew = f"C-{number % 4}"
    opened = BEGUN + day * DAY_MS + draw.randrange(8 * 60) * MINUTE_MS + 6 * 60 * MINUTE_MS
    sent = opened + draw.randrange(5, 90) * MINUTE_MS
    foreseen = sent + draw.randrange(8, 40) * MINUTE_MS
    arrived = sent + round((foreseen - sent) * draw.lognormvariate(0.0, 0.2))
    usual = MEDIAN_MIN[device_class] * FACTOR[cause] * (1.5 if crew == "C-3" else 1.0)
    back = arrived + round(usual * draw.lognormvariate(0.0, SIGMA) * MINUTE_MS)
    order = PastOrder(
        crew=crew, sent_at=sent, arrival=foreseen, enroute_at=sent + MINUTE_MS, arrived_at=arrived, cause=cause
    )
    return Past(
        id=f"I-{number}",
        area="A1",
        device_class=device_class,
        opened_at=opened,
        over_at=back + 600_000,
        back_at=back,
        size=draw.randrange(1, 60),
        orders=(order,),
    )


def pasts(count: int, seed: int = 1) -> list[Past]:
    """Return so many incidents, twelve on each day."""
    draw = random.Random(seed)
    return [past(number, draw, day=number // 12) for number in range(count)]


def median_min(device_class: str, cause: str) -> float:
    """Return the true median of such repairs by an ordinary crew, minutes."""
    return MEDIAN_MIN[device_class] * FACTOR[cause]


def true_quantile_s(device_class: str, cause: str, score: float) -> float:
    """Return the true quantile at a normal score, seconds."""
    return 60 * median_min(device_class, cause) * math.exp(SIGMA * score)
