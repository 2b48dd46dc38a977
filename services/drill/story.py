"""The story of a storm in words: what is to be played, and what has been."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.clock import from_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.drill.storms import FaultPlan, Scenario, WindowPlan
    from services.network import Network


def foretold(network: Network, scenario: Scenario) -> list[str]:
    """Return what this scenario will play, in the order of its times."""
    told = [(fault.strikes_at, fault.id, _fault(network, fault)) for fault in scenario.faults]
    told += [(window.starts_at, window.id, _window(network, window)) for window in scenario.windows]
    opening = (
        f"Storm {scenario.storm.name} begins at {_clock(scenario.starts_at)} UTC with {len(scenario.bases)} crews."
    )
    return [opening, *(sentence for _, _, sentence in sorted(told))]


def told(scenario: Scenario, mended: Mapping[str, int | None]) -> list[str]:
    """Return what became of the faults: `mended` says when each was mended (milliseconds), None: not at all."""
    sentences = []
    for fault in scenario.faults:
        at = mended.get(fault.id)
        if at is None:
            sentences.append(f"Fault {fault.id} at {fault.device} is not mended.")
        else:
            minutes = (at - fault.strikes_at) // 60_000
            sentences.append(
                f"Fault {fault.id} at {fault.device} was mended at {_clock(at)}, {minutes} min after it struck."
            )
    return sentences


def _fault(network: Network, fault: FaultPlan) -> str:
    device = network.device(fault.device)
    customers = _customers(network.count_behind(fault.device))
    sentence = f"{_clock(fault.strikes_at)} {device.device_class} {device.id} fails with {customers} behind it"
    if fault.nested_in is not None:
        return f"{sentence}, in the dark of fault {fault.nested_in}: nobody notices yet."
    return f"{sentence}; no meter says so, only people call." if fault.dark else f"{sentence}."


def _window(network: Network, window: WindowPlan) -> str:
    customers = _customers(network.count_behind(window.device))
    return (
        f"{_clock(window.starts_at)} planned work {window.id} opens {window.device} with {customers} behind it, "
        f"until {_clock(window.completed_at)}."
    )


def _customers(count: int) -> str:
    return "1 customer" if count == 1 else f"{count} customers"


def _clock(ms: int) -> str:
    return from_ms(ms).strftime("%H:%M:%S")
