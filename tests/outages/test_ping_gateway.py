"""The gateway to the meters' head-end over real sockets: every answer, delay and broken line has one meaning."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
from aiohttp import web

from services.engine.gateway import GatewayAway, Result
from services.outages.gateways.pings import RETRY_MS, PingGateway
from services.outages.questions import PingBody

BODY = msgspec.json.encode(PingBody(customer="C-1", meter="M-1"))
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HeadEnd:
    """A head-end on a real socket; `answer` decides what it says to a ping."""

    def __init__(self) -> None:
        self.answer: Answer = self.says(202)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.release = asyncio.Event()
        app = web.Application()
        app.router.add_post("/v1/pings", self._post)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        self.url = ""

    async def start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/v1/pings"

    async def stop(self) -> None:
        self.release.set()
        await self._runner.cleanup()

    def says(self, status: int) -> Answer:
        async def answer(_request: web.Request) -> web.StreamResponse:
            return web.Response(status=status)

        return answer

    async def hangs(self, _request: web.Request) -> web.StreamResponse:
        await self.release.wait()
        return web.Response()

    async def hangs_up(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.headers["Idempotency-Key"], await request.json()))
        return await self.answer(request)


@pytest.fixture
async def head_end() -> AsyncIterator[HeadEnd]:
    made = HeadEnd()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def gateway(head_end: HeadEnd) -> AsyncIterator[PingGateway]:
    made = PingGateway(head_end.url, exercise=False, timeout_s=0.5)
    await made.start()
    yield made
    await made.stop()


async def test_a_ping_names_its_key_and_the_meter_and_says_that_it_is_no_exercise(
    head_end: HeadEnd, gateway: PingGateway
) -> None:
    assert await gateway.perform("key-1", "A1", BODY) == Result(state="done", reason="accepted")
    assert head_end.asked == [("key-1", {"id": "key-1", "meter": "M-1", "exercise": False})]
    assert gateway.kind == "ping"


async def test_a_ping_of_an_exercise_says_so(head_end: HeadEnd) -> None:
    made = PingGateway(head_end.url, exercise=True)
    await made.start()
    await made.perform("key-1", "A1", BODY)
    await made.stop()
    assert [content["exercise"] for _, content in head_end.asked] == [True]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, Result(state="done", reason="accepted")),
        (404, Result(state="failed", reason="refused404")),
        (422, Result(state="failed", reason="refused422")),
        (429, Result(state="later", reason="headEndBusy", retry_after_ms=RETRY_MS)),
        (503, Result(state="later", reason="headEndBusy", retry_after_ms=RETRY_MS)),
    ],
)
async def test_each_answer_has_one_meaning(
    head_end: HeadEnd, gateway: PingGateway, status: int, expected: Result
) -> None:
    head_end.answer = head_end.says(status)
    assert await gateway.perform("key-1", "A1", BODY) == expected


@pytest.mark.parametrize("broken", ["hangs", "hangs_up"])
async def test_a_ping_of_unknown_outcome_is_not_repeated(head_end: HeadEnd, gateway: PingGateway, broken: str) -> None:
    head_end.answer = getattr(head_end, broken)
    result = await gateway.perform("key-1", "A1", BODY)
    assert (result.state, result.ask) == ("unknown", False)
    assert await gateway.look_up("key-1") == Result(state="unknown", reason="outcomeUnknown")


async def test_a_head_end_that_is_away_has_got_nothing(head_end: HeadEnd, gateway: PingGateway) -> None:
    await head_end.stop()
    with pytest.raises(GatewayAway):
        await gateway.perform("key-1", "A1", BODY)
    with pytest.raises(GatewayAway):
        await PingGateway(head_end.url, exercise=False).start()


async def test_nothing_leaves_before_the_gateway_is_started(head_end: HeadEnd) -> None:
    with pytest.raises(GatewayAway):
        await PingGateway(head_end.url, exercise=False).perform("key-1", "A1", BODY)
    assert head_end.asked == []
