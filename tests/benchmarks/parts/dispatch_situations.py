"""Situations by chance, played through the dispatch stage, and a plain count of the rules that its orders break.

The count knows nothing of how crews are chosen: it looks at who the crews are, at what was said, and at the orders.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from schemas.events import (
    CrewAssigned,
    CrewReported,
    CrewState,
    CrewVisiting,
    DispatchMode,
    Event,
    HazardChanged,
    HazardKind,
    HazardState,
    HoursExtended,
    IncidentChanged,
    IncidentState,
    OrderState,
    PairForbidden,
    Place,
    WorkHeld,
)
from services.clock import from_ms
from services.dispatch.entities import Order, hazard_job
from services.dispatch.roster import REGION, Barred, Crew, Depot, Roster, Shift
from services.dispatch.rules import DispatchRulesSet, Rules
from services.dispatch.stage import DispatchStage
from services.engine.turn import Fact
from tests.stage_script import StageScript, ms

BROKEN = (
    "skills",
    "certificates",
    "kit",
    "people",
    "areas",
    "hours",
    "guides",
    "duty",
    "held",
    "heldForSafety",
    "forbidden",
    "refused",
    "oneOrderPerCrew",
    "oneLeadingOrderPerWork",
    "onSiteStays",
    "pinStays",
)
"""The rules that are counted."""

ON_LINE = ("breaker", "recloser", "switch", "fuse")
ON_SITE = {OrderState.ARRIVED, OrderState.ASSESSING, OrderState.REPAIRED}
ACTIVE = ON_SITE | {OrderState.SENT, OrderState.ACCEPTED, OrderState.ENROUTE}
MINUTES = {"breaker": 65, "recloser": 65, "switch": 65, "fuse": 40, "transformer": 50, "lvFuse": 50, "danger": 30}
EARTH_M = 6_371_008.8
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
SIGNED_H = (-4, -3, -2, 3, 6, 11)
"""Hours from midnight at which crews may have signed on: at noon some have been on duty for almost as long as they may."""


def broken_rules(situations: int, seed: int) -> dict[str, int]:
    """Return how many orders, in so many situations, broke each rule."""
    found: Counter[str] = Counter()
    for number in range(situations):
        found.update(played(random.Random(f"{seed}/{number}")))
    return {name: found[name] for name in BROKEN}


def played(
    chance: random.Random,
    tells: Callable[[Crew], Crew] = lambda crew: crew,
    hears: Callable[[Event], Event | None] = lambda event: event,
) -> Counter[str]:
    """Play one situation and count what was broken, and how many orders were looked at (`orders`).

    To try the count the stage may be told of other crews, or not hear everything.
    """
    situation = Situation(chance, tells, hears)
    situation.begin()
    for clock in ("12:01", "12:03", "12:05", "12:40"):
        situation.go_on(clock, quiet=clock == "12:05")
    return situation.found


class Situation:
    """Crews of a region with all that may keep them from work, and a stretch of a bad day."""

    def __init__(
        self, chance: random.Random, tells: Callable[[Crew], Crew], hears: Callable[[Event], Event | None]
    ) -> None:
        self.found: Counter[str] = Counter()
        self._chance, self._hears, self._said = chance, hears, 0
        self._depots = [Depot(f"depot-{n}", self._place()) for n in range(chance.randrange(1, 4))]
        self._crews = {f"crew-{n}": self._crew(f"crew-{n}") for n in range(chance.randrange(2, 9))}
        self._asked = frozenset().union(*(crew.certificates | crew.kit for crew in self._crews.values()))
        self._bases = {crew.id: self._depot(crew.depot) for crew in self._crews.values()}
        self._seen: set[str] = set()
        self._begun: dict[str, int] = {}
        self._until: dict[str, int] = {}
        self._away: set[str] = set()
        self._works: dict[str, IncidentChanged | HazardChanged] = {}
        self._held: dict[str, bool] = {}
        self._pairs: set[tuple[str, str]] = set()
        self._refused: dict[tuple[str, str], int] = {}
        told = Roster(self._depots, [tells(crew) for crew in self._crews.values()])
        self._script = StageScript(DispatchStage(told), REGION)
        mode = chance.choice((DispatchMode.PLAN, DispatchMode.PLAN, DispatchMode.NEAREST_DEPOT))
        self._script.hear_facts(Fact(self._script.now, "rules", DispatchRulesSet(rules=Rules(mode=mode))))

    def begin(self) -> None:
        """Let crews sign on, have breaks, go off duty and come from elsewhere before the first outage."""
        for crew in list(self._crews):
            if self._chance.random() < 0.6:
                self._sign_on(crew, self._chance.choice(SIGNED_H))
        self._script.go_to(ms("11:59"))
        for crew in list(self._crews):
            status = self._chance.choice((None, None, None, None, "onBreak", "offDuty", "position"))
            if status is not None:
                self._report(crew, status, place=self._place() if status == "position" else None)
            if status in {"onBreak", "offDuty"}:
                self._away.add(crew)
        for number in range(self._chance.randrange(3)):
            self._visit(f"visit.{REGION}.GUEST-{number}")
        self._script.settle()

    def go_on(self, clock: str, *, quiet: bool) -> None:
        """Let more become known and look at the orders. `quiet`: neither crews nor dispatchers say anything."""
        self._script.go_to(ms(clock))
        before = self._look()
        if not quiet:
            for order in before.values():
                self._answer(order)
        for _ in range(self._chance.randrange(1, 6)):
            self._open()
        if not quiet:
            self._act()
        after = self._look()
        self.found.update(overlaps(after.values()))
        if quiet:
            self.found.update(moved(before, after))
        for job, safety in self._held.items():
            under_way = [each for each in after.values() if each.job == job and each.state in ACTIVE - ON_SITE]
            self.found["heldForSafety"] += len(under_way) if safety else 0

    def _look(self) -> dict[str, Order]:
        """Return all orders, after a look at those that are new."""
        self._script.settle()
        orders = {each.id: each for each in self._script.entities["order"].values() if isinstance(each, Order)}
        for each in sorted(orders.values(), key=lambda order: (order.sent_at, order.attempt)):
            if each.id not in self._seen:
                self._look_at(each)
        self._seen |= orders.keys()
        return orders

    # ---- what happens

    def _place(self) -> Place:
        return Place(round(self._chance.uniform(10.8, 11.4), 4), round(self._chance.uniform(47.8, 48.2), 4))

    def _depot(self, name: str) -> Place:
        return next(depot.place for depot in self._depots if depot.id == name)

    def _crew(self, name: str) -> Crew:
        chance = self._chance
        first = chance.choice((0, 4, 6, 13, 20))
        shifts = tuple(Shift(day, dt.time(first), dt.time((first + 8) % 24)) for day in range(1, 8))
        return Crew(
            name,
            chance.choice(self._depots).id,
            frozenset(chance.choice((("line",), ("line", "service"), ("service",), ("gas",)))),
            frozenset(chance.choice(((), ("HV-switching",)))),
            frozenset(chance.choice(((), ("bucket-truck",)))),
            chance.choice(((), (), shifts)),
            members=chance.choice((1, 2, 3)),
            barred=tuple(Barred(self._place(), chance.randrange(5_000, 20_000)) for _ in range(chance.randrange(3))),
        )

    def _say(self, kind: type[Any], **given: Any) -> None:
        self._said += 1
        at = given.pop("at", None) or from_ms(self._script.now)
        event = self._hears(kind(id=f"said-{self._said}", at=at, **given))
        if event is not None:
            self._script.hear(event)

    def _report(self, crew: str, status: str, **given: Any) -> None:
        self._say(CrewReported, crew=crew, status=CrewState(status), **given)

    def _sign_on(self, crew: str, hour: int) -> None:
        self._script.go_to(max(self._script.now, ms("11:58")))
        self._begun[crew] = ms("00:00") + hour * HOUR_MS
        self._report(crew, "signedOn", at=from_ms(self._begun[crew]))

    def _visit(self, name: str) -> None:
        guide, place = self._chance.choice((None, "ann")), self._place()
        self._say(CrewVisiting, region=REGION, crew=name, by="ann", place=place, skills=["line"], guide=guide)
        self._crews[name] = Crew(name, "", visiting=True, guide=guide)
        self._bases[name] = place

    def _open(self) -> None:
        number, now = len(self._works), from_ms(self._script.now)
        place, chance = self._place(), self._chance
        if chance.random() < 0.2:
            name = f"H-{number}"
            given: dict[str, Any] = {
                "hazard_kind": HazardKind.WIRE_DOWN,
                "reported_at": now,
                "state": HazardState.REPORTED,
            }
            hazard = HazardChanged(
                id=name, at=now, hazard=name, area="A1", revision=1, reason="asReported", place=place, **given
            )
            self._works[hazard_job(name)] = hazard
            heard = self._hears(hazard)
        else:
            name = f"I-{number}"
            above = [each for each, work in self._works.items() if isinstance(work, IncidentChanged)]
            incident = IncidentChanged(
                id=name,
                at=now,
                incident=name,
                area="A1",
                revision=1,
                state=IncidentState.PREDICTED,
                device=f"D-{number}",
                place=place,
                started_at=now,
                reason="asReported",
                customers_out=chance.choice((1, 5, 40, 300, 2000)),
                device_class=chance.choice((*ON_LINE, "transformer", "lvFuse")),
                life_support=chance.choice((0, 0, 1)),
                upstream=chance.choice([None, *above]),
            )
            self._works[name] = incident
            heard = self._hears(incident)
        if heard is not None:
            self._script.hear(heard)

    def _answer(self, order: Order) -> None:
        if order.state is not OrderState.SENT:
            return
        said = self._chance.choice(("nothing", "accepted", "enroute", "arrived", "repaired", "refused"))
        if said == "refused":
            self._refused[order.crew, order.job] = self._script.now
        if said != "nothing":
            self._report(order.crew, said, order=order.id)

    def _act(self) -> None:
        chance = self._chance
        for job, work in self._works.items():
            what = chance.choice((None, None, None, "hold", "hold", "forbid", "assign"))
            crew = chance.choice(sorted(self._crews))
            named: dict[str, Any] = {"region": REGION, "by": "ann"}
            named |= {"hazard": work.hazard} if isinstance(work, HazardChanged) else {"incident": work.incident}
            if what == "hold" and job not in self._held:
                self._held[job] = chance.random() < 0.5
                self._say(WorkHeld, held=True, safety=self._held[job], **named)
            elif what == "forbid":
                self._pairs.add((crew, job))
                self._say(PairForbidden, crew=crew, forbidden=True, **named)
            elif what == "assign" and not any(pair[1] == job for pair in self._pairs):
                self._say(CrewAssigned, crew=crew, **named)
        if chance.random() < 0.2:
            crew = chance.choice(sorted(self._crews))
            until = self._script.now + 8 * HOUR_MS
            self._until[crew] = until
            self._say(HoursExtended, region=REGION, by="ann", crew=crew, until=from_ms(until))

    # ---- what is looked at

    def _look_at(self, order: Order) -> None:
        """Count the rules that a new order breaks. What a dispatcher may overrule does not count where one has sent the crew."""
        self.found["orders"] += 1
        crew, work = self._crews[order.crew], self._works[order.job]
        by_dispatcher = order.pinned
        self._away -= {crew.id} if by_dispatcher else set()
        kind = work.device_class if isinstance(work, IncidentChanged) else "danger"
        on_line = kind in ON_LINE
        certificate = {"HV-switching"} if kind in ON_LINE[:3] else set()
        kit = {"bucket-truck"} if kind == "fuse" else set()
        self._count("skills", crew.skills.isdisjoint({"line"} if on_line else {"line", "service"}))
        self._count("certificates", not certificate & self._asked <= crew.certificates)
        self._count("people", on_line and crew.members == 1)
        self._count("areas", any(metres(barred.place, order.place) <= barred.radius_m for barred in crew.barred))
        self._count("hours", self._ends(order, kind) > self._hours(crew, order) + 2_000)
        self._count("heldForSafety", self._held.get(order.job, False))
        if not by_dispatcher:
            self._count("kit", not kit & self._asked <= crew.kit)
            self._count("guides", crew.visiting and crew.guide is None)
            self._count("duty", crew.id in self._away or self._is_off(crew))
            self._count("held", order.job in self._held)
            self._count("forbidden", (crew.id, order.job) in self._pairs)
            refused = self._refused.get((crew.id, order.job))
            self._count("refused", refused is not None and order.sent_at < refused + 30 * MINUTE_MS)
        self._begun.setdefault(crew.id, order.sent_at)

    def _count(self, rule: str, broken: bool) -> None:
        self.found[rule] += broken

    def _ends(self, order: Order, kind: str) -> int:
        drive_ms = metres(self._bases[order.crew], order.place) * 1.3 / 45_000 * HOUR_MS
        return order.sent_at + int(drive_ms) + MINUTES[kind] * MINUTE_MS

    def _hours(self, crew: Crew, order: Order) -> int:
        shift = _shift_now(crew)
        begun = self._begun.get(crew.id, order.sent_at if shift is None else shift)
        if shift is not None and begun <= shift - 8 * HOUR_MS:
            begun = shift
        return max(begun + 16 * HOUR_MS, self._until.get(crew.id, 0))

    def _is_off(self, crew: Crew) -> bool:
        return bool(crew.shifts) and _shift_now(crew) is None and crew.id not in self._begun


def _shift_now(crew: Crew) -> int | None:
    """Return when the shift began that a crew has at noon, and in the hour after."""
    first = crew.shifts[0].starts.hour if crew.shifts else 24
    return ms(f"{first:02}:00") if first <= 11 and first + 8 > 12 else None


def metres(a: Place, b: Place) -> float:
    """Return the distance of two places by the law of cosines, metres."""
    lat, other = math.radians(a.lat), math.radians(b.lat)
    turned = math.cos(math.radians(a.lon - b.lon))
    return EARTH_M * math.acos(min(1.0, math.sin(lat) * math.sin(other) + math.cos(lat) * math.cos(other) * turned))


def overlaps(orders: Iterable[Order]) -> Counter[str]:
    """Count crews with two active orders, and work with two leading ones."""
    active = [order for order in orders if order.state in ACTIVE]
    crews = Counter(order.crew for order in active)
    leading = Counter(order.job for order in active if order.assists is None)
    return Counter(
        oneOrderPerCrew=sum(many > 1 for many in crews.values()),
        oneLeadingOrderPerWork=sum(many > 1 for many in leading.values()),
    )


def moved(before: dict[str, Order], after: dict[str, Order]) -> Counter[str]:
    """Count orders on site, and pinned ones, that are not what they were though nobody has said anything of them."""
    gone = [order for order in before.values() if order.state in ACTIVE and after.get(order.id) != order]
    return Counter(
        onSiteStays=sum(order.state in ON_SITE for order in gone), pinStays=sum(order.pinned for order in gone)
    )
