"""The search that repairs a plan: moves of visits between and within the crews' routes, each kept if the plan costs less by it.

Plain functions over arrays of integers, compiled by numba: the same arrays give the same plan on every machine. Times are seconds
from now. Nodes are the visits 0 ... V-1 and, for every crew c, the start of its route V+c; -1 is the end of a route, or nobody.

What a plan costs: for every group of customers its weight times the graded time until the last of the visits that it waits for is
finished; for every danger what being late costs; a price for every crew that is turned away from where it drives; and a little
for every visit until it is finished.

Facts stand in the rows of a few arrays, named below: a compiled call with few arrays is several times faster than one with many.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
NEVER = 1 << 40
"""A time that does not come, seconds."""
_TOO_DEAR = 1 << 62

AT, SITE, EARLIEST, DUE, FIRST, THEN, FIXED = range(7)
"""Rows of `visits` [7, V]: place; time on site; no work before; a danger, be there by then (else NEVER); the visit to be finished
before (or -1) and its reverse; 1: stays where it is.
"""
FREE, DOING = range(2)
"""Rows of `crews` [2, C]: when it is free; the visit that it drives to, or -1."""
WEIGHT, FLOOR, SWITCHED = range(3)
"""Rows of `groups` [3, G]: what a second of waiting counts; not back before; so long after the crew comes (-1: when it is done)."""
AFTER, BEFORE, CREW, REACHED, DONE, SURE = range(6)
"""Rows of `routes` [6, V + C]: the node after, the node before, the visit's crew, when it is reached and finished, and by when it
is reached even if what its crew does before takes longer."""
EARLY_PER_S, LATE_PER_S, LATE_ONCE, DOUBT, EACH_VISIT, TURN = range(6)
"""Of `prices` [6]: a danger until it is reached (per second), reached late (per second; at all), by how many thousandths the work
before it may take longer; any visit until it is finished (per second); a crew turned away from where it drives.
"""
_REACHED, _DONE, _STAMP, _TOUCHED, _SURE = range(5)
_STANDING, _COST, _GROUP_STAMP, _GROUP = range(4)
_MOVE, _VISITS, _GROUPS = range(3)
_PASSES = 16
"""Work that waits for a danger which waits in turn ... so deep at most: what is deeper counts as waiting for itself."""
_RELOCATED, _EXCHANGED, _OF = 6, 8, 10
"""Of ten moves six put a visit elsewhere, two exchange two visits, two cross over the ends of two routes."""


@numba.njit(cache=True)
def _random(state: Ints, below: int) -> int:
    """Return a number from 0 up to but not `below`, and move the state (xorshift)."""
    x = state[0]
    x ^= (x << 13) & 0x7FFFFFFFFFFFFFFF
    x ^= x >> 7
    x ^= (x << 17) & 0x7FFFFFFFFFFFFFFF
    state[0] = x
    return (x >> 11) % below


@numba.njit(cache=True)
def _graded(time: int, grades: Ints) -> int:
    """Return how much waiting until a time counts: the table by minutes, continued with its last slope."""
    if time <= 0:
        return time
    minute, last = time // 60, len(grades) - 1
    if minute >= last:
        return grades[last] + (grades[last] - grades[last - 1]) * (time - last * 60) // 60
    return grades[minute] + (grades[minute + 1] - grades[minute]) * (time - minute * 60) // 60


@numba.njit(cache=True)
def _price(reached: int, sure: int, done: int, due: int, prices: Ints) -> int:
    """Return what a visit costs by itself: a danger a little from the start and much once it is late, each until it is finished."""
    cost = done * prices[EACH_VISIT]
    if due < NEVER:
        cost += reached * prices[EARLY_PER_S]
        if sure > due:
            cost += prices[LATE_ONCE] + (sure - due) * prices[LATE_PER_S]
    return cost


@numba.njit(cache=True)
def _turned(crews: Ints, routes: Ints, crew: int) -> int:
    """Return 1 if the plan turns a crew away from where it drives, else 0."""
    doing = crews[DOING, crew]
    return 1 if doing >= 0 and routes[AFTER, routes.shape[1] - crews.shape[1] + crew] != doing else 0


@numba.njit(cache=True)
def _link(routes: Ints, node: int, follower: int) -> None:
    routes[AFTER, node] = follower
    if follower >= 0:
        routes[BEFORE, follower] = node


@numba.njit(cache=True)
def _hand_over(routes: Ints, visit: int, crew: int) -> None:
    """Give a visit and all that follow it to a crew."""
    while visit >= 0:
        routes[CREW, visit] = crew
        visit = routes[AFTER, visit]


@numba.njit(cache=True)
def _may_follow(routes: Ints, visits: Ints, can: Flags, visit: int, crew: int) -> bool:
    """Answer whether a crew can make a visit and all that follow it, and none of them is fixed."""
    while visit >= 0:
        if visits[FIXED, visit] or not can[crew, visit]:
            return False
        visit = routes[AFTER, visit]
    return True


@numba.njit(cache=True)
def _retime(
    start: int, past: int, crew: int,
    visits: Ints, crews: Ints, drive: Ints, table: Ints, routes: Ints, trial: Ints, counts: Ints, prices: Ints,
) -> None:  # fmt: skip
    """Work out the times of a crew's route behind a node anew.

    It ends where nothing changes any more, but not before the visit `past` (-1: at once, -2: only at the end of the route).
    """
    many, move, node, passed = visits.shape[1], counts[_MOVE], start, past == -1
    if node >= many:
        time = crews[FREE, crew]
    else:
        time = trial[_DONE, node] if trial[_STAMP, node] == move else routes[DONE, node]
    visit = routes[AFTER, node]
    while visit >= 0:
        if node < many:
            reached = time + table[visits[AT, node], visits[AT, visit]]
        else:
            reached = time + drive[crew, visit]
        sure = reached + time * prices[DOUBT] // 1000
        begins = max(reached, visits[EARLIEST, visit])
        first = visits[FIRST, visit]
        if first >= 0:
            begins = max(begins, trial[_DONE, first] if trial[_STAMP, first] == move else routes[DONE, first])
        time = begins + visits[SITE, visit]
        if visit == past:
            passed = True
        elif (
            passed
            and trial[_STAMP, visit] != move
            and time == routes[DONE, visit]
            and reached == routes[REACHED, visit]
            and sure == routes[SURE, visit]
        ):
            return
        if trial[_STAMP, visit] != move:
            trial[_STAMP, visit] = move
            trial[_TOUCHED, counts[_VISITS]] = visit
            counts[_VISITS] += 1
        trial[_DONE, visit], trial[_REACHED, visit], trial[_SURE, visit] = time, reached, sure
        node, visit = visit, routes[AFTER, visit]


@numba.njit(cache=True)
def _difference(
    visits: Ints, groups: Ints, start_of_group: Ints, of_group: Ints, start_of_visit: Ints, of_visit: Ints,
    grades: Ints, routes: Ints, trial: Ints, waits: Ints, counts: Ints, prices: Ints,
) -> int:  # fmt: skip
    """Return by how much the plan costs more with the move that is being tried."""
    move, more = counts[_MOVE], 0
    counts[_GROUPS] = 0
    for each in range(counts[_VISITS]):
        visit = trial[_TOUCHED, each]
        more += _price(trial[_REACHED, visit], trial[_SURE, visit], trial[_DONE, visit], visits[DUE, visit], prices)
        if routes[DONE, visit] > 0:
            more -= _price(routes[REACHED, visit], routes[SURE, visit], routes[DONE, visit], visits[DUE, visit], prices)
        for place in range(start_of_visit[visit], start_of_visit[visit + 1]):
            group = of_visit[place]
            if waits[_GROUP_STAMP, group] == move:
                continue
            waits[_GROUP_STAMP, group] = move
            latest = groups[FLOOR, group]
            for member in range(start_of_group[group], start_of_group[group + 1]):
                other = of_group[member]
                if trial[_STAMP, other] == move:
                    reached, done = trial[_REACHED, other], trial[_DONE, other]
                else:
                    reached, done = routes[REACHED, other], routes[DONE, other]
                if groups[SWITCHED, group] >= 0 and done > 0:
                    done = min(done, reached + groups[SWITCHED, group])
                latest = max(latest, done)
            waits[_COST, group] = groups[WEIGHT, group] * _graded(latest, grades)
            more += waits[_COST, group] - waits[_STANDING, group]
            waits[_GROUP, counts[_GROUPS]] = group
            counts[_GROUPS] += 1
    return more


@numba.njit(cache=True)
def _keep(routes: Ints, trial: Ints, waits: Ints, counts: Ints) -> None:
    for each in range(counts[_VISITS]):
        visit = trial[_TOUCHED, each]
        routes[DONE, visit], routes[REACHED, visit] = trial[_DONE, visit], trial[_REACHED, visit]
        routes[SURE, visit] = trial[_SURE, visit]
    for each in range(counts[_GROUPS]):
        waits[_STANDING, waits[_GROUP, each]] = waits[_COST, waits[_GROUP, each]]


@numba.njit(cache=True)
def _follow(
    visits: Ints, crews: Ints, drive: Ints, table: Ints, routes: Ints, trial: Ints, counts: Ints, prices: Ints
) -> bool:
    """Work out anew what waits, in whichever route, for the visits that a move has touched; False: work would wait for itself."""
    for _ in range(_PASSES):
        settled, each = True, 0
        while each < counts[_VISITS]:
            touched = trial[_TOUCHED, each]
            later = visits[THEN, touched]
            if later >= 0 and routes[CREW, later] >= 0:
                reached, done = routes[REACHED, later], routes[DONE, later]
                if trial[_STAMP, later] == counts[_MOVE]:
                    reached, done = trial[_REACHED, later], trial[_DONE, later]
                begins = max(reached, visits[EARLIEST, later], trial[_DONE, touched])
                if done != begins + visits[SITE, later]:
                    before, crew = routes[BEFORE, later], routes[CREW, later]
                    _retime(before, later, crew, visits, crews, drive, table, routes, trial, counts, prices)
                    settled = False
            each += 1
        if settled:
            return True
    return False


@numba.njit(cache=True)
def _clear(visits: Ints, routes: Ints, counts: Ints) -> None:
    """Take everything out of the routes that does not stay where it is."""
    many = visits.shape[1]
    for node in range(routes.shape[1]):
        if routes[AFTER, node] >= 0 and not visits[FIXED, routes[AFTER, node]]:
            routes[AFTER, node] = -1
    for visit in range(many):
        if not visits[FIXED, visit]:
            routes[BEFORE, visit] = routes[CREW, visit] = -1
    counts[_MOVE], counts[_VISITS] = counts[_MOVE] + 1, 0


@numba.njit(cache=True)
def search(
    seed: int, moves: int, visits: Ints, crews: Ints, drive: Ints, can: Flags, table: Ints,
    groups: Ints, starts: Ints, of_group: Ints, starts_of_visit: Ints, of_visit: Ints,
    grades: Ints, routes: Ints, prices: Ints,
) -> tuple[int, int, int]:  # fmt: skip
    """Repair a plan in place (`routes`; of a visit that is in no route the row `DONE` is 0).

    `drive` and `can` [C, V]: from where a crew is or will be free; `table`: between places. `of_group[starts[g]:starts[g + 1]]` are
    the visits that a group waits for, `of_visit` is the reverse. `grades`: how much waiting until each minute counts.

    Return what the groups' waiting costs, and how many moves were tried and kept. Visits that are in no route are put where they
    cost least; those for which no crew can go stay out. Then visits are moved behind others, exchanged, and the ends of
    routes crossed over: mostly near to each other, as a contest among a few decides.
    """
    many, number = visits.shape[1], crews.shape[1]
    trial, waits = np.zeros((5, many), np.int64), np.zeros((4, groups.shape[1]), np.int64)
    counts, state = np.zeros(3, np.int64), np.array([seed * 2 + 88172645463325252], np.int64)
    nodes, follows, was = np.zeros(4, np.int64), np.zeros(4, np.int64), np.zeros(4, np.int64)
    counts[_MOVE] = 1
    for crew in range(number):
        _retime(many + crew, -2, crew, visits, crews, drive, table, routes, trial, counts, prices)
    if not _follow(visits, crews, drive, table, routes, trial, counts, prices):
        _clear(visits, routes, counts)
        for crew in range(number):
            _retime(many + crew, -2, crew, visits, crews, drive, table, routes, trial, counts, prices)
    _difference(
        visits, groups, starts, of_group, starts_of_visit, of_visit, grades, routes, trial, waits, counts, prices
    )
    _keep(routes, trial, waits, counts)

    tried, kept = 0, 0
    for visit in range(many):
        least, best = _TOO_DEAR, -1
        for crew in range(number if routes[CREW, visit] < 0 else 0):
            node = many + crew if can[crew, visit] else -1
            while node >= 0:
                follower = routes[AFTER, node]
                if follower < 0 or not visits[FIXED, follower]:
                    counts[_MOVE], counts[_VISITS], tried = counts[_MOVE] + 1, 0, tried + 1
                    turns = -_turned(crews, routes, crew)
                    routes[AFTER, node], routes[AFTER, visit] = visit, follower
                    turns += _turned(crews, routes, crew)
                    routes[BEFORE, visit], routes[CREW, visit] = node, crew
                    _retime(node, visit, crew, visits, crews, drive, table, routes, trial, counts, prices)
                    fits = _follow(visits, crews, drive, table, routes, trial, counts, prices)
                    routes[AFTER, node], routes[AFTER, visit], routes[CREW, visit] = follower, -1, -1
                    more = _TOO_DEAR if not fits else turns * prices[TURN] + _difference(
                        visits, groups, starts, of_group, starts_of_visit, of_visit, grades, routes, trial, waits, counts, prices
                    )  # fmt: skip
                    if more < least:
                        least, best = more, node
                node = follower
        if best >= 0:
            crew = best - many if best >= many else routes[CREW, best]
            _link(routes, visit, routes[AFTER, best])
            _link(routes, best, visit)
            counts[_MOVE], counts[_VISITS] = counts[_MOVE] + 1, 0
            _retime(best, visit, crew, visits, crews, drive, table, routes, trial, counts, prices)
            routes[CREW, visit] = crew
            _follow(visits, crews, drive, table, routes, trial, counts, prices)
            _difference(
                visits, groups, starts, of_group, starts_of_visit, of_visit, grades, routes, trial, waits, counts, prices
            )  # fmt: skip
            _keep(routes, trial, waits, counts)

    movable = np.array([visit for visit in range(many) if routes[CREW, visit] >= 0 and not visits[FIXED, visit]])
    contest = min(12, 1 + len(movable) // 12)
    while len(movable) > 0 and tried < moves:
        tried += 1
        counts[_MOVE], counts[_VISITS] = counts[_MOVE] + 1, 0
        one, other, nearest = movable[_random(state, len(movable))], -1, NEVER
        for _ in range(contest):
            guess = movable[_random(state, len(movable))]
            if guess != one and table[visits[AT, one], visits[AT, guess]] < nearest:
                nearest, other = table[visits[AT, one], visits[AT, guess]], guess
        kind = _random(state, _OF)
        crew, left, right = routes[CREW, one], routes[BEFORE, one], routes[AFTER, one]
        if other < 0 or (kind < _RELOCATED and _random(state, 4) == 0):
            kind, target, node = 0, _random(state, number), -1
        else:
            target, node = routes[CREW, other], other
        # ---- the links that a move changes: from `nodes` to `follows`
        if kind < _RELOCATED:
            if node < 0:
                node = many + target
            elif _random(state, 2) == 0:
                node = routes[BEFORE, other]
            follower = routes[AFTER, node]
            if node == one or follower == one or not can[target, one] or (follower >= 0 and visits[FIXED, follower]):
                continue
            links, past = 3, one
            nodes[0], nodes[1], nodes[2] = left, one, node
            follows[0], follows[1], follows[2] = right, follower, one
        elif kind < _EXCHANGED:
            node, follower = routes[BEFORE, other], routes[AFTER, other]
            if right == other or left == other or not can[target, one] or not can[crew, other]:
                continue
            links, past = 4, one
            nodes[0], nodes[1], nodes[2], nodes[3] = left, other, node, one
            follows[0], follows[1], follows[2], follows[3] = other, right, one, follower
        else:
            if kind == _EXCHANGED:
                left, right = routes[BEFORE, one], one
            else:
                left, right = one, routes[AFTER, one]
            node = other if _random(state, 2) == 0 else routes[BEFORE, other]
            follower = routes[AFTER, node]
            if target == crew or (right < 0 and follower < 0):
                continue
            if not _may_follow(routes, visits, can, right, target) or not _may_follow(
                routes, visits, can, follower, crew
            ):
                continue
            links, past = 2, -2
            nodes[0], nodes[1] = left, node
            follows[0], follows[1] = follower, right
        turns = -_turned(crews, routes, crew) - (_turned(crews, routes, target) if target != crew else 0)
        for each in range(links):
            was[each] = routes[AFTER, nodes[each]]
        for each in range(links):
            _link(routes, nodes[each], follows[each])
        if kind < _EXCHANGED:
            routes[CREW, one] = target
            if kind >= _RELOCATED:
                routes[CREW, other] = crew
        else:
            _hand_over(routes, right, target)
            _hand_over(routes, follower, crew)
        # ---- what it costs
        turns += _turned(crews, routes, crew) + (_turned(crews, routes, target) if target != crew else 0)
        if target == crew:
            _retime(many + crew, -2, crew, visits, crews, drive, table, routes, trial, counts, prices)
        else:
            past_left = other if kind >= _RELOCATED and kind < _EXCHANGED else (-1 if kind < _RELOCATED else -2)
            _retime(left, past_left, crew, visits, crews, drive, table, routes, trial, counts, prices)
            _retime(node, past, target, visits, crews, drive, table, routes, trial, counts, prices)
        fits = _follow(visits, crews, drive, table, routes, trial, counts, prices)
        more = 0 if not fits else turns * prices[TURN] + _difference(
            visits, groups, starts, of_group, starts_of_visit, of_visit, grades, routes, trial, waits, counts, prices
        )  # fmt: skip
        if more < 0:
            kept += 1
            _keep(routes, trial, waits, counts)
            continue
        for each in range(links):
            _link(routes, nodes[each], was[each])
        if kind < _EXCHANGED:
            routes[CREW, one] = crew
            if kind >= _RELOCATED:
                routes[CREW, other] = target
        else:
            _hand_over(routes, right, crew)
            _hand_over(routes, follower, target)
    return waits[_STANDING].sum(), tried, kept
