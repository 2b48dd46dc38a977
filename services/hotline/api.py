"""The hotline's HTTP API, `/hotline/v1`: accounts report, follow and acknowledge outages, and keep their contacts.

It needs PostgreSQL alone. What an account tells is stored for the escalate stage, and for the relay, in one transaction.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from aiohttp import web

from schemas import events
from schemas.ids import derived
from schemas.topics import HOTLINE_ANSWERS, HOTLINE_REPORTS, OUTAGE_REPORTS, Topic
from services.access.allowance import Allowances
from services.access.http import POOL, ApiError, answer, authorised, body_of, errors, parsed
from services.access.keys import Key
from services.clock import from_ms, to_ms
from services.database.pool import Pool
from services.engine import direct
from services.engine.taking import Connection
from services.hotline import store, wire
from services.hotline.accounts import Account
from services.hotline.openapi import BASE, IDEMPOTENCY, OPERATIONS, document
from services.hotline.reasons import Reason
from services.telling.http import measured

SCOPE = "hotline"
SOURCE = "hotline"
"""Who speaks in the outbox: not a stage."""

STAGE = "escalate"
MOST_BYTES = 16_384
RECENT_MS = 7 * 86_400_000
MOST_OUTAGES = 200
SKEW_MS = 60_000
"""How far a client's clock may be ahead of ours, milliseconds."""

LONGEST_KEY = 64
ALLOWANCES: Final = web.AppKey("allowances", Allowances)

Handler = Callable[[web.Request], Awaitable[web.Response]]

_report = msgspec.json.Decoder(wire.Report)
_acknowledgement = msgspec.json.Decoder(wire.Acknowledgement)
_changes = msgspec.json.Decoder(wire.ContactChanges)


def build_api(pool: Pool, allowances: Allowances | None = None) -> web.Application:
    """Return the API over a pool of its own; each key may ask 40 times at once and 10 times a second unless limited otherwise."""
    app = web.Application(middlewares=[measured, errors], client_max_size=MOST_BYTES)
    app[POOL] = pool
    app[ALLOWANCES] = allowances or Allowances(per_s=10, at_once=40)
    handlers: dict[str, Handler] = {
        "report": _post_report,
        "outages": _get_outages,
        "outage": _get_outage,
        "acknowledge": _post_acknowledge,
        "contacts": _get_contacts,
        "changeContacts": _put_contacts,
    }
    for operation in OPERATIONS:
        app.router.add_route(operation.method, BASE + operation.path, handlers[operation.id])
    described = document(importlib.metadata.version("lamplighter"))

    async def openapi(_: web.Request) -> web.Response:
        return answer(200, described)

    app.router.add_get(f"{BASE}/openapi.json", openapi)
    return app


async def _account(request: web.Request) -> tuple[Key, Account]:
    """Return the key of a request and its account. Raises `ApiError`."""
    key = await authorised(request, SCOPE)
    if wait_s := math.ceil(request.app[ALLOWANCES].take(key.id, 1, time.monotonic())):
        raise ApiError(429, "tooMuch", f"ask again in {wait_s} s", retry_after_s=wait_s)
    async with request.app[POOL].acquire() as connection:
        account = None if key.account is None else await store.read_account(connection, key.account)
    if account is None:
        raise ApiError(403, "noAccount", "the key belongs to no account of the utility")
    return key, account


async def _post_report(request: web.Request) -> web.Response:
    _, account = await _account(request)
    asked = parsed(await body_of(request), _report)
    _known_contact(account, asked.contact)
    customer = _premise(account, asked)

    def event(name: str, standing: store.Standing) -> events.Event:
        at = from_ms(standing.now_ms) if asked.at is None else asked.at
        if to_ms(at) > standing.now_ms + SKEW_MS:
            raise ApiError(422, "future", "`at` lies in the future")
        if asked.kind == "danger":
            return events.HazardReported(
                id=name,
                at=at,
                exercise=standing.exercise,
                hazard=asked.hazard or events.HazardKind.OTHER,
                place=asked.place,
                customer=customer,
                words=asked.words,
            )
        back = asked.kind == "powerBack"
        return events.HotlineReported(
            id=name,
            at=at,
            exercise=standing.exercise,
            account=account.id,
            kind=events.ReportKind.POWER_RESTORED if back else events.ReportKind.CALL,
            customer=customer,
            contact=asked.contact,
            words=asked.words,
        )

    if asked.kind == "danger":
        return await _told(request, account, asked, OUTAGE_REPORTS, event, key=customer or account.id)
    return await _told(request, account, asked, HOTLINE_REPORTS, event)


async def _get_outages(request: web.Request) -> web.Response:
    _, account = await _account(request)
    async with request.app[POOL].acquire() as connection:
        standing = await store.standing(connection)
        rows = await store.outages(
            connection, account.id, ended_since_ms=standing.now_ms - RECENT_MS, limit=MOST_OUTAGES
        )
    return answer(200, wire.Outages(outages=[_outage(row) for row in rows]))


async def _get_outage(request: web.Request) -> web.Response:
    _, account = await _account(request)
    async with request.app[POOL].acquire() as connection:
        row = await _one(connection, account, request.match_info["outage"])
        calls = await store.calls(connection, account.id, row["outage"])
    told = [
        wire.Call(
            attempt=call["attempt"],
            contact=call["contact"],
            state=call["state"],
            reason=call["reason"],
            due=from_ms(call["due_at_ms"]),
            done=_moment(call["done_at_ms"]),
        )
        for call in calls
    ]
    return answer(200, msgspec.structs.replace(_outage(row), call_list=told))


async def _post_acknowledge(request: web.Request) -> web.Response:
    _, account = await _account(request)
    asked = parsed(await body_of(request), _acknowledgement)
    _known_contact(account, asked.contact)
    async with request.app[POOL].acquire() as connection:
        row = await _one(connection, account, request.match_info["outage"])
    if row["state"] == "over":
        raise ApiError(409, "outageOver", "the outage is over")

    def event(name: str, standing: store.Standing) -> events.Event:
        return events.OutageAcknowledged(
            id=name,
            at=from_ms(standing.now_ms),
            exercise=standing.exercise,
            account=account.id,
            outage=row["outage"],
            contact=asked.contact,
        )

    return await _told(request, account, asked, HOTLINE_ANSWERS, event)


async def _get_contacts(request: web.Request) -> web.Response:
    _, account = await _account(request)
    async with request.app[POOL].acquire() as connection:
        return answer(200, await _contacts(connection, account))


async def _put_contacts(request: web.Request) -> web.Response:
    key, account = await _account(request)
    asked = parsed(await body_of(request), _changes)
    names = [each.contact for each in asked.contacts]
    if sorted(names) != sorted(contact.id for contact in account.contacts):
        raise ApiError(422, "notTheContacts", "name every contact of the account exactly once")
    wanted = [(each.contact, each.phone) for each in asked.contacts]
    async with request.app[POOL].acquire() as connection, connection.transaction():
        standing = await store.standing(connection)
        changed = await store.change_contacts(connection, account.id, wanted, at_ms=standing.now_ms, key_id=key.id)
        if changed is not None:
            event = events.ContactsRanked(
                # Changes of one tick have one time: their ids put them into the order in which they were made.
                id=f"{changed:08}-{derived('contactsRanked', account.id, changed)}",
                at=from_ms(standing.now_ms),
                exercise=standing.exercise,
                account=account.id,
                contacts=names,
            )
            await _store(connection, account, HOTLINE_ANSWERS, event, account.id)
        return answer(200, await _contacts(connection, account))


async def _told(
    request: web.Request,
    account: Account,
    asked: msgspec.Struct,
    topic: Topic,
    event_of: Callable[[str, store.Standing], events.Event],
    *,
    key: str | None = None,
) -> web.Response:
    """Store what an account tells, once for each idempotency key, and answer with its id."""
    once = request.headers.get(IDEMPOTENCY, "")
    if not 0 < len(once) <= LONGEST_KEY:
        raise ApiError(400, "noIdempotencyKey", f"send the header {IDEMPOTENCY}, at most {LONGEST_KEY} characters")
    name = derived("hotline", account.id, once)
    digest = hashlib.sha256(request.path.encode() + b" " + msgspec.json.encode(asked)).hexdigest()
    async with request.app[POOL].acquire() as connection, connection.transaction():
        standing = await store.standing(connection)
        try:
            made = await store.remember(
                connection, account.id, once, digest=digest, event=name, topic=topic.name, at_ms=standing.now_ms
            )
        except store.AskedOtherwise as error:
            raise ApiError(409, "idempotencyMismatch", "the key was used for another request") from error
        if made is None:
            await _store(connection, account, topic, event_of(name, standing), key or account.id)
    return answer(202, wire.Taken(id=name))


async def _store(connection: Connection, account: Account, topic: Topic, event: events.Event, key: str) -> None:
    """Make an event a fact of the escalate stage, if it takes the topic, and have it published."""
    if STAGE in topic.consumers:
        await direct.take_directly(connection, STAGE, account.id, topic, event)
    await direct.publish(connection, SOURCE, topic, key, event)


def _premise(account: Account, asked: wire.Report) -> str | None:
    """Return the customer that a report means; None for danger at a place alone. Raises `ApiError`."""
    if asked.kind != "danger" and (asked.hazard is not None or asked.place is not None):
        raise ApiError(422, "noDanger", "`hazard` and `place` belong to a danger")
    found = account.premise_of(asked.customer, asked.meter)
    if found is Reason.NOT_OF_THE_ACCOUNT and (asked.customer or asked.meter):
        raise ApiError(422, "unknownPremise", "the account has no such customer or meter")
    if not isinstance(found, Reason):
        return found
    if asked.place is None:
        raise ApiError(422, "premiseNotNamed", "name the customer or the meter that is meant")
    return None


def _known_contact(account: Account, contact: str | None) -> None:
    if contact is not None and contact not in {each.id for each in account.contacts}:
        raise ApiError(422, "unknownContact", "the account has no such contact")


async def _one(connection: Connection, account: Account, outage: str) -> Any:
    rows = await store.outages(connection, account.id, ended_since_ms=0, limit=1, outage=outage)
    if not rows:
        raise ApiError(404, "unknownOutage", "the account has no such outage")
    return rows[0]


async def _contacts(connection: Connection, account: Account) -> wire.Contacts:
    return wire.Contacts(
        contacts=[
            wire.Contact(
                contact=row["contact"],
                name=row["name"],
                phone=row["phone"],
                own=row["phone_changed"],
                wait_s=row["wait_s"],
                language=row["language"],
            )
            for row in await store.ladder(connection, account.id)
        ]
    )


def _outage(row: Any) -> wire.Outage:
    crew = None
    if row["order_state"] is not None:
        crew = wire.CrewsWay(state=row["order_state"], arrival=_moment(row["arrival_estimate_ms"]))
    return wire.Outage(
        id=row["outage"],
        customer=row["customer"],
        state=row["state"],
        source=row["source"] or "inference",
        since=from_ms(row["out_since_ms"]),
        ended=_moment(row["ended_at_ms"]),
        planned=row["window"] is not None,
        incident=row["incident"],
        incident_state=row["incident_state"],
        estimate=_moment(row["estimate_ms"]),
        crew=crew,
        calls=row["calls"],
        next_call=_moment(row["next_call_at_ms"]),
        acknowledged_by=row["acknowledged_by"],
    )


def _moment(ms: int | None) -> Any:
    return None if ms is None else from_ms(ms)
