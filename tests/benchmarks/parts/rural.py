"""A rural utility in full size: substations, feeders with reclosers and fused laterals, a transformer for every few meters.

`rural()` makes it from a number of substations alone: breakers with telemetry, open ties, depots, crews, hotline accounts,
phones. `write()` writes it as a utility folder (`docs/utility-folder.md`), which the product's own import then reads.
"""

from __future__ import annotations

import csv
import dataclasses
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

M_PER_DEGREE = 111_320
METERS, SUBSTATIONS, MILES, CREWS, SPARED = 116_000, 41, 9_200, 200, 3
FEEDERS, ZONES = 5, 3
"""Feeders of a substation, and reclosers of a feeder, each with a zone of its own."""
LATERALS_AT_HEAD, LATERALS_IN_ZONE = 2, 5
METERS_AT_TRANSFORMER = 4
LV_M = 60
FUSED_LV = 10
"""Of so many transformers one has a fuse on its low voltage side."""
TIED = 3
"""Of so many substations one is tied with the next: they are one supply area."""
REGIONS = 5
M_PER_MILE = 1_609.344
GRID_M = 18_000
CENTRE = (-90.6, 30.5)
_AMPERES = {"29": "600", "32": "280", "22": "40"}


@dataclasses.dataclass(frozen=True, slots=True)
class Behind:
    """A device and the customers behind it."""

    device: str
    customers: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Feeder:
    """A feeder: its breaker, its reclosers, the lateral fuses before these, and its transformers, each with who is behind it."""

    name: str
    breaker: Behind
    reclosers: tuple[Behind, ...]
    laterals: tuple[Behind, ...]
    transformers: tuple[Behind, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Rural:
    """The utility: its tables by file (the first row is the header), its feeders, phones by customer, premises by account.

    `line_m` is the length of all its lines, metres.
    """

    tables: dict[str, list[Sequence[Any]]]
    feeders: tuple[Feeder, ...]
    phones: dict[str, str]
    premises: dict[str, str]
    line_m: float

    @property
    def spared(self) -> list[str]:
        """The feeders on which hotline accounts are; the storm spares them."""
        held = set(self.premises.values())
        return [each.name for each in self.feeders if not held.isdisjoint(each.breaker.customers)]

    def write(self, folder: Path) -> None:
        """Write the files."""
        for name, rows in self.tables.items():
            with (folder / name).open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows(rows)


def rural(substations: int, *, meters: int, miles: float, crews: int, spared: int) -> Rural:
    """Return a utility of this size; on each lateral of the last `spared` feeders a customer has a hotline account."""
    return _Maker(substations, meters, miles, crews, spared).made()


class _Maker:
    """Puts a utility together, row by row."""

    def __init__(self, substations: int, meters: int, miles: float, crews: int, spared: int) -> None:
        self._substations = substations
        self._crews, self._spared = crews, spared
        self._laterals = LATERALS_AT_HEAD + ZONES * LATERALS_IN_ZONE
        feeders = substations * FEEDERS
        self._meters = [len(part) for part in _shared(range(meters), feeders)]
        transformers = sum(
            -(-len(part) // METERS_AT_TRANSFORMER)
            for each in self._meters
            for part in _shared(range(each), self._laterals)
        )
        spans = transformers + feeders * (self._laterals + ZONES)
        self._span_m = (miles * M_PER_MILE - transformers * LV_M) / spans
        self.nodes: list[Sequence[Any]] = []
        self.branches: list[Sequence[Any]] = []
        self.customers: list[Sequence[Any]] = []
        self.phones: dict[str, str] = {}
        self.firsts: list[tuple[str, str]] = []
        self.line_m = 0.0

    def made(self) -> Rural:
        feeders: list[Feeder] = []
        rows: list[Sequence[Any]] = []
        for station in range(self._substations):
            at = self._station(station)
            for number in range(FEEDERS):
                name = f"F{station:02d}{number}"
                feeders.append(self._feeder(name, at, number, self._meters[len(feeders)]))
                rows.append(
                    (name, f"Feeder {name}", f"S{station:02d}", f"{name}.s", *_lon_lat(at), self._region(station))
                )
        self._ties()
        spared = {each.name for each in feeders[-self._spared :]}
        held = [
            customer for feeder, customer in sorted(self.firsts, key=lambda first: first[1][-3:]) if feeder in spared
        ]
        premises = {f"L{number:03d}": customer for number, customer in enumerate(held)}
        tables: dict[str, list[Sequence[Any]]] = {
            "utility.csv": [
                ("name", "time_zone", "attribution", "languages", "quiet_from", "quiet_until"),
                ("Magnolia Rural Electric", "America/Chicago", "made for a bench", "en", "00:00", "00:00"),
            ],
            "regions.csv": [("region", "name"), *((f"R{n + 1}", f"District {n + 1}") for n in range(self._regions()))],
            "feeders.csv": [("feeder", "name", "substation", "source_node", "lon", "lat", "region"), *rows],
            "nodes.csv": [("node", "lon", "lat", "pole"), *self.nodes],
            "branches.csv": [
                ("id", "kind", "from_node", "to_node", "normal_state", "phases", "length_m", "type_code", "rating", "feeder",
                 "rated", "device_number", "telemetered"),
                *self.branches,
            ],
            "customers.csv": [
                ("customer", "node", "transformer", "feeder", "level", "class", "active", "meter", "phones", "service_point",
                 "phases", "kva", "tier", "language", "consent", "life_support"),
                *self.customers,
            ],
            **self._people(premises),
        }  # fmt: skip
        return Rural(tables, tuple(feeders), self.phones, premises, self.line_m)

    def _regions(self) -> int:
        return min(REGIONS, self._substations)

    def _region(self, station: int) -> str:
        return f"R{station * self._regions() // self._substations + 1}"

    def _station(self, station: int) -> tuple[float, float]:
        """Return where a substation stands, metres east and north of the middle."""
        wide = math.ceil(math.sqrt(self._substations))
        return (station % wide - wide / 2) * GRID_M, (station // wide - wide / 2) * GRID_M

    def _feeder(self, name: str, at: tuple[float, float], number: int, meters: int) -> Feeder:
        angle = 2 * math.pi * number / FEEDERS + 0.3
        self._node(f"{name}.s", at)
        self._node(f"{name}.0", at)
        self._switch(f"CB{name}", f"{name}.s", f"{name}.0", name, "29", telemetered=True)
        shares = iter(_shared([f"{name}-{place:03d}" for place in range(meters)], self._laterals))
        trunk = _Trunk(f"{name}.0", at, angle)
        laterals = [self._lateral(name, trunk, next(shares), place) for place in range(LATERALS_AT_HEAD)]
        reclosers, transformers = [], [each for _, below in laterals for each in below]
        for zone in range(ZONES):
            branch = _Trunk(trunk.node, trunk.at, angle + 0.5 * (zone - 1))
            self._trunk_span(name, branch, f"{name}.r{zone}")
            self._node(f"{name}.q{zone}", branch.at)
            self._switch(f"RC{name}.{zone}", branch.node, f"{name}.q{zone}", name, "32")
            branch.node = f"{name}.q{zone}"
            below = [
                self._lateral(name, branch, next(shares), LATERALS_AT_HEAD + zone * LATERALS_IN_ZONE + place)
                for place in range(LATERALS_IN_ZONE)
            ]
            transformers += [each for _, under in below for each in under]
            reclosers.append(_together(f"switch:RC{name}.{zone}", [each for each, _ in below]))
        laterals_at_head = tuple(each for each, _ in laterals)
        breaker = _together(f"switch:CB{name}", [*laterals_at_head, *reclosers])
        return Feeder(name, breaker, tuple(reclosers), laterals_at_head, tuple(transformers))

    def _trunk_span(self, feeder: str, trunk: _Trunk, node: str) -> None:
        before, trunk.at = trunk.node, _moved(trunk.at, trunk.angle, self._span_m)
        trunk.node = node
        self._node(node, trunk.at, pole=node)
        self._line(f"M{node}", "mv_line", before, node, feeder, self._span_m, "ABC")

    def _lateral(self, feeder: str, trunk: _Trunk, customers: Sequence[str], place: int) -> tuple[Behind, list[Behind]]:
        """Go one span along the trunk and hang a fused lateral there; return it and its transformers."""
        name = f"{feeder}.{place}"
        self.firsts.append((feeder, customers[0]))
        self._trunk_span(feeder, trunk, f"{name}.t")
        self._node(f"{name}.f", trunk.at)
        self._switch(f"FU{name}", trunk.node, f"{name}.f", feeder, "22")
        phase = "ABC"[place % 3]
        before, at, angle = f"{name}.f", trunk.at, trunk.angle + math.pi / 2 * (1 if place % 2 else -1)
        transformers = []
        for tap, held in enumerate(_chunks(customers, METERS_AT_TRANSFORMER)):
            here, at = f"{name}.{tap}", _moved(at, angle, self._span_m)
            self._node(here, at, pole=here)
            self._line(f"M{here}", "mv_line", before, here, feeder, self._span_m, phase)
            transformers.append(
                self._transformer(feeder, here, at, angle, phase, held, fused=(place + tap) % FUSED_LV == 0)
            )
            before = here
        return _together(f"switch:FU{name}", transformers), transformers

    def _transformer(
        self,
        feeder: str,
        here: str,
        at: tuple[float, float],
        angle: float,
        phase: str,
        held: Sequence[str],
        *,
        fused: bool,
    ) -> Behind:
        self._node(f"{here}l", at)
        self.branches.append(
            (
                f"T{here}",
                "transformer",
                here,
                f"{here}l",
                "closed",
                phase,
                "",
                "",
                "25",
                feeder,
                "25",
                f"TX-{here}",
                "0",
            )
        )
        low = f"{here}l"
        if fused:
            low = f"{here}m"
            self._node(low, at)
            self._switch(f"LF{here}", f"{here}l", low, feeder, "22", phases=phase)
        self._node(f"{here}c", _moved(at, angle + 0.8, LV_M))
        self._line(f"V{here}", "lv_line", low, f"{here}c", feeder, LV_M, phase)
        for place, customer in enumerate(held):
            number = len(self.customers)
            phone = f"+1504{5_000_000 + number}" if number % 10 < 7 else ""
            if phone:
                self.phones[customer] = phone
            tier = "commercial" if number % 12 == 0 else "important" if number % 400 == 7 else "residential"
            self.customers.append(
                (customer, f"{here}c", f"T{here}", feeder, "LV", "home", "1", f"M-{customer}", phone, f"SP-{customer}", phase,
                 6 + place, tier, "", "0" if number % 20 == 3 else "1", "1" if number % 250 == 11 else "0")
            )  # fmt: skip
        return Behind(f"transformer:T{here}", tuple(held))

    def _ties(self) -> None:
        """Join the ends of neighbouring feeders by open switches; every few substations also with the next one."""
        for station in range(self._substations):
            for number in range(FEEDERS):
                this, other = f"F{station:02d}{number}", f"F{station:02d}{(number + 1) % FEEDERS}"
                self._switch(f"TIE{this}", f"{this}.q0", f"{other}.q2", this, "19", state="open")
            if station % TIED == 0 and station + 1 < self._substations:
                this, other = f"F{station:02d}0", f"F{station + 1:02d}0"
                self._switch(f"TIEX{this}", f"{this}.q1", f"{other}.q1", this, "19", state="open")

    def _people(self, premises: dict[str, str]) -> dict[str, list[Sequence[Any]]]:
        depots = self._depots()
        return {
            "depots.csv": [("depot", "name", "region", "lon", "lat"), *depots],
            "crews.csv": [
                ("crew", "depot", "skills", "certificates", "kit", "members"),
                *((f"K{n:03d}", depots[n % len(depots)][0], "line;service", "HV-switching",
                   "bucket-truck", 2) for n in range(self._crews)),
            ],
            "accounts.csv": [("account", "name"), *((account, f"Plant {account}") for account in premises)],
            "premises.csv": [("account", "customer"), *premises.items()],
            "contacts.csv": [
                ("account", "contact", "name", "phone", "rank", "wait_s"),
                *((account, "control", "Control room", f"+1225555{place:04d}", 1, 300) for place, account in enumerate(premises)),
            ],
        }  # fmt: skip

    def _depots(self) -> list[tuple[str, str, str, str, str]]:
        """Return the depots: at every fourth substation, and at the first one of every region."""
        first = {self._region(n): n for n in reversed(range(self._substations))}
        where = sorted({*range(0, self._substations, 4), *first.values()})
        return [(f"D{n:02d}", f"Yard {n}", self._region(n), *_lon_lat(self._station(n))) for n in where]

    def _node(self, name: str, at: tuple[float, float], *, pole: str = "") -> None:
        self.nodes.append((name, *_lon_lat(at), pole))

    def _line(self, name: str, kind: str, start: str, end: str, feeder: str, metres: float, phases: str) -> None:
        self.line_m += metres
        self.branches.append((name, kind, start, end, "closed", phases, f"{metres:.1f}", "", "", feeder, "", "", "0"))

    def _switch(
        self, name: str, start: str, end: str, feeder: str, code: str, *,
        telemetered: bool = False, state: str = "closed", phases: str = "ABC",
    ) -> None:  # fmt: skip
        rated = _AMPERES.get(code, "")
        told = "1" if telemetered else "0"
        self.branches.append((name, "switch", start, end, state, phases, "", code, rated, feeder, rated, name, told))


@dataclasses.dataclass(slots=True)
class _Trunk:
    """Where the trunk of a feeder has come to: node, place (metres), direction (radians)."""

    node: str
    at: tuple[float, float]
    angle: float


def _together(device: str, below: Iterable[Behind]) -> Behind:
    return Behind(device, tuple(customer for each in below for customer in each.customers))


def _moved(at: tuple[float, float], angle: float, metres: float) -> tuple[float, float]:
    return at[0] + metres * math.cos(angle), at[1] + metres * math.sin(angle)


def _lon_lat(at: tuple[float, float]) -> tuple[str, str]:
    lat = CENTRE[1] + at[1] / M_PER_DEGREE
    lon = CENTRE[0] + at[0] / (M_PER_DEGREE * math.cos(math.radians(CENTRE[1])))
    return f"{lon:.6f}", f"{lat:.6f}"


def _shared(items: Sequence[Any], parts: int) -> list[Sequence[Any]]:
    """Return the items in so many parts as equal as can be, in order."""
    bounds = [len(items) * place // parts for place in range(parts + 1)]
    return [items[start:end] for start, end in itertools.pairwise(bounds)]


def _chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
