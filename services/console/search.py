"""The search of the console: what a person may type, and what is found, best first. Pure but for the telephone numbers."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, TypeVar

import msgspec

from services.console.land import Land, Texts
from services.console.reading import Reading
from services.console.rows import HazardRow, IncidentRow
from services.console.sheets import Identified, Sheet
from services.dispatch.showing import CrewRow
from services.network.ground import Customer

MOST = 30
MOST_OF_A_KIND = 8
"""So many of one kind at most, while there are others."""

R = TypeVar("R", bound=Identified)
Kind = Literal["incident", "hazard", "customer", "account", "pole", "device", "crew", "feeder", "depot", "place"]
_PLACE = re.compile(r"\s*(-?\d{1,3}(?:\.\d+)?)\s*[,;\s]\s*(-?\d{1,2}(?:\.\d+)?)\s*")
_PHONE = re.compile(r"\+?[\d\s()/-]{5,20}")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was found. `incident` is the one under which it is out, or that is about it."""

    kind: Kind
    id: str
    title: str
    detail: str = ""
    lon: float | None = None
    lat: float | None = None
    incident: str | None = None


def phone_of(words: str) -> str | None:
    """Return the beginning of a telephone number in international form that these words may be; None: they are none."""
    if not _PHONE.fullmatch(words.strip()):
        return None
    digits = re.sub(r"[^\d+]", "", words)
    return "+" + digits.removeprefix("+").removeprefix("00")


@dataclasses.dataclass(frozen=True, slots=True)
class Search:
    """One search on the land and what is read now. `kept` is what searches keep of sheets from one to the next."""

    land: Land
    reading: Reading
    words: str
    kept: dict[Kind, tuple[Any, int, list[Any], Texts]]

    def find(self, by_phone: Iterable[str]) -> list[Found]:
        """Return what was found, at most `MOST`; `by_phone` are customers that the words name by telephone."""
        words = self.words.strip()
        found: dict[tuple[str, str], Found] = {}
        later: list[Found] = []
        sources: list[Iterator[Found]] = [
            self._place(),
            (self._customer(self.land.network.customer(each)) for each in by_phone),
            self._incidents(),
            self._hazards(),
            self._crews(),
            self._devices(),
            (self._customer(self.land.customer(each)) for each in self.land.customers.find(words, MOST)),
            self._accounts(),
            self._poles(),
            self._feeders(),
            self._depots(),
        ]
        for source in sources:
            for number, each in enumerate(source):
                if number < MOST_OF_A_KIND:
                    found.setdefault((each.kind, each.id), each)
                else:
                    later.append(each)
        for each in later:
            found.setdefault((each.kind, each.id), each)
        return sorted(found.values(), key=self._rank)[:MOST]

    def _rank(self, found: Found) -> int:
        """Return 0 for what is named exactly so, 1 for what begins so, 2 for all else; equal ones stay in their order."""
        words = self.words.strip().lower()
        names = (found.id.lower(), found.title.lower(), found.id.lower().partition(":")[2])
        if found.kind == "place" or words in names:
            return 0
        return 1 if any(name.startswith(words) for name in names) else 2

    def _place(self) -> Iterator[Found]:
        match = _PLACE.fullmatch(self.words)
        if match is not None and abs(lon := float(match[1])) <= 180 and abs(lat := float(match[2])) <= 90:  # noqa: PLR2004 (degrees)
            name = f"{lon:.6f}, {lat:.6f}"
            yield Found(kind="place", id=name, title=name, lon=lon, lat=lat)

    def _customer(self, customer: Customer) -> Found:
        detail = " · ".join(each for each in (customer.service_point, customer.meter, customer.tier.value) if each)
        return Found(
            kind="customer", id=customer.id, title=customer.id, detail=detail, lon=customer.lon, lat=customer.lat
        )

    def _incidents(self) -> Iterator[Found]:
        for row in self._rows("incident", self.reading.incidents, lambda row: (row.id, row.device, row.device_number)):
            detail = f"{row.device_number or row.device} · {row.state}"
            yield _at(row, "incident", detail, row.id)

    def _hazards(self) -> Iterator[Found]:
        for row in self._rows("hazard", self.reading.hazards, lambda row: (row.id,)):
            yield _at(row, "hazard", f"{row.kind} · {row.state}", row.incident)

    def _crews(self) -> Iterator[Found]:
        for row in self._rows("crew", self.reading.crews, lambda row: (row.id,)):
            detail = " · ".join(each for each in (row.depot or row.home, row.state) if each)
            yield _at(row, "crew", detail, row.incident)

    def _rows(self, kind: Kind, sheet: Sheet[R], names: Callable[[R], tuple[str, ...]]) -> Iterator[R]:
        """Return the rows of a sheet that the words name; what is searched is made once for each version of the sheet."""
        kept = self.kept.get(kind)
        if kept is None or kept[0] is not sheet or kept[1] != sheet.version:
            rows = list(sheet)
            texts = Texts((name, number) for number, row in enumerate(rows) for name in names(row))
            kept = self.kept[kind] = sheet, sheet.version, rows, texts
        return (kept[2][number] for number in kept[3].find(self.words.strip(), MOST))

    def _devices(self) -> Iterator[Found]:
        at = {row.device: row.id for row in self.reading.incidents if row.state in _OPEN}
        for number in self.land.devices.find(self.words.strip(), MOST):
            switch = self.land.network.switch(self.land.device_ids[number])
            detail = f"{switch.kind.value} · {switch.feeder}"
            yield Found(
                kind="device",
                id=switch.id,
                title=switch.device_number or switch.id,
                detail=detail,
                lon=switch.place.lon,
                lat=switch.place.lat,
                incident=at.get(switch.id) or self._held(switch.id),
            )

    def _held(self, device: str) -> str | None:
        """Return the incident behind whose device this one lies."""
        branch, colours = self.land.network.ground.branch_of.get(device), self.reading.shown.colours
        if branch is None or colours is None:
            return None
        row = self.reading.network.row(f"b{branch}")
        return None if row is None else row.incident

    def _accounts(self) -> Iterator[Found]:
        premises: dict[str, str] = {}
        for premise in self.land.folder.premises:
            premises.setdefault(premise.account, premise.customer)
        for number in self.land.accounts.find(self.words.strip(), MOST):
            row = self.land.folder.accounts[number]
            customer = premises.get(row.account)
            at = None if customer is None else self.land.network.customer(customer)
            yield Found(
                kind="account",
                id=row.account,
                title=row.name,
                detail=row.account,
                lon=None if at is None else at.lon,
                lat=None if at is None else at.lat,
            )

    def _poles(self) -> Iterator[Found]:
        for place in self.land.poles.find(self.words.strip(), MOST):
            row = self.land.folder.grid.nodes[self.land.pole_nodes[place]]
            yield Found(kind="pole", id=row.pole, title=row.pole, lon=row.lon, lat=row.lat)

    def _feeders(self) -> Iterator[Found]:
        for number in self.land.feeders.find(self.words.strip(), MOST):
            row = self.land.folder.grid.feeders[number]
            yield Found(
                kind="feeder",
                id=row.feeder,
                title=row.name or row.feeder,
                detail=row.substation,
                lon=row.lon,
                lat=row.lat,
            )

    def _depots(self) -> Iterator[Found]:
        for number in self.land.depots.find(self.words.strip(), MOST):
            row = self.land.folder.depots[number]
            yield Found(
                kind="depot", id=row.depot, title=row.name or row.depot, detail=row.region, lon=row.lon, lat=row.lat
            )


def _at(row: IncidentRow | HazardRow | CrewRow, kind: Kind, detail: str, incident: str | None) -> Found:
    return Found(kind=kind, id=row.id, title=row.id, detail=detail, lon=row.lon, lat=row.lat, incident=incident)


_OPEN = frozenset({"predicted", "confirmed", "partiallyRestored"})


def with_incidents(found: Iterable[Found], out: Mapping[str, str], accounts: Mapping[str, str]) -> list[Found]:
    """Return what was found, customers who are out with their incident (`out`), accounts with that of a premise of theirs."""
    held = {"customer": out, "account": accounts}
    return [
        each if each.kind not in held else msgspec.structs.replace(each, incident=held[each.kind].get(each.id))
        for each in found
    ]
