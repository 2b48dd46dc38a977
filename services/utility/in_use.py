"""What an import may not take away or move while something open rests on it; everything else may change in a storm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.network.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.utility.contents import UtilityFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """Something open and what it rests on. `what` says in words what it is: `incident 12ab`.

    `window` names planned work under way, whose isolation points are `devices`.
    """

    what: str
    devices: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    crew: str | None = None
    account: str | None = None
    window: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class InUse:
    """A thing that an import would take away or move, how, and what rests on it."""

    kind: str
    id: str
    becomes: str
    why: str

    def __str__(self) -> str:
        """Return the refusal as a sentence with its code."""
        return f"{self.kind} {self.id} {self.becomes}, but {self.why} rests on it. [inUse]"


class UtilityInUse(Exception):
    """An import would pull the ground away from something open; `refusals` are all of them, sorted."""

    def __init__(self, refusals: tuple[InUse, ...]) -> None:
        self.refusals = refusals
        super().__init__(f"{len(refusals)} things are in use, the first: {refusals[0]}")


def refusals(old: UtilityFolder, new: UtilityFolder, resting: Iterable[Resting]) -> tuple[InUse, ...]:
    """Return everything that an import of `new` over `old` would take away or move from under something open, sorted."""
    open_things = list(resting)
    if not open_things:
        return ()
    before, after = _Ground(old), _Ground(new)
    found: set[InUse] = set()
    for each in open_things:
        names = [
            *(("device", device) for device in each.devices),
            *(("customer", customer) for customer in each.customers),
            *([("crew", each.crew)] if each.crew is not None else []),
            *([("account", each.account)] if each.account is not None else []),
        ]
        for kind, name in names:
            if (becomes := _moved(before.home(kind, name), after.home(kind, name))) is not None:
                found.add(InUse(kind, name, becomes, each.what))
        if each.account is not None:
            for customer in each.customers:
                if before.accounts.get(customer) == each.account != after.accounts.get(customer):
                    found.add(InUse("customer", customer, f"leaves account {each.account}", each.what))
        planned = after.windows.get(each.window or "")
        if planned is not None and planned != before.windows.get(each.window or "", planned):
            found.add(InUse("window", each.window or "", "is isolated elsewhere", each.what))
    return tuple(sorted(found))


class _Ground:
    """What things rest on in one version: where each device, customer, crew and account is at home."""

    def __init__(self, folder: UtilityFolder) -> None:
        network = Network(folder.grid)
        region_of = {row.feeder: row.region for row in folder.grid.feeders}
        self._devices = {
            str(device.id): {"supply area": str(device.area), "region": region_of[device.feeder]}
            for device in network.devices
        }
        self._customers = {
            str(customer.id): {"device": str(customer.device), "supply area": str(network.area_of(customer.id))}
            for customer in network.customers
            if customer.active
        }
        depots = {row.depot: row.region for row in folder.depots}
        self._crews = {row.crew: {"region": depots[row.depot]} for row in folder.crews}
        self._accounts: dict[str, dict[str, str]] = {row.account: {} for row in folder.accounts}
        self.accounts = {row.customer: row.account for row in folder.premises}
        self.windows = {row.window: row.isolates for row in folder.windows}

    def home(self, kind: str, name: str) -> dict[str, str] | None:
        """Return where a thing is at home, by the kind of place; None when it is not there."""
        things = {
            "device": self._devices, "customer": self._customers, "crew": self._crews, "account": self._accounts
        }  # fmt: skip
        return things[kind].get(name)


def _moved(before: dict[str, str] | None, after: dict[str, str] | None) -> str | None:
    """Return in words what becomes of a thing; None for one that stays, or that was not there before."""
    if before is None or before == after:
        return None
    if after is None:
        return "would be gone"
    moves = [f"from {kind} {before[kind]} to {after[kind]}" for kind in sorted(after) if before[kind] != after[kind]]
    return f"would move {' and '.join(moves)}"
