"""The literal rule: an index picks the incident, the nearest depot picks the crew. A mode of its own, and the yardstick.

The index of an outage is the weight of the customers it gives back over the time that takes: the drive and the expected
repair. Dangers go before all: the nearest crew of any kind that may, also one that is under way to other work. A crew belongs
to its depot: where it worked last plays no part in who goes to an outage.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from services.dispatch.plan import NO_PLAN, CrewAt, Scene, Visit
from services.dispatch.plan_moves import Decision, Move, Policy, held_for_dangers, is_storm
from services.dispatch.reasons import Reason

REDIRECT_S = 4 * 60
"""How much farther a crew counts as being from a danger that is under way elsewhere, or a line crew that could be spared."""
SPARE_LINE_S = 6 * 60
"""How much longer an outage that a service crew could mend counts as taking, for a line crew."""
_NO_GAIN = 50
"""Of an outage whose repair alone brings nobody back the weight counts so many times less."""


def decide(scene: Scene, before: Mapping[str, Sequence[str]], policy: Policy, quiet_s: int, basis: int = 0) -> Decision:  # noqa: ARG001 - the port's form
    """Return who is sent now. Nothing is planned ahead."""
    storm = is_storm(scene, policy)
    kept = held_for_dangers(scene.crews, policy, quiet_s)
    moves = _to_dangers(scene)
    scene = _after(scene, moves)
    left = [(row, crew) for row, crew in enumerate(scene.crews) if _is_idle(crew) and crew.id not in kept]
    waiting = [n for n, visit in enumerate(scene.visits) if visit.due_s is None and _waits(scene, visit)]
    worth = {column: _worth(scene, column) for column in waiting}
    while rated := [
        (-_index(scene, row, column, worth[column]), scene.visits[column].id, row, column)
        for column in waiting
        if (row := _nearest_depot(scene, column, left)) is not None
    ]:
        _, goal, row, column = min(rated)
        reason = Reason.NEAREST_DEPOT_PAST_SHIFT if scene.past_shift[row, column] else Reason.NEAREST_DEPOT
        moves.append(Move(scene.crews[row].id, goal, reason))
        left = [each for each in left if each[0] != row]
        waiting.remove(column)
    held = [crew.id for crew in scene.crews if crew.id in kept and _is_idle(crew)]
    moves += [Move(crew, None, Reason.HELD_FOR_DANGERS) for crew in held]
    return Decision(tuple(moves), NO_PLAN, storm)


def _after(scene: Scene, moves: Sequence[Move]) -> Scene:
    """Return the scene in which these crews go where they are sent: what they turn away from waits again."""
    goals = {move.crew: move.visit for move in moves}
    crews = [dataclasses.replace(crew, doing=goals.get(crew.id, crew.doing)) for crew in scene.crews]
    return dataclasses.replace(scene, crews=crews)


def _is_idle(crew: CrewAt) -> bool:
    return not crew.on_site and crew.doing is None


def _waits(scene: Scene, visit: Visit) -> bool:
    return visit.open and visit.crew is None and all(crew.doing != visit.id for crew in scene.crews)


def _to_dangers(scene: Scene) -> list[Move]:
    dangers = {visit.id for visit in scene.visits if visit.due_s is not None}
    repairs = {visit.first: column for column, visit in enumerate(scene.visits) if visit.first is not None}
    rated = []
    for column, visit in enumerate(scene.visits):
        if visit.due_s is None or not _waits(scene, visit):
            continue
        for row, crew in enumerate(scene.crews):
            if scene.can[row, column] and not crew.on_site and not crew.pinned and crew.doing not in dangers:
                cost = int(scene.drive_s[row, column]) + (REDIRECT_S if crew.doing is not None else 0)
                spare = crew.line and _for_service(scene, repairs.get(visit.id, column))
                rated.append((cost + (REDIRECT_S if spare else 0), crew.id, visit.id, crew.doing is None))
    crews: set[str] = set()
    visits: set[str] = set()
    moves = []
    for _, crew_id, visit_id, idle in sorted(rated):
        if crew_id not in crews and visit_id not in visits:
            crews.add(crew_id)
            visits.add(visit_id)
            moves.append(Move(crew_id, visit_id, Reason.NEAREST_TO_DANGER if idle else Reason.REDIRECTED))
    return moves


def _nearest_depot(scene: Scene, column: int, idle: Sequence[tuple[int, CrewAt]]) -> int | None:
    """Return the row of the crew that goes: within its shift if one is, of the nearest depot, a service crew rather, by id."""
    able = [(row, crew) for row, crew in idle if scene.can[row, column]]
    spare = _for_service(scene, column)

    def key(each: tuple[int, CrewAt]) -> tuple[bool, int, bool, str, str]:
        row, crew = each
        past, home = bool(scene.past_shift[row, column]), int(scene.home_s[row, column])
        return past, home, crew.line and spare, crew.depot, crew.id

    return min(able, key=key)[0] if able else None


def _for_service(scene: Scene, column: int) -> bool:
    """Answer whether a service crew may do this work, so that a line crew had better be spared."""
    return any(scene.can[row, column] and not crew.line for row, crew in enumerate(scene.crews))


def _worth(scene: Scene, column: int) -> float:
    """Return the weight of those whom this repair alone gives back, beside work that is under way; of nobody a little of all."""
    visit = scene.visits[column]
    under_way = {each.doing for each in scene.crews} | {each.id for each in scene.visits if each.crew is not None}
    alone = all_of_it = 0
    for group in scene.groups:
        if visit.id in group.visits:
            all_of_it += group.weight
            if not set(group.visits) - under_way - {visit.id}:
                alone += group.weight
    return alone or all_of_it / _NO_GAIN


def _index(scene: Scene, row: int, column: int, worth: float) -> float:
    spare = scene.crews[row].line and _for_service(scene, column)
    takes = int(scene.drive_s[row, column]) + scene.visits[column].site_s + (SPARE_LINE_S if spare else 0)
    return worth / max(1, takes)
