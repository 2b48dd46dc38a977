"""Composing a storm: which devices fail when, what is dangerous, which work is planned, drawn from a seed on the network.

Faults strike places that have nothing to do with each other: none lies behind another, nor behind planned work, nor
above it; only nested faults strike within what their host has darkened, and nothing fails above a tie that shall help. So
it can be judged strictly who has power.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import HazardKind
from schemas.ids import drawn
from services.drill.detours import MAINS, Detours, behind
from services.drill.draws import between, chance
from services.drill.plans import (
    BlinkPlan,
    Cast,
    FaultPlan,
    HazardPlan,
    Scenario,
    Slot,
    Storm,
    TextPlan,
    UnplayableError,
    WindowPlan,
    WindowSlot,
)
from services.drill.strangers import LINKERS, wish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.drill.detours import Way
    from services.network import Device, Network

MINUTE = 60_000
TEN_SECONDS = 10_000
FIRST_STRIKE_MS = 3 * MINUTE
WIRE_DOWN = 0.6
"""The share of dangers that are a wire on the ground."""
TEXTERS = ("STOP", "STOP", "STOP", "HELP", "HELP", "中文")
"""What customers write to us in a rough storm besides their reports."""


def compose(network: Network, *, storm: Storm, seed: int, starts_at: int, cast: Cast | None = None) -> Scenario:
    """Return the storm on this network: a function of its arguments alone.

    The work is planned above the first customer with a hotline account whose place allows it, and faults strike above
    other ones, as many as the storm asks for. Raises `UnplayableError`.
    """
    composing = _Composing(network, storm, seed, starts_at, cast or Cast())
    windows = composing.windows()
    faults = composing.faults()
    return Scenario(
        storm=storm,
        starts_at=starts_at,
        faults=faults,
        windows=windows,
        blinks=composing.blinks(faults),
        hazards=composing.hazards(faults),
        texts=composing.texts(faults),
        cast=composing.cast,
    )


def suits_window(network: Network, slot: WindowSlot, device: str) -> bool:
    """Answers whether planned work behind this device has the size that the storm asks for."""
    return slot.low <= network.count_behind(device) <= slot.high


class _Composing:
    """What is chosen so far: `_free` devices have nothing to do with it, `_spared` ones must not fail."""

    def __init__(self, network: Network, storm: Storm, seed: int, starts_at: int, cast: Cast) -> None:
        self.cast = cast
        self._network = network
        self._storm = storm
        self._seed = seed
        self._starts_at = starts_at
        self._large = [customer for account in cast.accounts for customer in account.customers]
        self._free = {str(device.id): device for device in network.devices}
        self._spared: set[str] = set()
        self._struck: set[str] = set()
        self._detours = Detours(network)

    def windows(self) -> tuple[WindowPlan, ...]:
        """Return the planned work: the utility's own where the storm plays it and there is some, else as it asks for."""
        plans = self.cast.windows if self._storm.planned else ()
        if not plans:
            plans = tuple(self._window(number, slot) for number, slot in enumerate(self._storm.windows, start=1))
        for plan in plans:
            for device in plan.isolates:
                self._take(device)
        return plans

    def faults(self) -> tuple[FaultPlan, ...]:
        """Return the faults, each followed by those nested in it."""
        storm, seed = self._storm, self._seed
        wanted = [each for each in self._large if self._network.customer_device(each) in self._free]
        wanted = wanted[: storm.accounts - 1]
        faults: list[FaultPlan] = []
        room_for_all = storm.most_behind_all
        for number, slot in enumerate(storm.slots, start=1):
            # What is still to be chosen needs room too: at least the least that each asks for.
            room = min(storm.most_behind_one, room_for_all - sum(later.low for later in storm.slots[number:]))
            device = self._strike(number, slot, room, wanted)
            wanted = [
                each for each in wanted if not self._network.is_behind(self._network.customer_device(each), device)
            ]
            room_for_all -= self._network.count_behind(device)
            self._take(device)
            after = FIRST_STRIKE_MS + between(seed, 0, storm.spread_ms, "strike", number)
            way = self._way_around(device) if slot.main else None
            if way is not None:
                self._spared |= way.supports
            host = FaultPlan(
                id=f"F{number:02}",
                device=device,
                strikes_at=self._starts_at + _tens(after),
                dark=slot.dark,
                detour=None if way is None else way.detour,
            )
            faults += [host, *self._nested(host, slot.nested)]
        return tuple(faults)

    def blinks(self, faults: Sequence[FaultPlan]) -> tuple[BlinkPlan, ...]:
        """Return momentary interruptions, of mains that do not fail and feed no detour."""
        struck = {fault.device for fault in faults} | self._spared
        mains = [
            device.id
            for device in self._network.devices
            if device.device_class in MAINS and not device.made and device.id not in struck
        ]
        mains.sort(key=lambda each: drawn(self._seed, "blink", each))
        plans = []
        for number, device in enumerate(mains[: self._storm.blinks], start=1):
            after = FIRST_STRIKE_MS + between(self._seed, 0, self._storm.spread_ms, "blinks", number)
            opens_at = self._starts_at + _tens(after)
            lasts = between(self._seed, 2, 20, "blink lasts", number) * 1000
            plans.append(BlinkPlan(id=f"B{number}", device=device, opens_at=opens_at, closes_at=opens_at + lasts))
        return tuple(plans)

    def hazards(self, faults: Sequence[FaultPlan]) -> tuple[HazardPlan, ...]:
        """Return dangers: most come with a fault, shortly after it; every fifth has nothing to do with any."""
        hosts = sorted(
            (fault for fault in faults if fault.nested_in is None),
            key=lambda fault: drawn(self._seed, "danger", fault.id),
        )
        calm = sorted(self._free, key=lambda each: drawn(self._seed, "danger at", each))
        plans = []
        for number in range(1, self._storm.hazards + 1):
            kind = HazardKind.WIRE_DOWN
            if not chance(self._seed, WIRE_DOWN, "danger kind", number):
                kind = list(HazardKind)[int(drawn(self._seed, "other danger", number) * len(HazardKind))]
            fault = hosts[number % len(hosts)] if number % 5 else None
            if fault is None and calm:
                device, after = (
                    calm[number % len(calm)],
                    between(self._seed, 0, self._storm.spread_ms, "danger", number),
                )
                appears_at = self._starts_at + FIRST_STRIKE_MS + after
            else:
                fault = fault or hosts[number % len(hosts)]
                device = fault.device
                appears_at = fault.strikes_at + between(self._seed, 0, 15 * MINUTE, "danger after", number)
            plans.append(
                HazardPlan(
                    id=f"H{number:02}",
                    kind=kind,
                    device=device,
                    place=self._network.device(device).place,
                    appears_at=_tens(appears_at),
                    fault=fault.id if fault else None,
                )
            )
        return tuple(plans)

    def texts(self, faults: Sequence[FaultPlan]) -> tuple[TextPlan, ...]:
        """Return texts of customers behind faults: some want to hear no more, some ask for help; strangers want to be told too."""
        if not self._storm.rough:
            return ()
        reached = [
            (fault, self.cast.phones[customer], customer)
            for fault in faults
            if fault.nested_in is None
            for customer in self._network.customers_behind(fault.device)
            if customer in self.cast.phones
        ]
        reached.sort(key=lambda each: drawn(self._seed, "texts us", each[1]))
        own = [(fault, phone, words) for (fault, phone, _), words in zip(reached, TEXTERS, strict=False)]
        strange = [
            (fault, phone, wish(customer, self.cast.languages.get(customer, "")))
            for (fault, _, customer), phone in zip(reached[len(own) :], LINKERS, strict=False)
        ]
        return tuple(
            TextPlan(
                id=f"T{number}",
                phone=phone,
                words=words,
                at=_tens(fault.strikes_at + between(self._seed, 5 * MINUTE, 40 * MINUTE, "texts at", number)),
            )
            for number, (fault, phone, words) in enumerate([*own, *strange], start=1)
        )

    def _take(self, device: str) -> None:
        """Let nothing else happen behind or above a device."""
        network = self._network
        near = {str(step) for step in network.path_to_source(device)} | set(behind(network, device))
        self._struck.add(device)
        self._free = {each: found for each, found in self._free.items() if each not in near}

    def _window(self, number: int, slot: WindowSlot) -> WindowPlan:
        """Plan work above the first large customer whose place allows it, else anywhere."""
        fits = {each for each in self._free if suits_window(self._network, slot, each)}
        if not fits:
            raise UnplayableError(f"no device suits planned work: {slot.low} to {slot.high} customers")
        above = [
            step
            for customer in self._large
            for step in self._network.path_to_source(self._network.customer_device(customer))
            if step in fits and number == 1
        ]
        device = above[0] if above else min(fits, key=lambda each: drawn(self._seed, "window", each))
        self._take(device)
        starts_at = self._starts_at + slot.starts_ms
        return WindowPlan(
            id=f"W{number}",
            isolates=(device,),
            announced_at=self._starts_at + TEN_SECONDS,
            starts_at=starts_at,
            ends_at=self._starts_at + slot.ends_ms,
            completed_at=self._starts_at + slot.completed_ms,
            cancelled_at=starts_at - 20 * MINUTE if slot.cancelled else None,
        )

    def _strike(self, number: int, slot: Slot, room: int, wanted: Sequence[str]) -> str:
        """Return the device that suits a slot best: of the right size if there is one, then above a wanted customer."""
        network = self._network
        above_wanted = {
            step for each in wanted for step in network.path_to_source(network.customer_device(each))
        }  # fmt: skip

        def misfit(device: Device) -> tuple[int, int, int, int, float]:
            count = network.count_behind(device.id)
            off = max(slot.low - count, count - slot.high, 0)
            hit = device.id in above_wanted and not slot.dark and not slot.main
            no_main = int(slot.main and device.device_class not in MAINS)
            no_way = int(slot.main and not off and not no_main and self._way_around(device.id) is None)
            return off, no_main, no_way, int(not hit), drawn(self._seed, "strikes", number - 1, device.id)

        fitting = [
            device
            for each, device in self._free.items()
            if 1 <= network.count_behind(each) <= max(1, room)
            and each not in self._spared
            and (not slot.nested or _hosted(network, each))
        ]
        if not fitting:
            raise UnplayableError(f"no device is left for fault {number}: {slot.low} to {slot.high} customers")
        return min(fitting, key=misfit).id

    def _way_around(self, device: str) -> Way | None:
        """Return the detour around a main that fails in a rough storm; None where there is none."""
        if not self._storm.rough or self._network.device(device).device_class not in MAINS:
            return None
        return self._detours.around(device, self._struck - {device}, self._spared)

    def _nested(self, host: FaultPlan, count: int) -> list[FaultPlan]:
        """Return faults that strike in the dark of a host, or in the dark of one another; fewer where there is no room."""
        within = [host]
        spared: set[str] = set() if host.detour is None else {*self._network.path_to_source(host.detour.opened)}
        low, high = self._storm.nested_after_s
        for number in range(1, count + 1):
            place = self._place_within(within, spared)
            if place is None:
                break
            device, around = place
            after = between(self._seed, low, high, "nested", host.id, number) * 1000
            within.append(
                FaultPlan(
                    id=f"{host.id}n{number if number > 1 else ''}",
                    device=device,
                    strikes_at=around.strikes_at + _tens(after),
                    nested_in=around.id,
                )
            )
        return within[1:]

    def _place_within(self, within: Sequence[FaultPlan], spared: set[str]) -> tuple[str, FaultPlan] | None:
        """Return where the next nested fault strikes, and in whose dark: rather several customers, so that it shows."""
        network, host = self._network, within[0]
        nested = [fault.device for fault in within[1:]]
        candidates = [
            each
            for each in _hosted(network, host.device)
            if each not in spared and not any(network.is_behind(device, each) for device in nested)
        ]
        around = {
            each: max(
                (fault for fault in within if network.is_behind(each, fault.device)),
                key=lambda fault: len(network.path_to_source(fault.device)),
            )
            for each in candidates
        }
        fewer = [
            each for each in candidates if network.count_behind(each) < network.count_behind(around[each].device)
        ]  # fmt: skip
        deeper = [each for each in fewer if around[each] is not host]
        if len(within) == 2 and deeper:  # noqa: PLR2004 - the second one lies in the dark of the first where it can
            fewer = deeper
        several = [each for each in fewer if network.count_behind(each) >= 3]  # noqa: PLR2004 - a handful, no tuning
        if not fewer:
            return None
        device = min(several or fewer, key=lambda each: drawn(self._seed, "nested in", host.device, each))
        return device, around[device]


def _tens(ms: int) -> int:
    """Return a time rounded up to whole ten seconds: the drill's clock stops there anyway."""
    return -(-ms // TEN_SECONDS) * TEN_SECONDS


def _hosted(network: Network, device: str) -> list[str]:
    """Return the devices in which a nested fault can strike: truly fewer customers, at most half where possible."""
    whole = network.count_behind(device)
    smaller = [each for each in behind(network, device) if 1 <= network.count_behind(each) < whole]
    return [each for each in smaller if 2 * network.count_behind(each) <= whole] or smaller
