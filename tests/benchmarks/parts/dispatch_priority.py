"""What many control rooms work by: six classes of priority, within a class the oldest first, the crew from the nearest depot.

A peer for the plan: it knows nothing of the product, and is asked as the judge asks.
"""

from __future__ import annotations

import math
from typing import Any

HAZARD, CRITICAL, FEEDER, LATERAL, TRANSFORMER, FEW = range(6)
_CLASSES = {"feeder breaker": FEEDER, "recloser": FEEDER, "lateral fuse": LATERAL, "transformer": TRANSFORMER}


def priority_class(job: Any) -> int:
    """Return the class of a job: a live wire, critical customers, and then by what has failed."""
    if job.kind == "make_safe":
        return HAZARD
    return CRITICAL if job.behind.critical else _CLASSES.get(job.device_class, FEW)


class PriorityClasses:
    """Sends whoever is free to the class that comes first; nobody is turned around and nobody held."""

    split_hazards = True

    def __init__(self, world: Any) -> None:
        self._depots = {depot.id: (depot.x_km, depot.y_km) for depot in world.depots}

    def decide(self, situation: Any) -> list[tuple[int, int]]:
        """Return the orders, each for a crew that has nothing to do."""
        idle = [crew for crew in situation.crews if crew.state == "idle"]
        orders = []
        for job in sorted(situation.open_jobs, key=lambda job: (priority_class(job), job.reported_min, job.id)):
            able = [crew for crew in idle if job.skill in crew.skills]
            if able:
                crew = min(able, key=lambda crew: self._preference(crew, job))
                idle.remove(crew)
                orders.append((crew.id, job.id))
        return orders

    def _preference(self, crew: Any, job: Any) -> tuple[float, bool, int]:
        """Rate a crew: how far its depot lies, whether it had better be spared, its number."""
        x, y = self._depots[crew.depot_id]
        spared = "line" in crew.skills and job.skill == "service"
        return math.hypot(x - job.x_km, y - job.y_km), spared, crew.id
