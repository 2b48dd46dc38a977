"""Taking an action back: an action of its own, which names what it undoes."""

from __future__ import annotations

from typing import NoReturn

from schemas.events import EstimateGiven, Event, OrderRevoked, SwitchPosition, WorkHeld
from schemas.topics import CREW_ACTIONS, DEVICE_STATES, INCIDENT_ACTIONS
from services.access import acted
from services.access.acted import Acted
from services.access.http import ApiError
from services.clock import from_ms
from services.console import attention, outcomes, texts_acting
from services.console.acting import Acting, carry_out
from services.console.intents import Head, Meant, UndoAsked, device_state, override, reasoned
from services.console.outcomes import UNDOABLE, order_made
from services.dispatch import showing_incident as dispatch
from services.engine.taking import Connection
from services.outages import showing_incident as outages

_LIKE = {
    "hold": {"hold", "holdForSafety", "release"},
    "release": {"hold", "holdForSafety", "release"},
    "assign": {"assign", "revoke"},
    "forbid": {"forbid", "allow", "assign"},
    "allow": {"forbid", "allow", "assign"},
    "first": {"first", "notFirst"},
    "notFirst": {"first", "notFirst"},
    "estimate": {"estimate"},
    "deviceState": {"deviceState"},
    "stopTexts": {"stopTexts", "resumeTexts"},
    "resumeTexts": {"stopTexts", "resumeTexts"},
}
"""Kinds of later actions that stand on what an action of a kind did: to take it back would take theirs back too."""


async def undo(connection: Connection, acting: Acting, action_id: str, asked: UndoAsked) -> str:
    """Take an action back, and return the id of the action that does so.

    Raises `ApiError`: 404 `notFound`; 409 `changedMeanwhile`, `undoneAlready`, `notDecidedYet`; 422 `whyMissing`,
    `notUndoable`, `nothingToUndo`, `orderUnderWork`, `estimatePast`, `notOpen`.
    """
    why = reasoned(asked.why)
    async with connection.transaction():
        if (before := await attention.made_before(connection, acting.request)) is not None:
            return before
        action = await acted.action(connection, action_id)
        if action is None:
            raise ApiError(404, "notFound", f"there is no action {action_id}")
        await attention.lock(connection, action.subject_kind, action.subject)
        action = await acted.action(connection, action_id)
        assert action is not None, "no action is ever deleted"
        await _may_be(connection, action)
        if action.kind in {"stopTexts", "resumeTexts"}:
            return await texts_acting.turn_back(connection, acting, action, why)
        head = await acting.head(connection, why)
        meant = await _meant(connection, action, head)
        subject = (action.subject_kind, action.subject)
        done = await carry_out(
            connection, acting, _OPPOSITE.get(action.kind, action.kind), subject, meant, why, undoes=action.id
        )
        if action.kind in {"note", "cause"}:
            await outages.retract(connection, action.id)
    return done


_OPPOSITE = {
    "hold": "release",
    "release": "hold",
    "assign": "revoke",
    "forbid": "allow",
    "allow": "forbid",
    "first": "notFirst",
    "notFirst": "first",
}
"""What an undo is, where it is not the same kind again."""


async def _may_be(connection: Connection, action: Acted) -> None:
    if action.kind not in UNDOABLE or action.undoes is not None:
        raise ApiError(422, "notUndoable", f"{action.kind} cannot be taken back: decide anew")
    [row] = await outcomes.rows(connection, [action])
    if row.state == "sent":
        raise ApiError(409, "notDecidedYet", "it is not decided yet")
    if row.state == "refused":
        raise ApiError(422, "nothingToUndo", f"it had no effect: {row.reason}")
    undoing = await outcomes.rows(connection, await acted.actions_named(connection, action.undone_by))
    if row.state == "undone" or any(each.state != "refused" for each in undoing):
        last = undoing[-1]
        raise ApiError(409, "undoneAlready", f"{last.by_name} took it back", by=last.by_name, at_ms=last.at_ms)
    done = await acted.actions_on(connection, [(action.subject_kind, action.subject)])
    place = next((number for number, each in enumerate(done) if each.id == action.id), len(done))
    for later in await outcomes.rows(connection, done[place + 1 :]):
        if later.kind in _LIKE.get(action.kind, ()) and later.state in {"sent", "done"}:
            detail = f"{later.by_name} did something about it since: {later.kind}"
            raise ApiError(409, "changedMeanwhile", detail, by=later.by_name, at_ms=later.at_ms, what=later.kind)


async def _meant(connection: Connection, action: Acted, head: Head) -> Meant:
    event: Event
    match action.kind:
        case "note" | "cause":
            return Meant(said={})
        case "deviceState":
            position = SwitchPosition(action.said["before"])
            event = device_state(action.subject, position, head)
            return Meant(said={"position": position.value}, topic=DEVICE_STATES, key=action.subject, event=event)
        case "estimate":
            return await _estimate(connection, action, head)
        case "assign":
            return await _revoke(connection, action, head)
        case "forbid" | "allow" | "first" | "notFirst":
            return await _override(connection, action, head)
        case _:
            return await _hold(connection, action, head)


async def _estimate(connection: Connection, action: Acted, head: Head) -> Meant:
    incident = await outages.standing(connection, action.subject)
    before = int(action.said["before_ms"])
    if incident is None or not incident.is_open:
        _refuse("notOpen", "the incident is over")
    if before <= head.now_ms:
        _refuse("estimatePast", "the estimate before lies in the past by now: give a new one")
    event = EstimateGiven(**head.fields, area=incident.area, incident=incident.id, estimate=from_ms(before))
    said = {"estimate_ms": before, "before_ms": incident.estimate_ms}
    return Meant(said=said, topic=INCIDENT_ACTIONS, key=incident.area, event=event)


async def _revoke(connection: Connection, action: Acted, head: Head) -> Meant:
    made = order_made(action, await acted.entries_of(connection, [action]))
    order = None if made is None else await dispatch.order_named(connection, made)
    if order is None:
        _refuse("nothingToUndo", "no order came of it: the crew had it already")
    if order.ended_at_ms is not None:
        _refuse("nothingToUndo", f"the order is {order.state}")
    if order.arrived_at_ms is not None:
        _refuse("orderUnderWork", "the crew is on site already")
    event = OrderRevoked(**head.fields, region=order.region, order=order.order)
    return Meant(said={"order": order.order, "crew": order.crew}, topic=CREW_ACTIONS, key=order.region, event=event)


async def _override(connection: Connection, action: Acted, head: Head) -> Meant:
    hazard = action.subject if action.subject_kind == "hazard" else None
    work = await dispatch.work_on(connection, f"hazard:{hazard}" if hazard else action.subject)
    if work is None or work.state == "over":
        _refuse("nothingToUndo", "nobody is needed there any more")
    incident, crew = (None if hazard else action.subject), action.said.get("crew")
    region = None if crew is None else await dispatch.region_of_crew(connection, crew)
    return override(_OPPOSITE[action.kind], crew, incident, hazard, work, region, head)


async def _hold(connection: Connection, action: Acted, head: Head) -> Meant:
    hazard = action.subject if action.subject_kind == "hazard" else None
    incident = action.subject if hazard is None else None
    work = await dispatch.work_on(connection, f"hazard:{hazard}" if hazard else action.subject)
    held = action.kind == "release"
    if work is None or work.state == "over":
        _refuse("nothingToUndo", "nobody is needed there any more")
    safety = held and bool(action.said.get("safety"))
    event = WorkHeld(**head.fields, region=work.region, held=held, safety=safety, incident=incident, hazard=hazard)
    return Meant(said={"safety": True} if safety else {}, topic=CREW_ACTIONS, key=work.region, event=event)


def _refuse(code: str, detail: str) -> NoReturn:
    raise ApiError(422, code, detail)
