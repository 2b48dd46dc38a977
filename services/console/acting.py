"""What a person does: checked against what others did meanwhile, published and recorded in one transaction."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from schemas.codec import Unreadable, decode, encode
from schemas.ids import derived
from services.access import acted
from services.access.actions import record
from services.access.http import ApiError
from services.access.who import Who
from services.console import attention, outcomes
from services.console.attention import Request
from services.console.ground import Ground
from services.console.intents import (
    CREW_WORK,
    REMARKS,
    ActionAsked,
    Head,
    Known,
    Meant,
    StateAsked,
    about_device,
    about_hazard,
    about_incident,
    reasoned,
)
from services.console.outcomes import ActionRow
from services.dispatch import showing_incident as dispatch
from services.engine import direct
from services.engine.taking import Connection
from services.network import Network
from services.outages import showing_incident as outages
from services.outages.showing_incident import HazardStanding, Of, Standing

SOURCE = "console"
"""Who speaks, in the outbox and in an event's headers."""
_SWITCHED = frozenset({"confirm", "split"})
"""Kinds for which it matters what lies behind a device as the grid is switched now."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Who acts, on which ground, whether it is an exercise, and the request if it may come again."""

    who: Who
    ground: Ground
    exercise: bool
    request: Request | None = None

    def event_id(self) -> str:
        """Return the id of the event of this request: the same for the same request, else drawn."""
        if self.request is None:
            return derived("personAction", self.who.user, secrets.token_hex(16))
        return derived("personAction", self.who.user, self.request.key, self.request.digest.hex())

    async def head(self, connection: Connection, why: str) -> Head:
        """Return what the event of this action has in common with all others."""
        now_ms = await outages.now_ms(connection)
        return Head(event_id=self.event_id(), now_ms=now_ms, exercise=self.exercise, by=self.who.user, why=why)


async def on_incident(connection: Connection, acting: Acting, incident_id: str, asked: ActionAsked) -> str:
    """Act on an incident and return the id of the action.

    Raises `ApiError`: 404 `notFound`, 409 `changedMeanwhile` and `idempotencyMismatch`, 422 with a code of `intents`.
    """
    why = asked.why.strip() if asked.kind in REMARKS else reasoned(asked.why)
    network = await acting.ground.present(connection) if asked.kind in _SWITCHED else acting.ground.network
    async with connection.transaction():
        if (before := await attention.made_before(connection, acting.request)) is not None:
            return before
        for subject in sorted({incident_id, asked.into or incident_id}):
            await attention.lock(connection, "incident", subject)
        incident = await outages.standing(connection, incident_id)
        if incident is None:
            raise ApiError(404, "notFound", f"there is no incident {incident_id}")
        await _unchanged(connection, acting.who, asked, incident, ("incident", incident_id))
        head = await acting.head(connection, why)
        known = await _known(connection, network, asked, incident, incident_id)
        meant = about_incident(asked, incident, known, head)
        action = await carry_out(connection, acting, asked.kind, ("incident", incident_id), meant, why, seen=asked.seen)
        await _remarked(connection, acting, action, ("incident", incident_id), asked, meant, head)
    return action


async def on_hazard(connection: Connection, acting: Acting, hazard_id: str, asked: ActionAsked) -> str:
    """Act on a danger and return the id of the action. Raises as `on_incident`."""
    why = asked.why.strip() if asked.kind in REMARKS else reasoned(asked.why)
    async with connection.transaction():
        if (before := await attention.made_before(connection, acting.request)) is not None:
            return before
        await attention.lock(connection, "hazard", hazard_id)
        hazard = await outages.hazard_standing(connection, hazard_id)
        if hazard is None:
            raise ApiError(404, "notFound", f"there is no danger {hazard_id}")
        await _unchanged(connection, acting.who, asked, hazard, ("hazard", hazard_id))
        head = await acting.head(connection, why)
        known = await _known(connection, acting.ground.network, asked, None, f"hazard:{hazard_id}")
        meant = about_hazard(asked, hazard, known, head)
        action = await carry_out(connection, acting, asked.kind, ("hazard", hazard_id), meant, why, seen=asked.seen)
        await _remarked(connection, acting, action, ("hazard", hazard_id), asked, meant, head)
    return action


async def _remarked(
    connection: Connection,
    acting: Acting,
    action: str,
    about: tuple[Of, str],
    asked: ActionAsked,
    meant: Meant,
    head: Head,
) -> None:
    """Write the remark that an action is, if it is one."""
    if asked.kind in REMARKS:
        await outages.remark(
            connection,
            action,
            *about,
            asked.kind,
            words=meant.words,
            cause=meant.said.get("cause"),
            by=acting.who.user,
            at_ms=head.now_ms,
        )


async def on_device(connection: Connection, acting: Acting, device: str, asked: StateAsked) -> str:
    """Say how a device stands, and return the id of the action. Raises `ApiError` 404 `unknownDevice`, else as `on_incident`."""
    why = reasoned(asked.why)
    try:
        normally = acting.ground.network.switch(device).normally_closed
    except KeyError:
        raise ApiError(404, "unknownDevice", f"the network has no device {device}") from None
    async with connection.transaction():
        if (done := await attention.made_before(connection, acting.request)) is not None:
            return done
        await attention.lock(connection, "device", device)
        await no_other_since(connection, acting.who, [("device", device)], asked.seen_at_ms)
        standing = await outages.position(connection, device)
        head = await acting.head(connection, why)
        meant = about_device(asked, device, normally if standing is None else standing, head)
        return await carry_out(connection, acting, "deviceState", ("device", device), meant, why, seen=asked.seen)


async def carry_out(
    connection: Connection,
    acting: Acting,
    kind: str,
    subject: tuple[str, str],
    meant: Meant,
    why: str,
    *,
    seen: int | None = None,
    undoes: str | None = None,
) -> str:
    """Publish what is meant and record it, in the caller's transaction; return the id of the action.

    Raises `ApiError` 422 `invalid` for an event that its stage could not read, and 409 `idempotencyMismatch` when this very
    event was published before.
    """
    event_id = None
    if meant.event is not None and meant.topic is not None:
        event_id = meant.event.id
        try:
            decode(encode(meant.event), meant.topic)
        except (Unreadable, msgspec.ValidationError) as error:
            raise ApiError(422, "invalid", str(error)[:300]) from error
        if not await direct.publish(connection, SOURCE, meant.topic, meant.key, meant.event):
            raise ApiError(409, "idempotencyMismatch", "this was published before")
    action = await record(
        connection, acting.who, kind, *subject, why=why, said=meant.said, seen=seen, event_id=event_id, undoes=undoes
    )
    await attention.keep(connection, acting.request, action)
    return action


async def no_other_since(
    connection: Connection,
    who: Who,
    subjects: Sequence[tuple[str, str]],
    seen_at_ms: int | None,
    *,
    revision: int | None = None,
) -> None:
    """Raise `ApiError` 409 `changedMeanwhile` when somebody else's action on one of these subjects is not decided yet, or came
    after what the person saw. What was refused changed nothing, and remarks are in nobody's way.
    """
    others = [each for each in await acted.actions_on(connection, subjects, 50) if each.by != who.user]
    shown = await outcomes.rows(connection, [each for each in others if each.kind not in REMARKS])
    await _raise_for(connection, shown, seen_at_ms, revision)


async def _raise_for(
    connection: Connection, shown: Sequence[ActionRow], seen_at_ms: int | None, revision: int | None
) -> None:
    seen_ms = None if seen_at_ms is None or not shown else await outages.begun_ms(connection, seen_at_ms)
    for row in reversed(shown):
        later = seen_ms is not None and row.at_ms >= seen_ms and row.state != "refused"
        if row.state == "sent" or later:
            _changed(row.by_name, row.at_ms, row.kind, revision)


async def _unchanged(
    connection: Connection, who: Who, asked: ActionAsked, subject: Standing | HazardStanding, name: tuple[str, str]
) -> None:
    """Raise `ApiError` 409 `changedMeanwhile` when what the person saw is not what stands."""
    if asked.kind == "note":
        return
    done = await acted.actions_on(connection, [name], 50)
    if asked.kind == "cause":
        causes = [each for each in done if each.kind == "cause" and each.by != who.user]
        await _raise_for(connection, await outcomes.rows(connection, causes), asked.seen_at_ms, subject.revision)
        return
    await no_other_since(connection, who, [name], asked.seen_at_ms, revision=subject.revision)
    if asked.seen != subject.revision:
        by = next(
            (a.by_name for a in reversed(done) if subject.reason.startswith("dispatcher") and a.kind not in REMARKS),
            None,
        )
        _changed(by, subject.changed_at_ms, subject.reason, subject.revision)


def _changed(by: str | None, at_ms: int, what: str, revision: int | None) -> NoReturn:
    detail = f"{by or 'a decision'} changed it meanwhile: {what}"
    raise ApiError(409, "changedMeanwhile", detail, by=by, at_ms=at_ms, what=what, revision=revision)


async def _known(
    connection: Connection, network: Network, asked: ActionAsked, incident: Standing | None, job: str
) -> Known:
    """Read what the action names, and no more."""
    held: list[str] = []
    if asked.kind == "split" and incident is not None:
        held = await outages.held_now(connection, incident.id)
    crewed = asked.kind in CREW_WORK
    return Known(
        network=network,
        held=held,
        into=await outages.standing(connection, asked.into) if asked.kind == "merge" and asked.into else None,
        work=await dispatch.work_on(connection, job) if crewed else None,
        order=await dispatch.order_named(connection, asked.order) if crewed and asked.order else None,
        region_of_crew=await dispatch.region_of_crew(connection, asked.crew) if crewed and asked.crew else None,
    )
