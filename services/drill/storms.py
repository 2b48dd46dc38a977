"""Storms: which devices fail when, and which work is planned, drawn from a seed on the utility's own network.

Faults strike places that have nothing to do with each other: none lies behind another, nor behind planned work, nor
above it; only nested faults strike within what their host has darkened. So it can be judged strictly who has power.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.ids import drawn
from services.drill.draws import between
from services.network import DeviceClass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.network import Device, Network, Place

MINUTE = 60_000
TEN_SECONDS = 10_000
MOST_BEHIND_ONE, MOST_BEHIND_ALL = 600, 1500
FIRST_STRIKE_MS = 3 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A fault that a storm asks for: how many customers it darkens, and whether another is nested in it."""

    low: int
    high: int
    hosts: bool = False
    dark: bool = False
    main: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """A kind of storm. `pace` scales the times of repair; the work's times count from the start, milliseconds."""

    name: str
    slots: tuple[Slot, ...]
    accounts: int
    crews: int
    pace: float
    spread_ms: int
    nested_after_s: tuple[int, int]
    work_starts_ms: int
    work_ends_ms: int
    window: tuple[int, int]


TINY = Storm(
    name="tiny",
    slots=(Slot(low=25, high=90, hosts=True), Slot(low=8, high=40)),
    accounts=1,
    crews=4,
    pace=0.3,
    spread_ms=4 * MINUTE,
    nested_after_s=(90, 240),
    work_starts_ms=4 * MINUTE,
    work_ends_ms=34 * MINUTE,
    window=(8, 60),
)
SMALL = Storm(
    name="small",
    slots=(
        Slot(low=200, high=MOST_BEHIND_ONE, hosts=True, main=True),
        Slot(low=60, high=200, hosts=True),
        Slot(low=30, high=120, hosts=True),
        Slot(low=25, high=80, dark=True),
        Slot(low=60, high=150),
        Slot(low=30, high=90),
        Slot(low=15, high=60),
        Slot(low=15, high=60),
        Slot(low=6, high=30),
        Slot(low=3, high=15),
        Slot(low=2, high=8),
        Slot(low=1, high=2),
    ),
    accounts=2,
    crews=8,
    pace=0.8,
    spread_ms=50 * MINUTE,
    nested_after_s=(120, 420),
    work_starts_ms=15 * MINUTE,
    work_ends_ms=105 * MINUTE,
    window=(10, 80),
)
STORMS: dict[str, Storm] = {storm.name: storm for storm in (TINY, SMALL)}
"""The storms by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """A fault to come. `dark`: no last gasp arrives. `nested_in` is the fault that has darkened its place already."""

    id: str
    device: str
    strikes_at: int
    nested_in: str | None = None
    dark: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPlan:
    """Planned work to come: announced until `ends_at`, truly over at `completed_at`."""

    id: str
    device: str
    announced_at: int
    starts_at: int
    ends_at: int
    completed_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What a drill plays. Times in milliseconds; `bases` says where each crew's depot is."""

    storm: Storm
    starts_at: int
    faults: tuple[FaultPlan, ...]
    windows: tuple[WindowPlan, ...]
    bases: Mapping[str, Place]


class UnplayableError(Exception):
    """This network has no room for this storm."""


def compose(
    network: Network,
    *,
    storm: Storm,
    seed: int,
    starts_at: int,
    large: Sequence[str] = (),
    bases: Mapping[str, Place] | None = None,
) -> Scenario:
    """Return the storm on this network: a function of its arguments alone.

    `large` are customers with a hotline account: the work is planned above the first whose place allows it, and a fault
    strikes above another one where the storm asks for two. Raises `UnplayableError`.
    """
    taken: list[str] = []
    window = _window(network, storm, seed, starts_at, large, taken)
    devices = _strikes(network, storm, seed, large, taken)
    faults: list[FaultPlan] = []
    for number, (slot, device) in enumerate(zip(storm.slots, devices, strict=True), start=1):
        after = FIRST_STRIKE_MS + between(seed, 0, storm.spread_ms, "strike", number)
        plan = FaultPlan(id=f"F{number:02}", device=device, strikes_at=starts_at + _tens(after), dark=slot.dark)
        faults.append(plan)
        if slot.hosts:
            low, high = storm.nested_after_s
            faults.append(
                FaultPlan(
                    id=f"F{number:02}n",
                    device=_nested(network, seed, device),
                    strikes_at=plan.strikes_at + _tens(between(seed, low, high, "nested", number) * 1000),
                    nested_in=plan.id,
                )
            )
    return Scenario(storm=storm, starts_at=starts_at, faults=tuple(faults), windows=(window,), bases=bases or {})


def suits_window(network: Network, storm: Storm, device: str) -> bool:
    """Answers whether planned work behind this device has the size that the storm asks for."""
    low, high = storm.window
    return low <= network.count_behind(device) <= high


def _tens(ms: int) -> int:
    """Return a time rounded up to whole ten seconds: the drill's clock stops there anyway."""
    return -(-ms // TEN_SECONDS) * TEN_SECONDS


def _apart(network: Network, device: str, taken: Sequence[str]) -> bool:
    return not any(network.is_behind(device, each) or network.is_behind(each, device) for each in taken)


def _window(
    network: Network, storm: Storm, seed: int, starts_at: int, large: Sequence[str], taken: list[str]
) -> WindowPlan:
    """Plan the work above the first large customer whose place allows it, else anywhere."""
    above = [
        device
        for customer in large
        for device in network.path_to_source(network.customer_device(customer))
        if suits_window(network, storm, device)
    ]
    fitting = [device.id for device in network.devices if suits_window(network, storm, device.id)]
    if not fitting:
        raise UnplayableError(f"no device suits planned work: {storm.window[0]} to {storm.window[1]} customers")
    device = above[0] if above else min(fitting, key=lambda each: drawn(seed, "window", each))
    taken.append(device)
    return WindowPlan(
        id="W1",
        device=device,
        announced_at=starts_at + TEN_SECONDS,
        starts_at=starts_at + storm.work_starts_ms,
        ends_at=starts_at + storm.work_ends_ms + 10 * MINUTE,
        completed_at=starts_at + storm.work_ends_ms,
    )


def _strikes(network: Network, storm: Storm, seed: int, large: Sequence[str], taken: list[str]) -> list[str]:
    """Return the devices that fail, one for each slot; the devices are added to `taken`."""
    chosen: list[str] = []
    free_large = [each for each in large if _apart(network, network.customer_device(each), taken)]
    wanted = free_large[: storm.accounts - 1]
    for number, slot in enumerate(storm.slots):
        room = min(MOST_BEHIND_ONE, MOST_BEHIND_ALL - sum(map(network.count_behind, chosen)))
        # What is still to be chosen needs room too: at least the least that each asks for.
        room -= sum(later.low for later in storm.slots[number + 1 :])
        device = _strike(network, seed, number, slot, taken, room, wanted)
        wanted = [each for each in wanted if not network.is_behind(network.customer_device(each), device)]
        chosen.append(device)
        taken.append(device)
    return chosen


def _strike(
    network: Network, seed: int, number: int, slot: Slot, taken: Sequence[str], room: int, wanted: Sequence[str]
) -> str:
    """Return the device that suits a slot best: of the right size if there is one, then above a wanted customer."""

    def misfit(device: Device) -> tuple[int, int, int, float]:
        count = network.count_behind(device.id)
        off = max(slot.low - count, count - slot.high, 0)
        mains = device.device_class in {DeviceClass.BREAKER, DeviceClass.RECLOSER}
        above = any(network.is_behind(network.customer_device(each), device.id) for each in wanted)
        hit = above and not slot.dark and not slot.main
        return off, int(slot.main and not mains), int(not hit), drawn(seed, "strikes", number, device.id)

    fitting = [
        device
        for device in network.devices
        if 1 <= network.count_behind(device.id) <= max(1, room)
        and _apart(network, device.id, taken)
        and (not slot.hosts or _hosted(network, device.id))
    ]
    if not fitting:
        raise UnplayableError(f"no device is left for fault {number + 1}: {slot.low} to {slot.high} customers")
    return min(fitting, key=misfit).id


def _hosted(network: Network, device: str) -> list[str]:
    """Return the devices in which a nested fault can strike: truly fewer customers, at most half where possible."""
    whole = network.count_behind(device)
    below: list[str] = []
    open_ends = list(network.children(device))
    while open_ends:
        each = open_ends.pop()
        below.append(each)
        open_ends.extend(network.children(each))
    smaller = [each for each in below if 1 <= network.count_behind(each) < whole]
    return [each for each in smaller if 2 * network.count_behind(each) <= whole] or smaller


def _nested(network: Network, seed: int, host: str) -> str:
    """Return where the nested fault strikes: rather several customers, so that it shows once the host is mended."""
    candidates = _hosted(network, host)
    several = [each for each in candidates if network.count_behind(each) >= 3]  # noqa: PLR2004 - a handful, no tuning
    return min(several or candidates, key=lambda each: drawn(seed, "nested in", host, each))
