"""Which devices have failed, given who reported: the lowest common device, as long as silence does not speak against it.

Two explanations are weighed wherever reports from below meet at a device: *it* failed, or what is below it failed apart.
Each has a cost in hundredths of a nat (-100 ln p), and the cheaper one stands; of equal ones the lower device.
One pass from the reporters up to the source costs O(reporters x depth).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from services.network import Network

FAULT = 690
"""A further fault in the same minute: p = 0.001."""
STRAY = 1150
"""A report that no failed device explains (a wire to one house, a mistake): p = 0.00001."""


@dataclass(frozen=True, slots=True)
class Voices:
    """How reporters behave behind a failed device: what a report and what a silence costs.

    As many as `least` must have reported before the silent ones behind the device are taken to be out.
    """

    heard: int
    silent: int
    least: int


METERS = Voices(heard=16, silent=190, least=1)
"""85 % of the last gasps arrive: -100 ln 0.85 and -100 ln 0.15."""
CALLERS = Voices(heard=281, silent=6, least=2)
"""Of customers without power 6 % have called by the time it matters (8-12 % in the end): -100 ln 0.06 and -100 ln 0.94.
One caller alone speaks for himself: faults of single customers look like outages, and some calls are stray."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An incident that may still move: its device, how many of its customers reported, and whether all behind it are out."""

    incident: str
    device: str
    heard: int
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A device that failed (`whole`), or at which some are out for themselves; who reported, and which incidents it absorbs."""

    device: str
    whole: bool
    reporters: tuple[str, ...]
    absorbs: tuple[str, ...]


@dataclass(slots=True)
class _Mark:
    """What is known at one device on the way up: reports at it, incidents at it, and the sums from below."""

    reporters: list[str] = field(default_factory=list)
    standing: list[Standing] = field(default_factory=list)
    below: list[str] = field(default_factory=list)
    heard: int = 0
    apart: int = 0
    failed: bool = False


def explain(
    network: Network,
    reporters: Mapping[str, str],
    standing: Iterable[Standing],
    dark: Callable[[str], int],
    voices: Voices,
    closed: Callable[[str], bool] = lambda _: False,
) -> list[Explanation]:
    """Return what explains the reports, sorted by device; incidents that nothing changes for are left out.

    `reporters` maps customers to the lowest device that feeds them. `dark(device)` counts the customers behind a device
    who were out before and are none of `standing`'s: their silence says nothing. A device of which `closed(device)` holds
    was measured: whatever is reported behind it, it has not failed.
    """
    marks: dict[str, _Mark] = {}
    for customer, device in sorted(reporters.items()):
        marks.setdefault(device, _Mark()).reporters.append(customer)
    for one in sorted(standing, key=lambda each: each.incident):
        marks.setdefault(one.device, _Mark()).standing.append(one)
    tops = _join(network, marks)
    for device in _upwards(network, marks):
        _weigh(network, device, marks, dark, voices, closed)
    found: list[Explanation] = []
    for top in tops:
        _descend(top, marks, found)
    return sorted(found, key=lambda each: each.device)


def _join(network: Network, marks: dict[str, _Mark]) -> list[str]:
    """Add every device above a marked one, link each to the next towards the source, and return the topmost."""
    tops = []
    linked: set[str] = set()
    for device in sorted(marks):
        lower = device
        while lower not in linked:
            linked.add(lower)
            upper = network.device(lower).parent
            if upper is None:
                tops.append(lower)
                break
            marks.setdefault(upper, _Mark()).below.append(lower)
            lower = upper
    return sorted(tops)


def _upwards(network: Network, marks: Mapping[str, _Mark]) -> list[str]:
    return sorted(marks, key=lambda device: (-len(network.path_to_source(device)), device))


def _weigh(
    network: Network,
    device: str,
    marks: Mapping[str, _Mark],
    dark: Callable[[str], int],
    voices: Voices,
    closed: Callable[[str], bool],
) -> None:
    mark = marks[device]
    lone = sum(one.heard for one in mark.standing if not one.whole)
    whole = sum(one.heard for one in mark.standing if one.whole)
    mark.heard = len(mark.reporters) + lone + whole + sum(marks[lower].heard for lower in mark.below)
    mark.apart = sum(marks[lower].apart for lower in mark.below) + (len(mark.reporters) + lone) * STRAY
    stands = any(one.whole for one in mark.standing)
    if closed(device) and not stands:
        return
    silent = max(0, network.count_behind(device) - mark.heard - dark(device))
    failed = FAULT + mark.heard * voices.heard + silent * voices.silent
    enough = mark.heard >= voices.least or not silent
    if (enough and failed < mark.apart) or stands:
        mark.failed, mark.apart = True, failed


def _descend(device: str, marks: Mapping[str, _Mark], found: list[Explanation]) -> None:
    mark = marks[device]
    if mark.failed:
        reporters, incidents = _gathered(device, marks)
        unchanged = not reporters and len(incidents) == 1 and incidents[0].device == device and incidents[0].whole
        if not unchanged:
            found.append(_explanation(device, reporters, incidents, whole=True))
        return
    for lower in mark.below:
        _descend(lower, marks, found)
    if mark.reporters:
        found.append(_explanation(device, mark.reporters, mark.standing, whole=False))


def _gathered(device: str, marks: Mapping[str, _Mark]) -> tuple[list[str], list[Standing]]:
    mark = marks[device]
    reporters, standing = list(mark.reporters), list(mark.standing)
    for lower in mark.below:
        more_reporters, more_standing = _gathered(lower, marks)
        reporters += more_reporters
        standing += more_standing
    return reporters, standing


def _explanation(device: str, reporters: list[str], standing: list[Standing], *, whole: bool) -> Explanation:
    return Explanation(
        device=device,
        whole=whole,
        reporters=tuple(sorted(reporters)),
        absorbs=tuple(sorted(one.incident for one in standing)),
    )
