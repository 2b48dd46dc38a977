"""The operator's HTTP side: calls to contacts, notices that are spoken, what became of texts and calls.

The meters' head-end lives here too, and the program of a customer who has notices posted to it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from services.drill.operator_channels import Spoken
from services.drill.operator_store import Call

FIELDS = ("key", "account", "outage", "phone", "say")
"""What a call must have; the contact, and the language in which it is said, may be left out."""

Known = Callable[[str], Awaitable[dict[str, str | int] | None]]
KnownCall = Callable[[str], Awaitable[dict[str, str | int | bool] | None]]


Pinged = Callable[[str, str], Awaitable[bool | None]]
Told = Callable[[Spoken], Awaitable[bool]]


def routes(
    *, place: Callable[[Call], Awaitable[bool]], text: Known, call: KnownCall, ping: Pinged
) -> web.RouteTableDef:
    """Return the routes.

    `POST /calls` with JSON {key, account, outage, phone, say, contact} answers 201, or 200 when the key was taken before; the
    header `Idempotency-Key`, if given, must equal the key. `GET /calls/{key}` and `GET /texts/{reference}` answer what
    is known, or 404. `POST /pings` with JSON {id, meter, exercise} answers 202, or 200 when the id was taken before, or 404 for a
    meter that nobody has. `place` stores a call, `ping` a ping, `text` and `call` find what is known.
    """
    table = web.RouteTableDef()

    @table.post("/calls")
    async def _post_call(request: web.Request) -> web.Response:
        try:
            asked = await request.json()
            fields = {field: str(asked[field]) for field in FIELDS}
            wanted = Call(**fields, contact=str(asked.get("contact", "")))
        except (ValueError, KeyError, TypeError):
            raise web.HTTPUnprocessableEntity(text=f"JSON with {', '.join(FIELDS)} is expected") from None
        if request.headers.get("Idempotency-Key", wanted.key) != wanted.key:
            raise web.HTTPUnprocessableEntity(text="Idempotency-Key is not the key of the call")
        new = await place(wanted)
        return web.json_response({"key": wanted.key}, status=201 if new else 200)

    @table.post("/pings")
    async def _post_ping(request: web.Request) -> web.Response:
        try:
            asked = await request.json()
            name, meter, exercise = str(asked["id"]), str(asked["meter"]), asked["exercise"]
        except (ValueError, KeyError, TypeError):
            raise web.HTTPUnprocessableEntity(text="JSON with id, meter, exercise is expected") from None
        if exercise is not True:
            raise web.HTTPUnprocessableEntity(text="this head-end is an exercise's")
        new = await ping(name, meter)
        if new is None:
            raise web.HTTPNotFound
        return web.json_response({"id": name}, status=202 if new else 200)

    @table.get("/calls/{key}")
    async def _get_call(request: web.Request) -> web.Response:
        return _found(await call(request.match_info["key"]))

    @table.get("/texts/{reference}")
    async def _get_text(request: web.Request) -> web.Response:
        return _found(await text(request.match_info["reference"]))

    return table


def notice_routes(*, secret: str, told: Told) -> web.RouteTableDef:
    """Return the routes for notices. What is posted is signed with `secret`, and is told once under its `Idempotency-Key`.

    `POST /voice-notices` with JSON {key, phone, language, words, exercise} answers 202 {id}, or 200 when the key was taken before;
    `POST /webhooks` with a CloudEvent answers 204. 401: not signed; 422: not of an exercise, or not of that form.
    """
    table = web.RouteTableDef()

    @table.post("/voice-notices")
    async def _post_notice(request: web.Request) -> web.Response:
        asked = await _signed(request, secret)
        spoken = _of_an_exercise(lambda: _spoken(asked), asked.get("exercise"))
        new = await told(spoken)
        return web.json_response({"id": f"spoken-{spoken.key}"}, status=202 if new else 200)

    @table.post("/webhooks")
    async def _post_event(request: web.Request) -> web.Response:
        asked = await _signed(request, secret)
        await told(_of_an_exercise(lambda: _posted(asked), asked.get("data", {}).get("exercise")))
        return web.Response(status=204)

    return table


async def _signed(request: web.Request, secret: str) -> dict[str, Any]:
    """Return the JSON object of a request. Written from the contract, sharing nothing with the product's side of it."""
    body = await request.read()
    signed = f"{request.headers.get('Lamplighter-Timestamp', '')}.".encode() + body
    proof = "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(proof, request.headers.get("Lamplighter-Signature", "")):
        raise web.HTTPUnauthorized
    try:
        found = json.loads(body)
    except ValueError:
        raise web.HTTPUnprocessableEntity(text="JSON is expected") from None
    if not isinstance(found, dict) or request.headers.get("Idempotency-Key") not in {found.get("key"), found.get("id")}:
        raise web.HTTPUnprocessableEntity(text="an object is expected, and its key as Idempotency-Key")
    return found


def _of_an_exercise(read: Callable[[], Spoken], exercise: object) -> Spoken:
    if exercise is not True:
        raise web.HTTPUnprocessableEntity(text="this operator is an exercise's")
    try:
        return read()
    except (KeyError, TypeError):
        raise web.HTTPUnprocessableEntity(text="fields are missing") from None


def _spoken(asked: dict[str, Any]) -> Spoken:
    return Spoken(channel="voice", key=str(asked["key"]), address=str(asked["phone"]), words=str(asked["words"]))


def _posted(asked: dict[str, Any]) -> Spoken:
    data = asked["data"]
    return Spoken(
        channel="webhook",
        key=str(asked["id"]),
        address=str(data["customer"]),
        subject=str(data["subject"]),
        words=str(data["words"]),
    )


def _found(known: object) -> web.Response:
    if known is None:
        raise web.HTTPNotFound
    return web.json_response(known)
