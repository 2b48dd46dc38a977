"""The product's own inference, in the words of an examiner who knows devices and customers by number. Translation only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from services.outages.fault_tree import FaultTree, fault_tree
from services.outages.rates import PER_CUSTOMERS, PREMISES, Delay, Rates
from services.outages.suspecting import Suspicions

CLASSES = {
    "feeder breaker": "breaker",
    "recloser": "recloser",
    "lateral fuse": "fuse",
    "transformer": "transformer",
    "lv fuse": "lvFuse",
    "service": PREMISES,
}
_MS = 60_000


def rates_of(grid: Any, settings: Any) -> Rates:
    """Return what the examiner tells of reports and faults beforehand. Its meters' times are those of arrival."""
    gasps = Delay(settings.gasp_delay.median_min, settings.gasp_delay.sigma)
    return Rates(
        call_share=settings.call_rate,
        gasp_share=settings.gasp_rate,
        call_delay=Delay(settings.call_delay.median_min, settings.call_delay.sigma),
        gasp_delay=gasps,
        gasp_stamp=gasps,
        stray_calls=settings.false_calls_per_customer_min,
        stray_gasps=settings.false_gasps_per_customer_min,
        faults_an_hour=settings.expected_faults * PER_CUSTOMERS / len(grid.customer_device),
        mix={CLASSES[name]: share for name, share in settings.class_mix.items()},
    )


def tree_of_grid(grid: Any, rates: Rates) -> FaultTree:
    """Return the examiner's network; all of its customers have meters, or none of them has."""
    direct = [device.direct_customers for device in grid.devices]
    return fault_tree(
        [-1 if device.parent_id is None else device.parent_id for device in grid.devices],
        [CLASSES[device.device_class] for device in grid.devices],
        direct,
        direct if rates.gasp_share else [0] * len(direct),
        rates,
    )


class Judged:
    """An engine as the examiner wants it, around the product's suspicions."""

    def __init__(self, grid: Any, settings: Any, rates: Rates) -> None:
        self._device_of = grid.customer_device
        self._metered = settings.gasp_rate > 0
        self.suspicions = Suspicions(_tree(grid, rates), rates)

    def add(self, t_min: float, kind: str, customer_id: int) -> None:
        """Hear a report."""
        at = int(t_min * _MS)
        device = self._device_of[customer_id]
        match kind:
            case "call":
                self.suspicions.hear(customer_id, device, call=at, metered=self._metered)
            case "last_gasp":
                self.suspicions.hear(customer_id, device, gasp=at, metered=self._metered)
            case "power_restored":
                self.suspicions.hear(customer_id, device, power=at, metered=self._metered)
            case "no_answer":
                self.suspicions.hear(customer_id, device, no_answer=at, metered=self._metered)
            case _:
                raise ValueError(kind)

    def tick(self, t_min: float) -> None:
        """Weigh what was heard."""
        self.suspicions.score(int(t_min * _MS))

    def incidents(self) -> Iterable[int]:
        """Return the devices that are believed to have failed."""
        return [cluster.device for cluster in self.suspicions.clusters() if cluster.believed]

    def hypotheses(self) -> Iterable[tuple[int, float]]:
        """Return the likeliest device of every incident, and its probability."""
        return [cluster.suspects[0][:2] for cluster in self.suspicions.clusters()]

    def ranked(self) -> Iterable[tuple[tuple[int, float], ...]]:
        """Return what may have failed of every incident, the likeliest first, with probabilities."""
        return [tuple(suspect[:2] for suspect in cluster.suspects) for cluster in self.suspicions.clusters()]


_TREES: dict[tuple[object, ...], FaultTree] = {}


def _tree(grid: Any, rates: Rates) -> FaultTree:
    key = (grid.name, len(grid.devices), tuple(sorted(rates.mix.items())), rates.gasp_share > 0)
    if key not in _TREES:
        _TREES[key] = tree_of_grid(grid, rates)
    return _TREES[key]


def engine(grid: Any, settings: Any) -> Judged:
    """Make the engine of one scenario."""
    return Judged(grid, settings, rates_of(grid, settings))


def believing(**beliefs: float) -> Callable[[Any, Any], Judged]:
    """Return a maker of engines with other beliefs, by the names of `Rates`."""
    return lambda grid, settings: Judged(grid, settings, replace(rates_of(grid, settings), **beliefs))  # type: ignore[arg-type]
