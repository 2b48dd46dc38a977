"""What a dispatcher does about texts: stops and resumes them, tells many customers something. Each is recorded with who it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from schemas.codec import Unreadable, decode, encode
from schemas.events import BroadcastSent, Event, NoticesResumed, NoticesStopped, Unsent, WordsIn
from schemas.events.base import PRINTABLE, Id
from schemas.ids import derived
from schemas.topics import NOTICE_ACTIONS
from services.access import acted
from services.access.acted import Acted
from services.access.actions import record
from services.access.http import ApiError
from services.console import attention
from services.console.acting import SOURCE, Acting
from services.console.broadcasts_shown import BroadcastAsked, Rules, reckoned
from services.console.intents import Head, reasoned
from services.engine import direct, waking
from services.engine.taking import Connection
from services.notices import store_broadcasts, store_stopping
from services.notices.broadcasting import ASKED_FOR_MS, parts_of
from services.notices.store_stopping import ALL, TakenBack
from services.outages import showing_incident as outages

UNSENT: Final = 2_000
"""So many customers of notices that were taken back an event names at most."""


class StopAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Texts of an incident, or (null) all texts, are to be stopped or resumed, and why."""

    why: Annotated[str, Meta(max_length=500, pattern=PRINTABLE)]
    incident: Id | None = None


class DecisionAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A second person approves or refuses a broadcast, and says why."""

    why: Annotated[str, Meta(max_length=500, pattern=PRINTABLE)]


async def stop(connection: Connection, acting: Acting, asked: StopAsked) -> str:
    """Stop texts, take back those that have not left, and return the id of the action.

    Raises `ApiError` 404 `notFound`, 409 `stoppedAlready`, `idempotencyMismatch`, 422 `whyMissing`.
    """
    why, scope = reasoned(asked.why), asked.incident or ALL
    async with connection.transaction():
        if (before := await attention.made_before(connection, acting.request)) is not None:
            return before
        await attention.lock(connection, "texts", scope)
        if (standing := await store_stopping.stop_of(connection, scope)) is not None:
            detail = f"{standing.by} stopped them already"
            raise ApiError(409, "stoppedAlready", detail, by=standing.by, at_ms=standing.since_ms)
        return await _switch(connection, acting, asked.incident, why, stops=True)


async def resume(connection: Connection, acting: Acting, asked: StopAsked) -> str:
    """Let texts go on, and return the id of the action. Raises `ApiError` 409 `notStopped`, else as `stop` does."""
    why, scope = reasoned(asked.why), asked.incident or ALL
    async with connection.transaction():
        if (before := await attention.made_before(connection, acting.request)) is not None:
            return before
        await attention.lock(connection, "texts", scope)
        if await store_stopping.stop_of(connection, scope) is None:
            raise ApiError(409, "notStopped", "they are not stopped")
        return await _switch(connection, acting, asked.incident, why, stops=False)


async def turn_back(connection: Connection, acting: Acting, action: Acted, why: str) -> str:
    """Take back that texts were stopped or resumed, in the caller's transaction; return the id of the action.

    Raises `ApiError` 422 `nothingToUndo` when somebody did so before.
    """
    incident = action.subject if action.subject_kind == "incident" else None
    await attention.lock(connection, "texts", incident or ALL)
    stops = action.kind == "resumeTexts"
    if (await store_stopping.stop_of(connection, incident or ALL) is None) is not stops:
        raise ApiError(422, "nothingToUndo", "it is so already")
    return await _switch(connection, acting, incident, why, stops=stops, undoes=action.id)


async def _switch(
    connection: Connection, acting: Acting, incident: str | None, why: str, *, stops: bool, undoes: str | None = None
) -> str:
    scope, area = incident or ALL, ""
    if incident is not None:
        standing = await outages.standing(connection, incident)
        if standing is None:
            raise ApiError(404, "notFound", f"there is no incident {incident}")
        area = standing.area
    head = await acting.head(connection, why)
    # Of two stops with the same request one is refused before; the id is that of this request.
    if stops:
        await store_stopping.begin(
            connection, head.event_id, scope, area, now_ms=head.now_ms, by=acting.who.user, why=why
        )
    unsent = await store_stopping.take_back(connection, scope, head.now_ms)
    if stops:
        await store_stopping.count(connection, head.event_id, len(unsent))
    elif (ending := await store_stopping.stop_of(connection, scope)) is not None:
        await store_stopping.end(connection, ending.id, now_ms=head.now_ms, by=acting.who.user)
    areas = [area] if incident is not None else sorted(str(each.id) for each in acting.ground.network.areas)
    kind: type[NoticesStopped | NoticesResumed] = NoticesStopped if stops else NoticesResumed
    events = [
        (each, kind(**{**head.fields, "id": name}, area=each, incident=incident, unsent=part))
        for each in areas
        for name, part in _named(head, each, [one for one in unsent if one.area == each])
    ]
    return await _told(
        connection,
        acting,
        "stopTexts" if stops else "resumeTexts",
        ("texts", ALL) if incident is None else ("incident", incident),
        events,
        why,
        said={"recalled": len(unsent)},
        undoes=undoes,
    )


def _named(head: Head, area: str, unsent: Sequence[TakenBack]) -> Iterable[tuple[str, list[Unsent]]]:
    """Return the parts in which an area is told what was taken back (at least one), each with the id of its event."""
    parts: list[list[Unsent]] = [[]]
    held = 0
    for one in unsent:
        if parts[-1] and held + len(one.customers) > UNSENT:
            parts.append([])
            held = 0
        held += len(one.customers)
        parts[-1].append(Unsent(one.notice, one.moment, one.customers, one.decided_ms))
    return [(derived("noticesSwitched", head.event_id, area, place), part) for place, part in enumerate(parts)]


async def ask_broadcast(connection: Connection, acting: Acting, asked: BroadcastAsked, rules: Rules) -> str:
    """Send a broadcast, or ask for it where it takes a second person; return its id.

    Raises `ApiError` 409 `audienceChanged`, `textsStopped`, `idempotencyMismatch`, 422 `nobodyToTell` and as
    `broadcasts_shown.reckoned` does.
    """
    why = reasoned(asked.why)
    async with connection.transaction():
        if (before := await attention.made_before(connection, acting.request)) is not None:
            return await _broadcast_of(connection, before)
        found = await reckoned(connection, acting.ground, asked, exercise=acting.exercise)
        if not found.phones:
            raise ApiError(422, "nobodyToTell", "nobody of them has a phone and wants texts")
        if asked.phones is not None and asked.phones != found.phones:
            detail = f"it would reach {found.phones} phones by now"
            raise ApiError(409, "audienceChanged", detail, phones=found.phones)
        await _none_stopped(connection)
        head = await acting.head(connection, why)
        chosen = {
            name: value
            for name in ("incident", "area", "feeder", "device", "all", "languages")
            if (value := getattr(asked, name))
        }
        broadcast = head.event_id
        await store_broadcasts.ask(
            connection,
            broadcast,
            audience={**chosen, "areas": found.areas},
            words=dict(asked.words),
            why=why,
            counts=(found.customers, found.phones, found.segments),
            second_from=rules.second_from,
            by=acting.who.user,
            now_ms=head.now_ms,
        )
        said = {**chosen, "phones": found.phones, "customers": found.customers, "segments": found.segments}
        if found.phones >= rules.second_from:
            await _told(connection, acting, "askBroadcast", ("broadcast", broadcast), [], why, said=said)
        else:
            await _send(connection, acting, broadcast, head, said, second=None)
    return broadcast


async def decide_broadcast(
    connection: Connection, acting: Acting, broadcast: str, asked: DecisionAsked, *, approves: bool
) -> str:
    """Approve and send a broadcast, or refuse it, as another person than asked for it; return its id.

    Raises `ApiError` 404 `notFound`, 409 `secondPersonNeeded`, `decidedAlready`, `broadcastStale`, `textsStopped`,
    `idempotencyMismatch`, 422 `whyMissing`.
    """
    why = reasoned(asked.why)
    async with connection.transaction():
        if (before := await attention.made_before(connection, acting.request)) is not None:
            return await _broadcast_of(connection, before)
        await attention.lock(connection, "broadcast", broadcast)
        standing = await store_broadcasts.broadcast(connection, broadcast)
        if standing is None:
            raise ApiError(404, "notFound", f"there is no broadcast {broadcast}")
        if standing.state != "asked":
            detail = f"{standing.approved_by_name or standing.asked_by_name} did that already: {standing.state}"
            raise ApiError(409, "decidedAlready", detail, by=standing.approved_by_name, what=standing.state)
        if approves and standing.asked_by == acting.who.user:
            raise ApiError(409, "secondPersonNeeded", "somebody else has to approve what you asked for")
        head = await acting.head(connection, why)
        if not approves:
            await store_broadcasts.decide(connection, broadcast, "refused", by=acting.who.user, now_ms=head.now_ms)
            await _told(connection, acting, "refuseBroadcast", ("broadcast", broadcast), [], why, said={})
            return broadcast
        if head.now_ms > standing.asked_at_ms + ASKED_FOR_MS:
            raise ApiError(409, "broadcastStale", "it was asked for too long ago: ask for it anew")
        await _none_stopped(connection)
        await _send(connection, acting, broadcast, head, {"phones": standing.phones}, second=acting.who.user)
    return broadcast


async def _send(
    connection: Connection,
    acting: Acting,
    broadcast: str,
    head: Head,
    said: Mapping[str, object],
    *,
    second: str | None,
) -> None:
    standing = await store_broadcasts.broadcast(connection, broadcast)
    assert standing is not None, "it was written in this transaction, or read under its lock"
    parts = [(area, part) for area, groups in standing.audience["areas"].items() for part in parts_of(groups)]
    words = [WordsIn(language, words) for language, words in sorted(standing.words.items())]
    events: list[tuple[str, Event]] = [
        (
            area,
            BroadcastSent(
                **{**head.fields, "id": derived("broadcast", broadcast, place), "by": standing.asked_by},
                area=area,
                broadcast=broadcast,
                customers=customers,
                words=words,
                part=place,
                parts=len(parts),
                approved_by=second,
            ),
        )
        for place, (area, customers) in enumerate(parts, 1)
    ]
    await store_broadcasts.decide(connection, broadcast, "sent", by=second, now_ms=head.now_ms, parts=len(parts))
    kind = "sendBroadcast" if second is None else "approveBroadcast"
    await _told(connection, acting, kind, ("broadcast", broadcast), events, head.why, said=said)


async def _none_stopped(connection: Connection) -> None:
    if (standing := await store_stopping.stop_of(connection, ALL)) is not None:
        detail = f"{standing.by} stopped all texts"
        raise ApiError(409, "textsStopped", detail, by=standing.by, at_ms=standing.since_ms)


async def _broadcast_of(connection: Connection, action: str) -> str:
    found = await acted.action(connection, action)
    assert found is not None, "no action is ever deleted"
    return found.subject


async def _told(
    connection: Connection,
    acting: Acting,
    kind: str,
    subject: tuple[str, str],
    events: Sequence[tuple[str, Event]],
    why: str,
    *,
    said: Mapping[str, object],
    undoes: str | None = None,
) -> str:
    """Publish events under their areas and record the action that they carry out; return its id."""
    for area, event in events:
        try:
            decode(encode(event), NOTICE_ACTIONS)
        except (Unreadable, msgspec.ValidationError) as error:
            raise ApiError(422, "invalid", str(error)[:300]) from error
        if not await direct.publish(connection, SOURCE, NOTICE_ACTIONS, area, event):
            raise ApiError(409, "idempotencyMismatch", "this was published before")
    event_id = events[0][1].id if events else None
    action = await record(
        connection, acting.who, kind, *subject, why=why, said=dict(said), event_id=event_id, undoes=undoes
    )
    await attention.keep(connection, acting.request, action)
    if not events:
        await waking.wake(connection, "moved")
    return action
