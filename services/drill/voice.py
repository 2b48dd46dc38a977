"""The operator's HTTP side: calls to contacts, and what became of texts and calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from services.drill.operator_store import Call

FIELDS = ("key", "account", "outage", "phone", "say")
"""What a call must have; the contact, and the language in which it is said, may be left out."""

Known = Callable[[str], Awaitable[dict[str, str | int] | None]]
KnownCall = Callable[[str], Awaitable[dict[str, str | int | bool] | None]]


def routes(*, place: Callable[[Call], Awaitable[bool]], text: Known, call: KnownCall) -> web.RouteTableDef:
    """Return the routes.

    `POST /calls` with JSON {key, account, outage, phone, say, contact} answers 201, or 200 when the key was taken before; the
    header `Idempotency-Key`, if given, must equal the key. `GET /calls/{key}` and `GET /texts/{reference}` answer what
    is known, or 404. `place` stores a call, `text` and `call` find what is known.
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
