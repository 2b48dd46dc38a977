"""Suspicion: which devices have failed, as far as the evidence of all feeders goes, and how sure that is.

`Suspicions` keeps the evidence of all feeders standing: a report changes counts on its way up to the feeder's head. A feeder is
weighed again when what was heard there changed, or when silence has gone on for a while; reports that its believed faults foretold
do not change it for now. A turn of the stage weighs, groups and learns by the same functions; but all it knows lies in its
entities, so it gathers a feeder's evidence from these each time (`scene.py`).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from services.outages.evidence import NEVER, FeederEvidence, Said
from services.outages.fault_tree import FaultTree
from services.outages.likelihood import Weighed, weigh
from services.outages.rates import LONGEST, QUANTA_A_MINUTE, QUANTUM_MS, Rates

BELIEVED = 0.5
"""A device at least this likely is taken to have failed: the best balance of faults found and false ones, on simulated storms."""
SURE = 0.98
"""What a device this likely to have failed foretells is no news."""
WORTH_NAMING = 0.02
AGAIN = 5 * QUANTA_A_MINUTE
"""A feeder with evidence is weighed again after this long at most, quanta: silence has become longer."""
MOST = 5
ENOUGH, MORE = 20, 1.3
"""Shares are learnt once so many have spoken, and again when so many times more have."""
TELLING = 20
"""Customers behind a device from which shares are learnt."""
KNOWN = 300.0
"""Behind so many who should have called, the share of those who do is known."""
FAITH = 6.0
"""What was believed beforehand counts like so many reports."""
HIGHEST, CLOSE = 0.97, 0.05
_MOST_FORETOLD, _SELDOM = 20, 12


class Suspect(NamedTuple):
    """A device, by number, that may have failed: the probability, and the likeliest start, milliseconds."""

    device: int
    probability: float
    start: int


@dataclass(frozen=True, slots=True)
class Cluster:
    """Suspects for one fault, the likeliest first, and whether it is likely enough to be believed."""

    suspects: tuple[Suspect, ...]
    believed: bool

    @property
    def device(self) -> int:
        """The likeliest device."""
        return self.suspects[0].device


class _Feeder:
    def __init__(self, tree: FaultTree) -> None:
        self.heard = FeederEvidence(tree.parent)
        self.weighed: Weighed | None = None
        self.sure: dict[int, int] = {}
        self.at = self.changed_at = NEVER
        self.foretold = 0
        self.clusters: list[Cluster] = []

    def believed(self) -> float:
        return 0.0 if self.weighed is None else sum(self.weighed.probability)

    def is_stale(self, at: int) -> bool:
        """Answers whether silence, or what was foretold, has become worth weighing."""
        if self.weighed is None:
            return bool(self.heard.said)
        waited = at - self.at >= patience(self.weighed, at, self.changed_at)
        return waited or self.foretold > _MOST_FORETOLD + len(self.heard.said) // 4


class Suspicions:
    """The suspicions about the devices of a tree. Times are milliseconds."""

    def __init__(self, tree: FaultTree, rates: Rates) -> None:
        self.tree, self.rates = tree, rates
        self._believed = rates
        self._learnt_from = 0
        self._asked = 0.0
        self._feeders: dict[int, _Feeder] = {}

    def hear(
        self,
        customer: Hashable,
        device: int,
        *,
        call: int | None = None,
        gasp: int | None = None,
        power: int | None = None,
        no_answer: int | None = None,
        metered: bool = True,
    ) -> None:
        """Add what a customer at a device, or his meter, said and when; the first call and the first gasp count."""
        feeder = self._feeder(device)
        _, was = feeder.heard.said.get(customer, (device, Said(metered=metered)))
        said = Said(
            call=was.call if was.call != NEVER else _quantum(call),
            gasp=was.gasp if was.gasp != NEVER else _quantum(gasp),
            power=max(was.power, _quantum(power)),
            no_answer=max(was.no_answer, _quantum(no_answer)),
            metered=metered,
        )
        before = feeder.heard.changed
        feeder.heard.put(customer, device, said)
        if feeder.heard.changed > before and power is None and no_answer is None and feeder.sure:
            first = min(at for at in (said.call, said.gasp) if at != NEVER)
            if any(step in feeder.sure and feeder.sure[step] <= first for step in feeder.heard.path(device)):
                feeder.heard.changed = before
                feeder.foretold += 1

    def score(self, now: int) -> None:
        """Weigh every feeder again that has changed, or not been weighed for a while."""
        at = _quantum(now)
        self._learn()
        for head in sorted(self._feeders):
            feeder = self._feeders[head]
            if feeder.heard.changed or feeder.is_stale(at):
                self._weigh(feeder, at)

    def clusters(self) -> list[Cluster]:
        """Return the suspects of each fault, by feeder and then by likelihood."""
        return [each for head in sorted(self._feeders) for each in self._feeders[head].clusters]

    def _learn(self) -> None:
        """Mend the shares of those who call and of meters that are heard by what is heard behind devices that surely failed."""
        many = sum(len(feeder.heard.said) for feeder in self._feeders.values())
        if many < ENOUGH or many < self._learnt_from * MORE:
            return
        counted = [
            shares_heard(self.tree, self.rates, feeder.heard, feeder.weighed, feeder.at)
            for feeder in self._feeders.values()
            if feeder.weighed is not None
        ]
        self._learnt_from = many
        self._asked = math.fsum(sorted(asked for _, asked, _, _ in counted))
        old, self.rates = self.rates, with_shares(self._believed, counted)
        if not _is_close(old, self.rates):
            for feeder in self._feeders.values():
                feeder.at = NEVER - _SELDOM * AGAIN

    def _feeder(self, device: int) -> _Feeder:
        head = self.tree.head[device]
        found = self._feeders.get(head)
        if found is None:
            found = self._feeders[head] = _Feeder(self.tree)
        return found

    def _weigh(self, feeder: _Feeder, at: int) -> None:
        found = weigh(self.tree, self.rates, feeder.heard, at, feeder.believed(), unsure=self._asked < KNOWN)
        feeder.weighed, feeder.at, feeder.clusters = found, at, clusters_in(self.tree.parent, found)
        feeder.changed_at = at if feeder.heard.changed else feeder.changed_at
        feeder.heard.changed, feeder.foretold = 0, 0
        feeder.sure = sure_of(found)


def sure_of(weighed: Weighed) -> dict[int, int]:
    """Return the devices that surely failed, and their starts (quanta)."""
    found = zip(weighed.devices, weighed.probability, weighed.start, strict=True)
    return {device: start for device, p, start in found if p >= SURE}


def patience(weighed: Weighed, at: int, changed_at: int) -> int:
    """Return how long silence may go on before it is weighed again: the longer already, the less it says. All in quanta."""
    unsure = any(WORTH_NAMING < p < SURE for p in weighed.probability)
    return max(2, min(AGAIN, (at - changed_at) // 2)) if unsure else _SELDOM * AGAIN


def shares_heard(
    tree: FaultTree, rates: Rates, heard: FeederEvidence, weighed: Weighed, at: int
) -> tuple[int, float, int, float]:
    """Return how many called behind devices that surely failed, of how many who should have by now, and so of meters."""
    calls = gasps = 0
    asked = awaited = 0.0
    sure = sure_of(weighed)
    for device, start in sorted(sure.items()):
        many = int(tree.customers[device]) - heard.absent.get(device, 0)
        if many < TELLING or any(step in sure for step in heard.path(tree.parent[device])):
            continue
        age = min(max(0, at - start), LONGEST)
        calls += heard.called.get(device, 0)
        asked += many * float(rates.call_delay.cdf()[age])
        gasps += heard.gasped.get(device, 0)
        metered = int(tree.metered[device]) - heard.absent_metered.get(device, 0)
        awaited += metered * float(rates.gasp_delay.cdf()[age])
    return calls, asked, gasps, awaited


def with_shares(believed: Rates, counted: Iterable[tuple[int, float, int, float]]) -> Rates:
    """Return the rates with the shares of those who call and of meters that are heard mended by what was counted."""
    columns = list(zip(*sorted(counted), strict=True)) or [(0.0,)] * 4
    calls, asked, gasps, awaited = (math.fsum(column) for column in columns)
    call_share = min(HIGHEST, (FAITH + calls) / (FAITH / believed.call_share + asked))
    if not believed.gasp_share:
        return replace(believed, call_share=call_share)
    gasp_share = min(HIGHEST, (FAITH + gasps) / (FAITH / believed.gasp_share + awaited))
    return replace(believed, call_share=call_share, gasp_share=gasp_share)


def _is_close(old: Rates, new: Rates) -> bool:
    pairs = ((old.call_share, new.call_share), (old.gasp_share, new.gasp_share))
    return all(abs(share - was) <= CLOSE * was for was, share in pairs)


def _quantum(at: int | None) -> int:
    return NEVER if at is None else at // QUANTUM_MS


def clusters_in(parent: Sequence[int], weighed: Weighed) -> list[Cluster]:
    """Group what may be one fault: the likeliest device, and those on one way to the source with it.

    A device that is believed itself stands for a fault of its own, though it lie behind another one.
    """
    suspects = [
        Suspect(device, p, start * QUANTUM_MS)
        for device, p, start in zip(weighed.devices, weighed.probability, weighed.start, strict=True)
        if p >= WORTH_NAMING
    ]
    suspects.sort(key=lambda each: (-each.probability, each.device))
    left = {each.device: each for each in suspects}
    above = {device: _above(parent, device) for device in left}
    found = []
    for chosen in suspects:
        if chosen.device not in left:
            continue
        del left[chosen.device]
        others = [
            each
            for each in left.values()
            if each.probability < BELIEVED
            and (each.device in above[chosen.device] or chosen.device in above[each.device])
        ]
        for each in others:
            del left[each.device]
        found.append(Cluster((chosen, *others[: MOST - 1]), believed=chosen.probability >= BELIEVED))
    return found


def _above(parent: Sequence[int], device: int) -> frozenset[int]:
    steps = set()
    step = parent[device]
    while step >= 0:
        steps.add(step)
        step = parent[step]
    return frozenset(steps)
