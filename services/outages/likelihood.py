"""How likely each device of a feeder is to have failed, and when, given what was heard behind it and what was not.

Faults are independent and rare; a customer is out from the first fault between him and the source. What he says then, and
that he says nothing, has a likelihood for every time at which he may have lost power. Of a device the likelihoods of all
behind it multiply; it may have failed itself before what is above it did. So one pass from the lowest devices to the head
weighs every set of faults at once (a sum-product over the tree), and one pass back gives each device's probability.
The grid of times is finer where meters spoke. Arrays are devices by times; the last column is *never*.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from services.outages.evidence import NEVER, Said
from services.outages.rates import LONGEST, PER_CUSTOMERS, PREMISES, QUANTA_A_MINUTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.outages.evidence import FeederEvidence
    from services.outages.fault_tree import FaultTree
    from services.outages.rates import Rates

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COARSE, FINE = 8, 2
"""The grid's steps, quanta: two minutes, and half a minute where meters spoke."""
GASP_REACH = 8
"""So long before a last gasp the grid is fine, quanta."""
CALL_REACH = 120
"""So long before the first report a fault may have begun, quanta."""
MOST_TIMES = 160
WRONG_STAMPS = 0.02
"""The share of meters whose time of loss is wrong by minutes."""
SAME_LOSS = 6
"""A fault below another one is told from it only if it began so much earlier, quanta: meters' delays hide a shorter time."""
_DEEP = -600.0
_RAREST = 1e-9
_CLEARED = 1e-30
_CALLERS = ((1 / 3, 0.1), (1.0, 0.85), (2.0, 0.05))
"""Of how many call, where little is known of it: times what is believed, and how likely."""
_MOST_CALL = 0.9


@dataclass(frozen=True, slots=True)
class Weighed:
    """The devices of a feeder behind which anything was heard: probability and likeliest start (quanta) of a fault of each.

    `evidence` is the logarithm of how likely all that was heard is.
    """

    devices: Sequence[int]
    probability: Sequence[float]
    start: Sequence[int]
    evidence: float


def weigh(
    tree: FaultTree,
    rates: Rates,
    heard: FeederEvidence,
    now: int,
    feeder_faults: float,
    *,
    deaf: float = 0.0,
    unsure: bool = False,
) -> Weighed:
    """Weigh a feeder's devices at a time (quanta). `feeder_faults`: how many faults are known or believed on it.

    `deaf` is how likely it is that no meter of it can be heard now, `unsure` whether little is known of how many call. Once a
    meter was heard, neither is in question.
    """
    believed = [(rates, 1.0)]
    if not any(said.gasp != NEVER for _, said in heard.at):
        if unsure:
            believed = [(replace(rates, call_share=min(rates.call_share * by, _MOST_CALL)), w) for by, w in _CALLERS]
        if deaf and tree.metered[min(heard.heard)]:
            silent = [(replace(each, gasp_share=0.0), weight * deaf) for each, weight in believed]
            believed = [*((each, weight * (1.0 - deaf)) for each, weight in believed), *silent]
    shape = _Shape(tree, heard, now)
    found = [(_Feeder(shape, tree, each, feeder_faults).weighed(), weight) for each, weight in believed]
    if len(found) == 1:
        return found[0][0]
    best = max(each.evidence for each, _ in found)
    worth = [weight * math.exp(max(each.evidence - best, _DEEP)) for each, weight in found]
    whole = math.fsum(worth)
    likeliest, _ = found[worth.index(max(worth))]
    rows = zip(*(each.probability for each, _ in found), strict=True)
    mixed = [math.fsum(share * p for share, p in zip(worth, row, strict=True)) / whole for row in rows]
    return Weighed(likeliest.devices, mixed, likeliest.start, best)


class _Shape:
    """What of a feeder does not depend on what is believed: the grid of times, the devices, who spoke and who kept silent."""

    def __init__(self, tree: FaultTree, heard: FeederEvidence, now: int) -> None:
        self.now = now
        edges = _grid(heard, now)
        self.low, self.high = edges[:-1], edges[1:]
        self.width = (self.high - self.low).astype(np.float64)
        self.before = np.searchsorted(self.high, self.low - SAME_LOSS, side="right")
        self.age = np.clip(now - (self.low + self.high) // 2, 0, LONGEST)
        self.devices = np.array(sorted(device for device, many in heard.heard.items() if many), dtype=np.int64)
        place = {device: n for n, device in enumerate(self.devices.tolist())}
        self.upper = np.array([place.get(tree.parent[device], -1) for device in place], dtype=np.int64)
        depth = tree.depth[self.devices]
        self.levels = [np.nonzero(depth == level)[0] for level in range(int(depth.max()) + 1)]
        self.cleared = [(place[device], at) for device, at in sorted(heard.cleared.items()) if device in place]
        self.everybody = self._silent(tree.customers, heard.heard, heard.absent)
        self.metered = self._silent(tree.metered, heard.heard_metered, heard.absent_metered)
        kinds: dict[Said, int] = {}
        entries = sorted(heard.at.items())
        self.kind = np.array([kinds.setdefault(said, len(kinds)) for (_, said), _ in entries], dtype=np.int64)
        self.kinds = list(kinds)
        self.speaker = np.array([place[device] for (device, _), _ in entries], dtype=np.int64)
        self.many = np.array([many for _, many in entries], dtype=np.float64)

    def _silent(self, behind: Ints, heard: dict[int, int], absent: dict[int, int]) -> Floats:
        """Return how many of those behind each device, and behind none of the others, said nothing."""
        devices = self.devices.tolist()
        silent = behind[self.devices] - np.array([heard.get(d, 0) + absent.get(d, 0) for d in devices], dtype=np.int64)
        own = silent.copy()
        inner = self.upper >= 0
        np.subtract.at(own, self.upper[inner], silent[inner])
        return np.maximum(own, 0).astype(np.float64)


class _Feeder:
    def __init__(self, shape: _Shape, tree: FaultTree, rates: Rates, faults: float) -> None:
        self.rates, self.shape = rates, shape
        self.low, self.high, self.width, self.levels = shape.low, shape.high, shape.width, shape.levels
        an_hour = rates.faults_an_hour * tree.everybody / PER_CUSTOMERS
        per_quantum = an_hour / (60 * QUANTA_A_MINUTE)
        hours = min(shape.now - int(self.low[0]), 60 * QUANTA_A_MINUTE) / (60 * QUANTA_A_MINUTE)
        usual = an_hour * tree.feeder_share[int(shape.devices[0])] * hours
        near = (rates.clustering + faults) / (rates.clustering + usual) if rates.clustering else 1.0
        chance = np.maximum(tree.share[shape.devices], _RAREST) * (per_quantum * near)
        self.prior = chance[:, None] * self.width[None, :]
        for place, at in shape.cleared:
            self.prior[place, self.low <= at] *= _CLEARED
        share = rates.mix.get(PREMISES, 0.0) * rates.exposed.get(PREMISES, 1.0)
        self.premises = per_quantum * share / max(1, tree.everybody)
        self.own = self._silence()
        np.add.at(self.own, shape.speaker, self._rows(shape.kinds)[shape.kind] * shape.many[:, None])
        self._upwards()

    def _silence(self) -> Floats:
        """Return what the silence of those at each device, and of whole branches without a word, says."""
        rates, shape = self.rates, self.shape
        self.no_call = 1.0 - rates.call_share * rates.call_delay.cdf()[shape.age]
        self.no_gasp = 1.0 - rates.gasp_share * rates.gasp_delay.cdf()[shape.age]
        own = np.zeros((len(shape.devices), len(self.width) + 1))
        own[:, :-1] = shape.everybody[:, None] * np.log(self.no_call) + shape.metered[:, None] * np.log(self.no_gasp)
        return own

    def _rows(self, kinds: list[Said]) -> Floats:
        """Return the logarithm of each kind of speaker's likelihood, by the time at which the power above was lost."""
        rates, now = self.rates, self.shape.now
        call, gasp, power, no_answer, metered = (np.array(column)[:, None] for column in zip(*kinds, strict=True))
        called, gasped = call != NEVER, gasp != NEVER
        calls, gasps = rates.call_delay.cdf(), rates.gasp_delay.cdf()
        no_gasp = np.where(metered, self.no_gasp[None, :], 1.0)
        said = np.where(called, rates.call_share * self._density(calls, call), self.no_call[None, :])
        said = said * np.where(gasped, rates.gasp_share * self._stamped(gasp), no_gasp)
        later_gasp = np.where(metered, 1.0 - rates.gasp_share * gasps[np.clip(now - call, 0, LONGEST)], 1.0)
        later_call = 1.0 - rates.call_share * calls[np.clip(now - gasp, 0, LONGEST)]
        apart = np.clip(call - gasp, 0, LONGEST - 1)
        together = np.where(call >= gasp - QUANTA_A_MINUTE, calls[apart + 1] - calls[apart] + 1e-6, 1e-6)
        stray_call, stray_gasp = rates.stray_calls / QUANTA_A_MINUTE, rates.stray_gasps / QUANTA_A_MINUTE
        alone = np.where(
            called & gasped,
            stray_call * stray_gasp + self.premises * rates.call_share * rates.gasp_share * together,
            np.where(
                called,
                stray_call + self.premises * rates.call_share * later_gasp,
                np.where(gasped, stray_gasp + self.premises * rates.gasp_share * later_call, 0.0),
            ),
        )
        never = np.where(called | gasped, alone, 1.0)
        had_power = (power != NEVER) & (self.high[None, :] <= power)
        said = said * np.where(had_power, rates.wrong_power, 1.0)
        mute = np.where((no_answer != NEVER) & (self.low[None, :] >= no_answer), 1.0 - rates.answer_share, 1.0)
        mute_never = np.where(no_answer != NEVER, 1.0 - rates.answer_share, 1.0)
        rows: Floats = np.log(np.concatenate([(alone + said) * mute, never * mute_never], axis=1))
        return rows

    def _density(self, cdf: Floats, at: Ints) -> Floats:
        """Return how dense reports with this delay lie at `at`, if power was lost within each step of the grid."""
        latest, earliest = np.clip(at + 1 - self.low, 0, LONGEST), np.clip(at + 1 - self.high, 0, LONGEST)
        density: Floats = (cdf[latest] - cdf[earliest]) / self.width
        return density

    def _stamped(self, at: Ints) -> Floats:
        exact = self._density(self.rates.gasp_stamp.cdf(), at)
        if self.rates.gasp_stamp == self.rates.gasp_delay:
            return exact
        off = np.where(np.abs(at - self.low) < CALL_REACH, WRONG_STAMPS / (2 * CALL_REACH), 0.0)
        return (1.0 - WRONG_STAMPS) * exact + off

    def _upwards(self) -> None:
        """Add up from the lowest devices what is behind each: by when the power above was lost."""
        self.message = np.empty_like(self.own)
        for level in reversed(self.levels):
            own = self.own[level]
            top = own.max(axis=1, keepdims=True)
            likely = np.exp(np.maximum(own - top, _DEEP))
            failed = np.zeros_like(likely)
            np.cumsum(self.prior[level] * likely[:, :-1], axis=1, out=failed[:, 1:])
            likely[:, :-1] += failed[:, self.shape.before]
            likely[:, -1] += failed[:, -1]
            message = top + np.log(likely)
            self.message[level] = message
            upper = self.shape.upper[level]
            if upper[0] >= 0:
                np.add.at(self.own, upper, message)
        self.evidence = float(self.message[0, -1])

    def weighed(self) -> Weighed:
        """Go down again, and return each device's probability."""
        many, times = self.own.shape
        outside = np.full((many, times), -np.inf)
        outside[0, -1] = 0.0
        lost_above = np.empty_like(outside)
        probability, start = np.empty(many), np.empty(many, dtype=np.int64)
        after = np.searchsorted(self.shape.before, np.arange(times - 1), side="right")
        for depth, level in enumerate(self.levels):
            if depth:
                upper = self.shape.upper[level]
                outside[level] = lost_above[upper] + self.own[upper] - self.message[level]
            top = outside[level].max(axis=1, keepdims=True)
            likely = np.exp(np.maximum(outside[level] - top, _DEEP))
            not_before = np.cumsum(likely[:, ::-1], axis=1)[:, ::-1]
            fails = self.prior[level] * not_before[:, after]
            joint = np.exp(np.minimum(np.log(fails) + top + self.own[level][:, :-1] - self.evidence, 0.0))
            probability[level] = np.minimum(joint.sum(axis=1), 1.0)
            start[level] = self.low[joint.argmax(axis=1)]
            likely[:, :-1] += fails
            lost_above[level] = top + np.log(likely)
        return Weighed(self.shape.devices.tolist(), probability.tolist(), start.tolist(), self.evidence)


def _grid(heard: FeederEvidence, now: int) -> Ints:
    """Return the edges of the steps of time in which a fault may have begun."""
    calls = {said.call for _, said in heard.at if said.call != NEVER}
    gasps = {said.gasp // FINE * FINE for _, said in heard.at if said.gasp != NEVER}
    first = min(calls | gasps, default=now)
    begin = min(first - CALL_REACH, now - COARSE) // COARSE * COARSE
    step = COARSE
    while (now - begin) // step > MOST_TIMES:
        step *= 2
    edges = set(range(begin, now, step))
    for gasp in gasps:
        edges.update(range(gasp - GASP_REACH + FINE, gasp + FINE + 1, FINE))
    return np.array([*sorted(edge for edge in edges if edge < now), now], dtype=np.int64)
