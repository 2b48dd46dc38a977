"""What a plan means now: who is sent, who turns to other work, who is kept back for what may come; each with its reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from services.dispatch.plan import WEIGHED, CrewAt, Plan, Scene, Search, basis_of, replan
from services.dispatch.reasons import Reason
from services.dispatch.rules import Rules

TURN_CUSTOMERS = 250
"""To turn a crew under way the plan must gain as much as if so many customers had power the rule's minutes sooner."""


@dataclasses.dataclass(frozen=True, slots=True)
class Policy:
    """By what a region plans.

    `reserve`: of every depot that has service crews one is held for dangers, while something new was heard of within the last
    `expected_s`. `spare_permille` of the line crews stay free for larger outages, while something new is heard within `spare_s`:
    work that brings back fewer than `small` weighed customers waits for that. Both only in a storm: when work is on hand for
    `storm_permille` of the crews, and for `storm_least` crews at least.
    """

    search: Search = dataclasses.field(default_factory=Search)
    reserve: bool = True
    expected_s: int = 45 * 60
    spare_permille: int = 300
    spare_s: int = 20 * 60
    small: int = 60
    storm_permille: int = 500
    storm_least: int = 8
    least_at_depot: int = 3


def policy_of(rules: Rules) -> Policy:
    """Return by what a region plans that has these rules."""
    return Policy(
        search=Search(turn=WEIGHED * TURN_CUSTOMERS * 60 * rules.divert_gain_min),
        reserve=rules.reserve_for_hazards,
        expected_s=rules.hazards_expected_min * 60,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Move:
    """What changes for a crew: the visit that it is sent to, or None: it stands by at its depot."""

    crew: str
    visit: str | None
    reason: Reason


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """The moves that follow from a plan, the plan, whether there is a storm, and from what was planned (`basis_of`)."""

    moves: tuple[Move, ...]
    plan: Plan
    storm: bool = False
    basis: int = 0


def decide(scene: Scene, before: Mapping[str, Sequence[str]], policy: Policy, quiet_s: int, basis: int = 0) -> Decision:
    """Return who is to do what now. `quiet_s`: how long ago the last incident or danger became known, seconds.

    `basis`: from what the plan before was made, where only time has passed since: if that is the same now, its routes stand.
    """
    storm = is_storm(scene, policy)
    kept = held_for_dangers(scene.crews, policy, quiet_s) if storm else frozenset()
    now_from = basis_of(scene, holding=bool(kept))
    how = policy.search if now_from != basis else dataclasses.replace(policy.search, moves=0)
    plan = replan(_without(scene, kept), before, how, now_from)
    spare = _share(scene.crews, policy.spare_permille) if storm and quiet_s <= policy.spare_s else 0
    visits, weights = {visit.id: visit for visit in scene.visits}, _weights(scene)
    idle = [crew for crew in scene.crews if not crew.on_site and crew.doing is None]
    free = sum(crew.line for crew in idle)
    moves = []
    for crew in _by_weight(scene.crews, plan, weights):
        goal = next(iter(plan.routes.get(crew.id, ())), None)
        if crew.on_site or (goal is not None and goal == crew.doing):
            continue
        if goal is None or not visits[goal].open:
            if crew.doing is not None:
                moves.append(Move(crew.id, None, Reason.TAKEN_BY_ANOTHER))
            elif crew.id in kept:
                moves.append(Move(crew.id, None, Reason.HELD_FOR_DANGERS))
            continue
        if crew.line and crew.doing is None:
            if free <= spare and visits[goal].due_s is None and weights.get(goal, 0) < policy.small * WEIGHED:
                moves.append(Move(crew.id, None, Reason.HELD_FOR_LARGER))
                continue
            free -= 1
        moves.append(Move(crew.id, goal, Reason.PLANNED if crew.doing is None else Reason.DIVERTED))
    return Decision(tuple(moves), plan, storm, now_from)


def is_storm(scene: Scene, policy: Policy) -> bool:
    """Answer whether so much work is on hand that somebody is held back for what may still come: for half of the crews, or more."""
    work = sum(visit.open for visit in scene.visits)
    return work >= max(policy.storm_least, len(scene.crews) * policy.storm_permille / 1000)


def held_for_dangers(crews: Sequence[CrewAt], policy: Policy, quiet_s: int) -> frozenset[str]:
    """Return the crews that are held for dangers, while some can still be expected.

    Of each depot it is the first of its service crews that has no work, or else the first.
    A depot of fewer than `policy.least_at_depot` crews holds none: its customers would wait for a danger that may not come.
    """
    if not policy.reserve or quiet_s > policy.expected_s:
        return frozenset()
    of_depot: dict[str, list[CrewAt]] = {}
    for crew in crews:
        of_depot.setdefault(crew.depot, []).append(crew)
    held = set()
    for its in of_depot.values():
        service = [crew for crew in its if not crew.line]
        if service and len(its) >= policy.least_at_depot:
            held.add(min(service, key=lambda crew: (crew.on_site, crew.doing is not None)).id)
    return frozenset(held)


def _without(scene: Scene, kept: frozenset[str]) -> Scene:
    """Return the scene in which the idle ones of the kept crews can go to dangers only."""
    if not kept:
        return scene
    dangers = np.array([visit.due_s is not None for visit in scene.visits], np.bool_)
    can = scene.can.copy()
    for number, crew in enumerate(scene.crews):
        if crew.id in kept and crew.doing is None and not crew.on_site:
            can[number] &= dangers
    return dataclasses.replace(scene, can=can)


def _share(crews: Sequence[CrewAt], permille: int) -> int:
    return sum(crew.line for crew in crews) * permille // 1000


def _weights(scene: Scene) -> dict[str, int]:
    weights: dict[str, int] = {}
    for group in scene.groups:
        for visit in group.visits:
            weights[visit] = weights.get(visit, 0) + group.weight
    return weights


def _by_weight(crews: Sequence[CrewAt], plan: Plan, weights: Mapping[str, int]) -> list[CrewAt]:
    """Return the crews, those with the largest work first: what is kept back is the smallest."""

    def key(crew: CrewAt) -> tuple[int, str]:
        goal = next(iter(plan.routes.get(crew.id, ())), None)
        return -weights.get(goal, 0) if goal is not None else 1, crew.id

    return sorted(crews, key=key)
