"""The operator's HTTP side: calls to contacts, what became of texts and calls, and pings: the meters' head-end lives here too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from services.drill.operator_store import Call

FIELDS = ("key", "account", "outage", "phone", "say")
"""What a call must have; the contact, and the language in which it is said, may be left out."""

Known = Callable[[str], Awaitable[dict[str, str | int] | None]]
KnownCall = Callable[[str], Awaitable[dict[str, str | int | bool] | None]]


Pinged = Callable[[str, str], Awaitable[bool | None]]


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


def _found(known: object) -> web.Response:
    if known is None:
        raise web.HTTPNotFound
    return web.json_response(known)
