"""The story of a storm in words: what is to be played, and what has been."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.clock import from_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.drill.plans import BlinkPlan, FaultPlan, HazardPlan, Scenario, TextPlan, WindowPlan
    from services.network import Network


def foretold(network: Network, scenario: Scenario) -> list[str]:
    """Return what this scenario will play, in the order of its times."""
    told = [(fault.strikes_at, fault.id, _fault(network, fault)) for fault in scenario.faults]
    told += [(window.starts_at, window.id, _window(network, window)) for window in scenario.windows]
    told += [(blink.opens_at, blink.id, _blink(network, blink)) for blink in scenario.blinks]
    told += [(hazard.appears_at, hazard.id, _hazard(hazard)) for hazard in scenario.hazards]
    told += [(text.at, text.id, _text(text)) for text in scenario.texts]
    cast = scenario.cast
    on_shifts = len({shift.crew for shift in cast.shifts})
    crews = f"{len(cast.bases)} crews" + (f", {on_shifts} of them on shifts" if on_shifts else "")
    opening = [f"Storm {scenario.storm.name} begins at {_clock(scenario.starts_at)} UTC with {crews}."]
    if cast.accounts:
        opening.append(f"{len(cast.accounts)} hotline accounts take part.")
    if scenario.storm.rough:
        opening.append(
            "Crews refuse, fall silent, speak in leaps and ask for help; people report by phone, pole, place and text, and "
            "some reports are about nothing."
        )
    return [*opening, *(sentence for _, _, sentence in sorted(told))]


def told(scenario: Scenario, over: Mapping[str, int | None]) -> list[str]:
    """Return what became of it: `over` says when each fault was mended and each danger made safe (ms), None: not at all."""
    sentences = []
    for fault in scenario.faults:
        at = over.get(fault.id)
        if at is None:
            sentences.append(f"Fault {fault.id} at {fault.device} is not mended.")
        else:
            minutes = (at - fault.strikes_at) // 60_000
            sentences.append(
                f"Fault {fault.id} at {fault.device} was mended at {_clock(at)}, {minutes} min after it struck."
            )
    for hazard in scenario.hazards:
        at = over.get(hazard.id)
        if at is None:
            sentences.append(f"Danger {hazard.id} is not made safe.")
        else:
            minutes = (at - hazard.appears_at) // 60_000
            sentences.append(f"Danger {hazard.id} was made safe at {_clock(at)}, after {minutes} min.")
    return sentences


def _fault(network: Network, fault: FaultPlan) -> str:
    device = network.device(fault.device)
    customers = _customers(network.count_behind(fault.device))
    sentence = f"{_clock(fault.strikes_at)} {device.device_class} {device.id} fails with {customers} behind it"
    if fault.nested_in is not None:
        return f"{sentence}, in the dark of fault {fault.nested_in}: nobody notices yet."
    if fault.detour is not None:
        carried = _customers(network.count_behind(fault.detour.opened))
        return (
            f"{sentence}; with {fault.detour.opened} open and {fault.detour.closed} closed {carried} can have power before "
            "it is mended."
        )
    return f"{sentence}; no meter says so, only people call." if fault.dark else f"{sentence}."


def _window(network: Network, window: WindowPlan) -> str:
    customers = _customers(sum(network.count_behind(device) for device in window.isolates))
    what = f"{_clock(window.starts_at)} planned work {window.id} opens {', '.join(window.isolates)} with {customers} behind"
    if window.cancelled_at is not None:
        return f"{what}; it is cancelled at {_clock(window.cancelled_at)}."
    if window.overruns:
        return f"{what}, until {_clock(window.ends_at)}; it lasts until {_clock(window.completed_at)}."
    return f"{what}, until {_clock(window.completed_at)}."


def _blink(network: Network, blink: BlinkPlan) -> str:
    customers = _customers(network.count_behind(blink.device))
    seconds = (blink.closes_at - blink.opens_at) // 1000
    return f"{_clock(blink.opens_at)} {blink.device} opens for {seconds} s with {customers} behind it."


def _hazard(hazard: HazardPlan) -> str:
    with_fault = f", with fault {hazard.fault}" if hazard.fault is not None else ""
    return f"{_clock(hazard.appears_at)} danger {hazard.id}: {hazard.kind} near {hazard.device}{with_fault}."


def _text(text: TextPlan) -> str:
    return f"{_clock(text.at)} a customer texts {text.words}."


def _customers(count: int) -> str:
    return "1 customer" if count == 1 else f"{count} customers"


def _clock(ms: int) -> str:
    return from_ms(ms).strftime("%m-%d %H:%M:%S")
