"""What lines, switches and transformers would carry, and what they may. Loads are estimates, kVA."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from services.network.tables import BranchKind
from services.switching.circuit import SOURCE, Circuit, Link
from services.switching.reasons import Reason

_MORE_KVA = 0.05
"""Less than this more than normally is nothing more."""
Parent = tuple[int, int]
"""The node before a node, and the branch that leads there; `ROOT` at the source."""
ROOT: Parent = (-1, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """How load is estimated: what share of the connected load runs at once (per mille), and what counts where that is not known."""

    utilisation_permille: int = 500
    kva_per_customer: float = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What limits a step: of all that then carries more than normally, the branch that is nearest to its rating.

    `load` and `rated` are in the unit of its rating (`A` or `kVA`), rounded to tenths. `unrated` is how many branches that
    carry more have no rating that can be compared. Without a branch it is one of `asNormally` and `ratingUnknown`.
    """

    reason: Reason
    branch: str | None = None
    load: float = 0.0
    rated: float = 0.0
    unit: str = ""
    unrated: int = 0


@dataclass(slots=True)
class Tree:
    """Nodes that are fed, each with its parent; what flows through each branch, kVA; nodes behind a transformer."""

    parent: dict[int, Parent] = field(default_factory=dict)
    load: dict[int, float] = field(default_factory=dict)
    low: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Trial:
    """What feeding some sections through a link would mean: the limit, and what grows and flows then."""

    limit: Limit
    tree: Tree


class Wiring:
    """The nodes and branches of a circuit, and what each node draws. Built once for a version of the utility."""

    def __init__(self, circuit: Circuit, assumed: Assumed) -> None:
        self.circuit = circuit
        grid = circuit.ground.grid
        self.node = {row.node: number for number, row in enumerate(grid.nodes)}
        self.section = [circuit.ground.part_of_node[row.node] for row in grid.nodes]
        self.ends = [(self.node[row.from_node], self.node[row.to_node]) for row in grid.branches]
        self.at: list[list[tuple[int, int]]] = [[] for _ in grid.nodes]
        for branch, (a, b) in enumerate(self.ends):
            self.at[a].append((b, branch))
            self.at[b].append((a, branch))
        self.link_of = {each.branch: each.id for each in circuit.links.values() if each.branch is not None}
        self.draws = [0.0] * len(grid.nodes)
        share = assumed.utilisation_permille / 1000
        for row in grid.customers:
            if row.active:
                kva = assumed.kva_per_customer if row.kva is None else row.kva * share
                self.draws[self.node[row.node]] += kva

    def passes(self, branch: int, closed: Collection[str]) -> bool:
        """Answers whether power passes a branch while these links are closed."""
        link = self.link_of.get(branch)
        return self.circuit.ground.grid.branches[branch].normally_closed if link is None else link in closed

    def root_of(self, feeder: int, root: int) -> int:
        """Return the node at which a feeder begins; `root` is its first section."""
        source = self.node[self.circuit.ground.grid.feeders[feeder].source_node]
        if self.section[source] == root:
            return source
        # The breaker is drawn as a stub at the source node: the feeder begins on its far side.
        return next((other for other, _ in self.at[source] if self.section[other] == root), source)

    def kva_of(self, branch: int, kv: float | None, *, low: bool) -> float | None:
        """Return what a branch may carry, kVA; None where it is not known. Amperes count per phase of the nominal voltage."""
        row = self.circuit.ground.grid.branches[branch]
        if row.rated is None or row.kind is BranchKind.TRANSFORMER:
            return row.rated
        if kv is None or low:
            return None
        phases = len(set("ABC").intersection(row.phases)) or 3
        return row.rated * kv * phases / math.sqrt(3)

    def grown(self, feeders: Collection[int], closed: Collection[str]) -> Tree:
        """Return the trees of these feeders while these links are closed."""
        tree = Tree()
        order: list[int] = []
        for head, feeder in self.circuit.heads.items():
            if feeder in feeders and head in closed:
                root = self.root_of(feeder, self.circuit.links[head].other)
                tree.parent[root] = ROOT
                order.append(root)
        self.spread(tree, order, closed, None)
        return tree

    def spread(self, tree: Tree, order: list[int], closed: Collection[str], within: Collection[int] | None) -> None:
        """Let a tree grow from the nodes in `order`, not leaving the sections `within`, and sum up what flows in it."""
        branches = self.circuit.ground.grid.branches
        for node in order:
            for other, branch in self.at[node]:
                if other in tree.parent or (within is not None and self.section[other] not in within):
                    continue
                if self.passes(branch, closed):
                    tree.parent[other] = (node, branch)
                    if node in tree.low or branches[branch].kind is BranchKind.TRANSFORMER:
                        tree.low.add(other)
                    order.append(other)
        below = {node: self.draws[node] for node in order}
        for node in reversed(order):
            upper, branch = tree.parent[node]
            if branch >= 0:
                tree.load[branch] = below[node]
            if upper in below:
                below[upper] += below[node]

    @cached_property
    def usual(self) -> Mapping[int, float]:
        """What flows through each branch in normal state, kVA."""
        return self.grown(range(len(self.circuit.ground.grid.feeders)), self.circuit.closed({})).load


class Loads:
    """What flows in the feeders that matter, as it is now; `take` goes on with a trial that was good."""

    def __init__(self, wiring: Wiring, feeders: Collection[int], closed: Collection[str]) -> None:
        self.wiring = wiring
        self._tree = wiring.grown(feeders, closed)

    def trial(self, link: Link, near: int, sections: Collection[int], closed: Collection[str]) -> Trial:
        """Reckon what it would mean to feed these dark sections through a link whose live side is the section `near`.

        `closed` are the links that are closed then, `near` is of a feeder that was named.
        """
        wiring = self.wiring
        tree = Tree()
        if link.branch is None:
            entry = wiring.root_of(wiring.circuit.heads[link.id], link.beyond(SOURCE))
            tree.parent[entry] = ROOT
        else:
            a, b = wiring.ends[link.branch]
            before, entry = (a, b) if wiring.section[a] == near else (b, a)
            tree.parent[entry] = (before, link.branch)
            row = wiring.circuit.ground.grid.branches[link.branch]
            if before in self._tree.low or row.kind is BranchKind.TRANSFORMER:
                tree.low.add(entry)
        wiring.spread(tree, [entry], closed, sections)
        upper, branch = tree.parent[entry]
        kva = tree.load.get(branch, 0.0)
        while upper >= 0:
            upper, branch = self._tree.parent.get(upper, ROOT)
            if branch >= 0:
                tree.load[branch] = self._tree.load.get(branch, 0.0) + kva
        return Trial(self._limit(tree, link), tree)

    def _limit(self, tree: Tree, link: Link) -> Limit:
        wiring = self.wiring
        branches = wiring.circuit.ground.grid.branches
        kv = self._kv(link)
        worst: tuple[float, int] | None = None
        more = unrated = 0
        for branch in sorted(tree.load):
            if tree.load[branch] <= wiring.usual.get(branch, 0.0) + _MORE_KVA:
                continue
            more += 1
            low = any(end in tree.low or end in self._tree.low for end in wiring.ends[branch])
            rated = wiring.kva_of(branch, kv, low=low)
            if rated is None:
                unrated += 1
            elif worst is None or tree.load[branch] / rated > worst[0]:
                worst = (tree.load[branch] / rated, branch)
        if worst is None:
            return Limit(reason=Reason.RATING_UNKNOWN if more else Reason.AS_NORMALLY, unrated=unrated)
        share, row = worst[0], branches[worst[1]]
        rating = row.rated or 0.0
        return Limit(
            reason=Reason.OVER_RATING if share > 1 else Reason.WITHIN_RATING,
            branch=f"{row.kind}:{row.id}",
            load=round(share * rating, 1),
            rated=round(rating, 1),
            unit="kVA" if row.kind is BranchKind.TRANSFORMER else "A",
            unrated=unrated,
        )

    def _kv(self, link: Link) -> float | None:
        circuit = self.wiring.circuit
        feeders = [circuit.usual.feeder[each] for each in (link.one, link.other) if each != SOURCE]
        known = [circuit.ground.grid.feeders[each].kv for each in feeders if each >= 0]
        return known[0] if known else None

    def take(self, trial: Trial) -> None:
        """Go on from what a trial reckoned."""
        self._tree.parent |= trial.tree.parent
        self._tree.load |= trial.tree.load
        self._tree.low |= trial.tree.low
