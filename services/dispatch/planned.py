"""What is kept of a region's plan: the routes, what was said of each piece of work, and whether work exceeds crews."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from services.engine.turn import Entity, Record


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan said last of a piece of work: which crew, as its how-manieth work, when it arrives and is done (ms).

    `ahead` is the work that the crew does before, `behind` the work that it does after.
    """

    job: str
    crew: str
    rank: int
    arrival: int
    done: int
    ahead: str | None = None
    behind: str | None = None


class Planned(Entity, frozen=True, kw_only=True):
    """The plan of a region, whose id it has: the work of each crew in order, what was said of each work, how much waits.

    `storm`: more work waits than there are crews for. `proposed`: in the mode `advise`, who would be sent where.
    `spoken`: of which expected arrivals the incidents were told. `basis` stands for what the routes were made from.
    """

    kind: ClassVar[str] = "plan"

    routes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    expected: tuple[Expected, ...] = ()
    spoken: tuple[tuple[str, int], ...] = ()
    proposed: tuple[tuple[str, str], ...] = ()
    storm: bool = False
    basis: int = 0


class PlannedRow(Record, frozen=True, kw_only=True):
    """What a plan says of a piece of work from now on, with the numbers that it rests on, for the table of what was planned.

    `customers` get their power back by it; `others` do by the work that the crew does next (or first, where it does not go first),
    which is done `others_done`. `order` is the order that it led to, `reason` why that crew, or why it waits.
    """

    job: str
    incident: str | None
    hazard: str | None
    crew: str
    rank: int
    arrival: int
    done: int
    customers: int
    reason: str
    order: str | None = None
    ahead: str | None = None
    behind: str | None = None
    others: int | None = None
    others_done: int | None = None
