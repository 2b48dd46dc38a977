"""How the branches of a grid are fed now, where that is not as in normal state. Pure.

Of each branch it is known which device feeds it last, and devices in preorder have whatever is behind them in one stretch: so
each cause colours a slice. What is known to be out goes before what is only taken to be, that before planned work, and that
before a branch which another feeder feeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from schemas.ids import DeviceId
from services.network.ground import Deviations, Ground
from services.network.network import Network, children_of, preorder

NORMAL, TIE_FED, PLANNED, UNCERTAIN, OUT = range(5)
"""How a branch is fed; of several that are true of it the greatest counts."""
NOBODY = -1
_KEPT = 8

Integers = np.ndarray[tuple[int], np.dtype[np.int32]]
States = np.ndarray[tuple[int], np.dtype[np.int8]]


class Cause(NamedTuple):
    """What takes branches out: an incident at its device, or planned work at one isolation point.

    `state` is `OUT` of what is known to have failed, `UNCERTAIN` of what is taken to have, `PLANNED` of work under way.
    `whole`: everything behind the device is taken to be out, else only what hangs on it directly.
    """

    holder: str
    device: str
    state: int
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Colours:
    """What each branch is: `state`, and the number in `holders` of what holds it, or in `feeders` of what feeds it now.

    All arrays are in the order of the branches of the grid. `switched` are the switches that do not stand as they normally do,
    and whether each is closed; those that are only taken to be open are not among them.
    """

    state: States
    holder: Integers
    feeder: Integers
    holders: Sequence[str]
    feeders: Sequence[str]
    switched: Mapping[str, bool]

    def of(self, branch: int) -> tuple[int, str | None, str | None]:
        """Return the state of a branch, what holds it, and which feeder feeds it when it is fed by another one."""
        state, holder = int(self.state[branch]), int(self.holder[branch])
        fed_by = self.feeders[int(self.feeder[branch])] if state == TIE_FED else None
        return state, None if holder == NOBODY else self.holders[holder], fed_by

    def differing(self, before: Colours | None) -> Integers:
        """Return the branches whose colour is another one than before; all that are not normal when there is no before."""
        if before is None:
            return np.flatnonzero(self.state).astype(np.int32)
        same = (self.state == before.state) & (self.holder == before.holder)
        same &= (self.state != TIE_FED) | (self.feeder == before.feeder)
        return np.flatnonzero(~same).astype(np.int32)


@dataclass(slots=True)
class _Layout:
    """The devices of one switch state in preorder, and of each branch the number of its lowest device, its feeder, and whether
    it is an open tie.
    """

    number: dict[DeviceId, int]
    end: list[int]
    lowest: Integers
    feeder: Integers
    idle: np.ndarray[tuple[int], np.dtype[np.bool_]]
    devices: Sequence[DeviceId]


@dataclass(slots=True)
class Colouring:
    """Colours the branches of one grid. Holders keep their numbers from one call to the next, so that colours compare."""

    network: Network
    feeders: tuple[str, ...] = ()
    _layouts: dict[Deviations, _Layout] = field(default_factory=dict)
    _holders: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Lay out the normal state."""
        self.feeders = tuple(row.feeder for row in self.network.ground.grid.feeders)
        self._layout(())

    def colours(self, positions: Mapping[str, bool], causes: Iterable[Cause]) -> Colours:
        """Return how the branches are fed while these switches stand so and all others as normally.

        Where a tie is closed, what a cause names interrupts, though nobody said that it stands open: else the tie would seem to
        feed the fault. A device that the grid does not have colours nothing.
        """
        known = list(causes)
        ground = self.network.ground
        deviations = ground.deviations(positions)
        # As long as no tie is closed, what opens cuts off a slice of the tree as it is; only a switch that is no device otherwise
        # gets a place in it.
        usual = self._layout(()).number
        assumed = tuple(each for each in deviations if each[0] not in usual)
        if any(closed for _, closed in deviations):
            assumed = ground.deviations({**positions, **{each.device: False for each in known if each.whole}})
        layout = self._layout(assumed)
        state = np.zeros(len(layout.devices) + 1, dtype=np.int8)
        holder = np.full(len(layout.devices) + 1, NOBODY, dtype=np.int32)
        planned = {each.device for each in known if each.state == PLANNED}
        for switch, closed in deviations:
            # What stands open takes out whatever is behind it, whether or not anything explains it.
            opened = None if closed or switch in planned else layout.number.get(DeviceId(switch))
            if opened is not None:
                state[opened : layout.end[opened]] = OUT
        for rank in (PLANNED, UNCERTAIN, OUT):
            cover = self._cover(layout, (each for each in known if each.state == rank))
            over = (cover != NOBODY) & (state <= rank)
            state[over] = rank
            holder[over] = cover[over]
        of_branch, held_by = state[layout.lowest], holder[layout.lowest]
        # A tie that stands open, as it normally does, carries nothing that could be missing.
        of_branch[layout.idle], held_by[layout.idle] = NORMAL, NOBODY
        moved = (layout.feeder != self._layout(()).feeder) & (layout.feeder >= 0) & (of_branch == NORMAL) & ~layout.idle
        of_branch[moved] = TIE_FED
        return Colours(of_branch, held_by, layout.feeder, list(self._holders), self.feeders, dict(deviations))

    def _cover(self, layout: _Layout, causes: Iterable[Cause]) -> Integers:
        """Return for each device the innermost of these causes that it lies behind, by number; one place more than devices."""
        size = len(layout.devices) + 1
        stretches = []
        for cause in causes:
            number = layout.number.get(DeviceId(cause.device))
            if number is not None:
                end = layout.end[number] if cause.whole else number + 1
                stretches.append((number, -end, self._holders.setdefault(cause.holder, len(self._holders))))
        # Stretches lie within each other or apart: where one ends, the one around it goes on.
        starts, values, around = [0], [NOBODY], [(size, NOBODY)]
        for number, end, holder in sorted(stretches):
            while around[-1][0] <= number:
                starts.append(around.pop()[0])
                values.append(around[-1][1])
            around.append((-end, holder))
            starts.append(number)
            values.append(holder)
        while len(around) > 1:
            starts.append(around.pop()[0])
            values.append(around[-1][1])
        return np.repeat(np.array(values, dtype=np.int32), np.diff([*starts, size]))

    def _layout(self, deviations: Deviations) -> _Layout:
        known = self._layouts.get(deviations)
        if known is None:
            known = self._layouts[deviations] = self._laid_out(deviations)
            if len(self._layouts) > _KEPT:
                del self._layouts[next(each for each in self._layouts if each)]
        return known

    def _laid_out(self, deviations: Deviations) -> _Layout:
        ground = self.network.ground
        found = ground.present(deviations)
        devices, end = preorder(found.devices, children_of(found.devices))
        number = {device.id: place for place, device in enumerate(devices)}
        feeder_number = {feeder: place for place, feeder in enumerate(self.feeders)}
        feeder_of = np.array([*(feeder_number[device.feeder] for device in devices), NOBODY], dtype=np.int32)
        # The place after the last device stands for none.
        at = np.array([len(devices) if device is None else number[device] for device in found.at], dtype=np.int32)
        feeder = feeder_of[_last(ground, at, number)]
        for part, breaker in ground.before_breakers.items():
            if found.at[part] == breaker:
                at[part] = len(devices)
        idle = np.array([not row.normally_closed for row in ground.grid.branches], dtype=np.bool_)
        closed = [ground.branch_of[switch] for switch, shut in deviations if shut and switch in ground.branch_of]
        idle[closed] = False
        return _Layout(number, end, _last(ground, at, number), feeder, idle, [device.id for device in devices])


def _last(ground: Ground, at: Integers, number: Mapping[DeviceId, int]) -> Integers:
    """Return of each branch the number of the device that it is, or else of the one that feeds an end of it."""
    one, other = at[ground.parts_of_branches[:, 0]], at[ground.parts_of_branches[:, 1]]
    last: Integers = np.where(one == len(number), other, one)
    for switch, branch in ground.branch_of.items():
        if (own := number.get(DeviceId(switch))) is not None:
            last[branch] = own
    return last
