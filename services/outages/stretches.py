"""What an interruption consists of: stretches of true time, each held by what explains it, with short returns of power between.

A stretch begins at its time and lasts until the next one begins; the first one begins with the interruption. Laid end to end
they tile it: that holds by construction, whatever is learned later of its start.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import msgspec

LASTING_MS = 300_000
"""Power back for less than this does not end an interruption."""
SUSTAINED_MS = 300_000
"""An interruption that lasts no longer is momentary (IEEE Std 1366)."""


class Stretch(msgspec.Struct, frozen=True, array_like=True):
    """From `at` (milliseconds) on, an interruption is held by this. `powered`: power was back, for a short time."""

    at: int
    holder_kind: str
    holder: str
    powered: bool = False


class Part(msgspec.Struct, frozen=True, array_like=True):
    """A sub-interval of an interruption, milliseconds; `until` is None while it lasts."""

    at: int
    until: int | None
    holder_kind: str
    holder: str
    powered: bool


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """An interruption that has ended, as it stands in the ledger. Loss of power soon after lets it go on."""

    interruption: str
    start: int
    end: int
    planned: bool
    basis: str
    reason: str
    stretches: tuple[Stretch, ...]


class Momentary(msgspec.Struct, frozen=True, kw_only=True):
    """What holds interruptions that were over before anything was taken to have failed."""

    kind: ClassVar[str] = "momentary"
    id: str


def parts_of(stretches: Iterable[Stretch], start: int, end: int | None) -> tuple[Part, ...]:
    """Return the sub-intervals of an interruption from `start` to `end` (None: it lasts); none of them is empty."""
    found: list[Part] = []
    order = list(stretches)
    for place, stretch in enumerate(order):
        begin = start if not found else max(stretch.at, start)
        until = end if place + 1 == len(order) else max(order[place + 1].at, start)
        if end is not None and until is not None:
            until = min(until, end)
        if until is not None and until <= begin:
            continue
        last = found[-1] if found else None
        if last is not None and (last.holder, last.powered) == (stretch.holder, stretch.powered):
            found[-1] = Part(last.at, until, last.holder_kind, last.holder, last.powered)
        else:
            found.append(Part(begin, until, stretch.holder_kind, stretch.holder, stretch.powered))
    return tuple(found)


def moved(stretches: tuple[Stretch, ...], start: int) -> tuple[Stretch, ...]:
    """Return the stretches of a loss that begins at another time than was thought."""
    first = next((each for each in reversed(stretches) if each.at <= start), stretches[0])
    return (
        Stretch(start, first.holder_kind, first.holder),
        *(each for each in stretches if each.at > start and each is not first),
    )


def held_from(stretches: tuple[Stretch, ...], at: int, holder_kind: str, holder: str) -> tuple[Stretch, ...]:
    """Return the stretches when something else holds the interruption from `at` on."""
    return (*stretches, Stretch(max(at, stretches[-1].at), holder_kind, holder))


def renamed(stretches: tuple[Stretch, ...], old: str, holder_kind: str, holder: str) -> tuple[Stretch, ...]:
    """Return the stretches when what held some of them turns out to be something else."""
    return tuple(
        Stretch(each.at, holder_kind, holder, each.powered) if each.holder == old else each for each in stretches
    )


def resumed(before: Ended, since: int, stretches: tuple[Stretch, ...]) -> tuple[Stretch, ...]:
    """Return the stretches of an interruption that goes on after power was back from its end until `since`."""
    # What was decided to hold it from a time after its end on, never did.
    first, *more = before.stretches
    held = (first, *(each for each in more if each.at < before.end))
    back = Stretch(before.end, held[-1].holder_kind, held[-1].holder, powered=True)
    return (*held, back, *moved(stretches, since))
