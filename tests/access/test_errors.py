"""Whatever goes wrong is told as JSON, and what nobody foresaw is told without a word of its content."""

from __future__ import annotations

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from services.access.http import ApiError, errors

SECRET = "the phone is +4915550100"


async def refused(_: web.Request) -> web.Response:
    raise ApiError(429, "tooMuch", "later", retry_after_s=3, index=7, event=None)


async def broken(_: web.Request) -> web.Response:
    raise RuntimeError(SECRET)


async def elsewhere(_: web.Request) -> web.Response:
    raise web.HTTPFound("/refused")


async def test_errors_are_json_with_a_code() -> None:
    app = web.Application(middlewares=[errors])
    app.add_routes([web.get(f"/{each.__name__}", each) for each in (refused, broken, elsewhere)])
    async with TestServer(app, host="127.0.0.1") as server, ClientSession(server.make_url("/")) as client:
        async with client.get("/refused") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "3")
            assert await answer.json() == {"error": {"code": "tooMuch", "detail": "later", "index": 7}}
        with capture_logs() as logged:
            async with client.get("/broken") as answer:
                assert answer.status == 500
                said = await answer.text()
        async with client.get("/elsewhere", allow_redirects=False) as answer:
            assert answer.status == 302
    assert '"code":"internal"' in said
    assert [(line["event"], line["error"], line["route"]) for line in logged] == [
        ("web.failed", "RuntimeError", "/broken")
    ]
    assert SECRET not in said + str(logged)
