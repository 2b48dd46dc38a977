"""Proposes the steps that isolate a fault and feed the rest another way, with whom each brings back and what limits it. Pure.

The order is always: isolate, see that it is isolated, then restore. No step feeds what is left alone, and none closes a loop
or joins two sources: a device is closed only between a side that has power and a side that has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.switching.circuit import NOBODY, SOURCE, Circuit, Link, People
from services.switching.faulted import Scene, Situation, look
from services.switching.loads import Limit, Wiring
from services.switching.reasons import Reason
from services.switching.restoring import Refused, Restoring, Way, Weights

Action = Literal["open", "verify", "close"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a person is to do: open or close a device, or see that devices stand open.

    `after` are the numbers of the steps that must be done before. `brings_back` are those who get power by it, `in_all` those
    who have it by then. `by_hand`: somebody must be there. Only what is closed has a limit.
    """

    number: int
    action: Action
    devices: tuple[str, ...]
    reason: Reason
    after: tuple[int, ...] = ()
    brings_back: People = NOBODY
    in_all: People = NOBODY
    by_hand: bool = False
    limit: Limit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The steps that remain, from how the grid stands now; `reason` says what they come to.

    `zone` are the sections in which the fault may lie, by the devices that feed them in normal state. `left_out` are
    those who lost power by the fault and stay without it, by the reason. `refused` are devices that could be closed and are
    not.
    """

    reason: Reason
    steps: tuple[Step, ...]
    zone: tuple[str, ...]
    left_out: Mapping[Reason, People]
    refused: tuple[Refused, ...]


def propose(circuit: Circuit, wiring: Wiring, situation: Situation, weights: Weights = Weights()) -> Proposal:  # noqa: B008 - frozen
    """Return what is to be done. Raises KeyError when the network lacks the device, ValueError when `behind` is not in its zone."""
    scene = look(circuit, situation)
    restoring = Restoring(scene, wiring, weights)
    restoring.run()
    steps = _steps(scene, restoring)
    if restoring.taken:
        reason = Reason.CAN_BE_SWITCHED
    else:
        reason = Reason.NOT_LOCATED if len(scene.faulted) > 1 else Reason.NOTHING_TO_SWITCH
    refused = [restoring.refused[each] for each in sorted(restoring.refused)]
    return Proposal(
        reason=reason,
        steps=tuple(steps),
        zone=sections_of(scene),
        left_out=_left_out(scene, restoring),
        refused=tuple(refused),
    )


def restored_by_switching(proposal: Proposal) -> People:
    """Return who has power again by the steps that remain, before anything is repaired."""
    return sum((step.brings_back for step in proposal.steps), NOBODY)


def sections_of(scene: Scene) -> tuple[str, ...]:
    """Return the sections in which the fault may still lie, by the devices that feed them in normal state, upper ones first."""
    usual = scene.circuit.usual
    named = [(len(list(scene.circuit.way(usual, each))), usual.via[each]) for each in scene.zone]
    dark = {usual.via[each] for each in scene.zone if not scene.flow.is_live(each)}
    return tuple(via for _, via in sorted((n, via) for n, via in named if via is not None and via in dark))


def _steps(scene: Scene, restoring: Restoring) -> list[Step]:
    links = scene.circuit.links
    opens = _opens(scene, restoring.taken)
    steps = [
        Step(number=number, action="open", devices=(device,), reason=reason, by_hand=not links[device].telemetered)
        for number, (device, reason) in enumerate(opens.items(), start=1)
    ]
    if not restoring.taken:
        return steps
    number = len(steps) + 1
    before = tuple(step.number for step in steps)
    steps.append(
        Step(
            number=number, action="verify", devices=_isolating(scene, restoring), reason=Reason.SEEN_OPEN, after=before
        )
    )
    in_all, fed_by = NOBODY, dict[int, int]()
    for way in restoring.taken:
        in_all += way.people
        chained = [fed_by[way.near]] if way.near in fed_by else []
        steps.append(
            Step(
                number=len(steps) + 1,
                action="close",
                devices=(way.link.id,),
                reason=_why(scene, way.link),
                after=(number, *chained),
                brings_back=way.people,
                in_all=in_all,
                by_hand=not way.link.telemetered,
                limit=way.trial.limit,
            )
        )
        fed_by |= dict.fromkeys(way.sections, len(steps))
    return steps


def _opens(scene: Scene, taken: Sequence[Way]) -> dict[str, Reason]:
    """Return what is to be opened, in order: what failed first, then by remote control, then by hand."""
    fault, links = scene.situation.fault, scene.circuit.links
    opens: dict[str, Reason] = {}
    if fault.stands_open and scene.situation.stands.get(fault.device) is not False:
        opens[fault.device] = Reason.MAKES_SURE_OPEN
    found = {device: reason for way in taken for device, reason in way.opens}
    order = sorted(found, key=lambda each: (not links[each].telemetered, each))
    return opens | {device: found[device] for device in order}


def _isolating(scene: Scene, restoring: Restoring) -> tuple[str, ...]:
    """Return the open devices next to which power is then: between what is fed and what stays dark, by id."""
    flow, at = restoring.flow, scene.circuit.at
    fed = {section for way in restoring.taken for section in way.sections}
    beside = {link.id for each in fed for link in at[each] if not flow.is_live(link.beyond(each))}
    around = {link.id for each in scene.faulted for link in at[each] if flow.is_live(link.beyond(each))}
    return tuple(sorted(beside | around))


def _why(scene: Scene, link: Link) -> Reason:
    if link.id == scene.situation.fault.device:
        return Reason.FEEDS_FROM_UPSTREAM
    return Reason.FEEDS_AGAIN if link.normally_closed else Reason.FEEDS_THROUGH_TIE


def _left_out(scene: Scene, restoring: Restoring) -> dict[Reason, People]:
    """Return who lost power by the fault and stays without it, by the reason of their sections."""
    left: dict[Reason, People] = {}
    for section in sorted(scene.affected):
        if section != SOURCE and not restoring.flow.is_live(section):
            reason = scene.shut.get(section, Reason.NO_OTHER_WAY)
            left[reason] = left.get(reason, NOBODY) + scene.circuit.people[section]
    return {reason: people for reason, people in left.items() if people.customers}
