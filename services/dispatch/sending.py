"""What a region's plan, or the literal rule of the nearest depot, leads to: orders given and taken back, and why others wait."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from schemas.events import DispatchMode, OrderState
from services.dispatch import nearest_depot, plan_moves
from services.dispatch.eligibility import Candidate, Excluded, Standing
from services.dispatch.entities import UNDER_WAY, Duty, Job
from services.dispatch.expecting import keep_plan
from services.dispatch.fairness import Hardship
from services.dispatch.ordering import active_order, duty_of, end_order, free_job, give, order_id
from services.dispatch.plan_moves import policy_of
from services.dispatch.plan_scene import Region, scene_of
from services.dispatch.planned import Planned
from services.dispatch.reasons import Reason
from services.dispatch.rules import rules_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.dispatch.plan_moves import Decision, Move
    from services.dispatch.roster import Roster
    from services.engine.turn import Turn

WHY_NOBODY = frozenset(
    {
        Reason.DISPATCHER_HELD,
        Reason.SAFETY_HELD,
        Reason.NO_CREWS,
        Reason.SKILL_MISSING,
        Reason.CERTIFICATE_MISSING,
        Reason.KIT_MISSING,
        Reason.LONE_WORKER,
        Reason.AREA_FORBIDDEN,
        Reason.NO_GUIDE,
        Reason.HELPS_ALREADY,
        Reason.PAIR_FORBIDDEN,
        Reason.DECLINED,
        Reason.HOURS_UP,
        Reason.BUSY,
        Reason.UNREACHABLE,
        Reason.OFF_DUTY,
        Reason.ON_BREAK,
        Reason.OFF_SHIFT,
        Reason.PLANNED_LATER,
        Reason.HELD_FOR_LARGER,
        Reason.HELD_FOR_DANGERS,
        Reason.PROPOSED,
    }
)
"""Why nobody is sent to a job that waits: a dispatcher holds it, the rules that keep crews from it, or the plan."""

_TAKEN_BACK = {
    Reason.DIVERTED: Reason.DIVERTED_TO_OTHER_WORK,
    Reason.REDIRECTED: Reason.REDIRECTED_TO_HAZARD,
    Reason.TAKEN_BY_ANOTHER: Reason.TAKEN_BY_ANOTHER,
}
_HELD = frozenset({Reason.HELD_FOR_LARGER, Reason.HELD_FOR_DANGERS})
_LONG_AGO_MS = 1 << 40


def send_crews(turn: Turn, roster: Roster) -> None:
    """Give orders by the mode of the region, take back those of crews that turn to other work, and note why others wait."""
    waiting = turn.all(Job, lambda job: job.state == "waiting")
    standing_plan = turn.get(Planned, turn.shard) or Planned(id=turn.shard)
    if not waiting and not standing_plan.routes:
        return
    region = region_of(turn, roster)
    standings = {crew: region.standing(crew) for crew in roster.crews_of(turn.shard)}
    decision = decide(region, standings, standing_plan, news=bool(turn.facts))
    proposed: tuple[tuple[str, str], ...] = ()
    if region.rules.mode is DispatchMode.ADVISE:
        proposed = tuple((move.crew, move.visit) for move in decision.moves if move.visit is not None)
    else:
        _carry_out(turn, roster, region, decision.moves)
    keep_plan(turn, region, standing_plan, decision, proposed)
    _tell_why(turn, region_of(turn, roster), decision, {visit: crew for crew, visit in proposed})


def region_of(turn: Turn, roster: Roster) -> Region:
    """Return the state of the turn's region that a plan is made from."""
    orders = (active_order(turn, duty.order) for duty in turn.all(Duty, lambda duty: duty.order is not None))
    return Region(
        roster,
        turn.shard,
        rules_of(turn),
        turn.all(Job, lambda job: job.state in {"waiting", "ordered"}),
        {order.id: order for order in orders if order is not None},
        {duty.id: duty for duty in turn.all(Duty)},
        turn.now,
        turn.get(Hardship, turn.shard),
    )


def decide(region: Region, standings: Mapping[str, Standing], before: Planned, *, news: bool) -> Decision:
    """Return what the mode of a region says now; pure. Without news, as only time has passed, a plan made from the same stands."""
    scene = scene_of(region, standings)
    quiet_s = (region.now - heard_at(region)) // 1000
    rule = nearest_depot.decide if region.rules.mode is DispatchMode.NEAREST_DEPOT else plan_moves.decide
    return rule(scene, dict(before.routes), policy_of(region.rules), quiet_s, 0 if news else before.basis)


def heard_at(region: Region) -> int:
    """Return when the newest work became known, milliseconds; without any, very long ago."""
    return max((job.known_at for job in region.jobs), default=region.now - _LONG_AGO_MS)


def _carry_out(turn: Turn, roster: Roster, region: Region, moves: tuple[Move, ...]) -> None:
    """Take back the orders of crews that turn away, then give the new ones. What a rule forbids after all is not given."""
    for move in moves:
        order = active_order(turn, duty_of(turn, move.crew).order)
        if order is not None and order.state in UNDER_WAY and not order.pinned and move.reason in _TAKEN_BACK:
            reason = _TAKEN_BACK[move.reason]
            facts = [order.id] if move.visit is None else [order.id, move.visit]
            end_order(turn, order, OrderState.REVOKED, reason, facts, crew="available")
            free_job(turn, order, reason, facts)
    for move in moves:
        job = None if move.visit is None else turn.get(Job, move.visit)
        if job is None or job.state != "waiting" or job.held_by is not None:
            continue
        crew = roster.crews_of(turn.shard)[move.crew]
        judged = Standing(crew, duty_of(turn, move.crew), roster, turn.now, region.rules).judge(job)
        if isinstance(judged, Candidate):
            give(turn, job, judged, move.reason, [job.changed_by])


def _tell_why(turn: Turn, region: Region, decision: Decision, proposed: Mapping[str, str]) -> None:
    """Note of every job that waits why nobody is sent; wake up when small work and crews are not held back any more."""
    standings = {crew: region.standing(crew) for crew in region.roster.crews_of(turn.shard)}
    coming = {visit: crew for crew, route in decision.plan.routes.items() for visit in route}
    back = {move.crew: move.reason for move in decision.moves if move.visit is None and move.reason in _HELD}
    policy, waits = policy_of(region.rules), turn.all(Job, lambda job: job.state == "waiting")
    if waits and back:
        for held_s in (policy.spare_s, policy.expected_s):
            until = heard_at(region) + 1000 * (held_s + 1)
            if until > turn.now:
                turn.wake(until)
    for job in waits:
        crew = coming.get(job.id)
        if job.held_by is not None:
            held = Reason.SAFETY_HELD if job.held_for_safety else Reason.DISPATCHER_HELD
            _tell(turn, job, {held: [job.held_by]})
        elif job.id in proposed:
            _tell(turn, job, {Reason.PROPOSED: [proposed[job.id]]})
        elif crew is not None and crew in back and decision.plan.routes[crew][0] == job.id:
            _tell(turn, job, {back[crew]: [crew]})
        elif crew is not None:
            _tell(turn, job, {Reason.PLANNED_LATER: [crew]})
        else:
            judged = [each.judge(job) for each in standings.values()]
            idle = sorted(each.crew for each in judged if isinstance(each, Candidate) and each.crew in back)
            excluded = [each for each in judged if isinstance(each, Excluded)]
            _say_why(turn, job, excluded, idle)


def _say_why(turn: Turn, job: Job, excluded: list[Excluded], held: list[str]) -> None:
    """Note for each rule which crews it excluded, and who is held for dangers: once, until the job moves or changes.

    Wakes up when that may be over.
    """
    for until in (each.until for each in excluded if each.until is not None):
        turn.wake(until)
    kept: dict[Reason, list[str]] = defaultdict(list, {Reason.HELD_FOR_DANGERS: held} if held else {})
    for each in excluded:
        kept[each.reasons[0]].append(each.crew)
    _tell(turn, job, kept or {Reason.NO_CREWS: []})


def _tell(turn: Turn, job: Job, why: Mapping[Reason, list[str]]) -> None:
    new = sorted(why.keys() - set(job.told))
    if new:
        turn.put(msgspec.structs.replace(job, told=tuple(sorted({*job.told, *new}))))
    for reason in new:
        turn.note(job, "waiting", reason, [job.changed_by, order_id(job, job.attempts), *why[reason]])
