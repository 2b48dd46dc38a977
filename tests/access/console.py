"""The console on a real database, with users, spoken to over a real socket. Each browser has cookies of its own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import BaseTestServer, TestServer

from services.access import people
from services.access.signing_in import SECURE_COOKIE, who_asks
from services.access.who import Role
from services.console.app import build_app
from services.database.pool import create_pool
from services.engine.taking import Connection

PASSWORD = "quiet-river-77"
USERS = {
    "vera": Role.VIEWER,
    "dora": Role.DISPATCHER,
    "otto": Role.OPERATIONS,
    "ada": Role.ADMINISTRATOR,
}


async def make_users(connection: Connection) -> None:
    """Make one user of each role; all have the same password."""
    for user, role in USERS.items():
        await people.insert(connection, user, user.title(), role, PASSWORD, must_change=False)


class Console:
    """A running console."""

    def __init__(self, server: BaseTestServer) -> None:
        self.server = server

    @contextlib.asynccontextmanager
    async def browser(self) -> AsyncIterator[ClientSession]:
        """Lend a browser that nobody is signed in with."""
        async with ClientSession(self.server.make_url("/"), cookie_jar=CookieJar(unsafe=True)) as browser:
            yield browser

    @contextlib.asynccontextmanager
    async def signed_in(self, user: str, password: str = PASSWORD) -> AsyncIterator[ClientSession]:
        """Lend a browser in which this user is signed in."""
        async with self.browser() as browser:
            status, body = await ask(browser, "POST", "/api/session", {"user": user, "password": password})
            assert status == 200, body
            yield browser


@contextlib.asynccontextmanager
async def console_on(dsn: str, *, secure_cookie: bool = False) -> AsyncIterator[Console]:
    """Run a console on this database."""
    pool = await create_pool(dsn, 3)
    app = build_app(pool, exercise=False, asks=who_asks)
    app[SECURE_COOKIE] = secure_cookie
    async with TestServer(app, host="127.0.0.1") as server:
        yield Console(server)
    await pool.close()


async def ask(browser: ClientSession, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
    """Return status and decoded body of a request; the body is None where there is none."""
    async with browser.request(method, path, json=body, **more) as response:
        return response.status, await response.json() if response.content_type == "application/json" else None


def code(answer: tuple[int, Any]) -> tuple[int, str]:
    """Return status and error code of a refused request."""
    return answer[0], answer[1]["error"]["code"]
