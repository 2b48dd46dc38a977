from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
from aiohttp import web

from services.engine.gateway import GatewayAway, Result
from services.hotline.entities import CallBody
from services.hotline.gateways.voice import RETRY_MS, VoiceGateway

BODY = msgspec.json.encode(
    CallBody(account="MILL", contact="K-1", outage="O-1", attempt=1, language="en", say="Power supply is out.")
)
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Contacts:
    """A phone book in memory; calls whose key begins with `stopped` are not wanted any more."""

    async def phone_of(self, account: str, contact: str) -> str | None:
        return {("MILL", "K-1"): "+99900001"}.get((account, contact))

    async def wanted(self, call: str) -> bool:
        return not call.startswith("stopped")


class Provider:
    """A voice provider on a real socket; `answer` decides what it says to POST /calls."""

    def __init__(self) -> None:
        self.answer: Answer = self.accepts
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.calls: dict[str, dict[str, Any]] = {}
        self.broken = False
        self.release = asyncio.Event()
        app = web.Application()
        app.router.add_post("/calls", self._post)
        app.router.add_get("/calls/{key}", self._get)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        self.base = ""

    async def start(self) -> None:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.base = f"http://{host}:{port}"

    async def stop(self) -> None:
        self.release.set()
        await self._runner.cleanup()

    async def accepts(self, request: web.Request) -> web.StreamResponse:
        content = await request.json()
        self.calls[content["key"]] = content
        return web.json_response({"reference": f"call-{len(self.calls)}"}, status=201)

    async def hangs_after_placing(self, request: web.Request) -> web.StreamResponse:
        await self.accepts(request)
        await self.release.wait()
        return web.Response()

    async def hangs_up_after_placing(self, request: web.Request) -> web.StreamResponse:
        await self.accepts(request)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    def says(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        async def answer(_request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers=headers, body=body)

        self.answer = answer

    async def _post(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.headers["Idempotency-Key"], await request.json()))
        return await self.answer(request)

    async def _get(self, request: web.Request) -> web.StreamResponse:
        if self.broken:
            return web.Response(status=500)
        known = self.calls.get(request.match_info["key"])
        return web.Response(status=404) if known is None else web.json_response({"reference": "call-1"})


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def gateway(provider: Provider) -> AsyncIterator[VoiceGateway]:
    made = VoiceGateway(provider.base, Contacts(), timeout_s=0.5)
    await made.start()
    yield made
    await made.stop()


async def test_an_accepted_call_is_done_and_carries_its_key_and_the_phone_of_the_moment(
    provider: Provider, gateway: VoiceGateway
) -> None:
    result = await gateway.perform("key-1", "MILL", BODY)
    assert result == Result(state="done", reason="accepted", reference="call-1")
    content = {
        "key": "key-1",
        "account": "MILL",
        "contact": "K-1",
        "outage": "O-1",
        "phone": "+99900001",
        "language": "en",
        "say": "Power supply is out.",
    }
    assert provider.asked == [("key-1", content)]


async def test_a_call_that_was_stopped_meanwhile_is_not_placed(provider: Provider, gateway: VoiceGateway) -> None:
    result = await gateway.perform("stopped-1", "MILL", BODY)
    assert result == Result(state="failed", reason="stoppedMeanwhile")
    assert provider.asked == []


@pytest.mark.parametrize("body", [b"", b"[]", b'{"reference": 7}', b"\xff\xfe", b"<html>"])
async def test_an_acceptance_without_a_reference_is_an_acceptance(
    provider: Provider, gateway: VoiceGateway, body: bytes
) -> None:
    provider.says(202, body=body)
    assert await gateway.perform("key-1", "MILL", BODY) == Result(state="done", reason="accepted")


@pytest.mark.parametrize("status", [301, 400, 401, 404, 409, 422])
async def test_a_refusal_is_final(provider: Provider, gateway: VoiceGateway, status: int) -> None:
    provider.says(status)
    assert await gateway.perform("key-1", "MILL", BODY) == Result(state="failed", reason=f"refused{status}")


@pytest.mark.parametrize(
    ("status", "headers", "reason", "retry_after_ms"),
    [
        (500, {}, "providerFailed", RETRY_MS),
        (503, {"Retry-After": "7"}, "providerFailed", 7_000),
        (429, {"Retry-After": "0"}, "providerThrottles", 1_000),
        (429, {"Retry-After": "99999999999999"}, "providerThrottles", 600_000),
        (408, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, "providerTimedOut", RETRY_MS),
        (425, {"Retry-After": "-5"}, "providerBusy", RETRY_MS),
    ],
)
async def test_a_provider_in_trouble_is_tried_again_later(
    provider: Provider, gateway: VoiceGateway, status: int, headers: dict[str, str], reason: str, retry_after_ms: int
) -> None:
    provider.says(status, headers)
    expected = Result(state="later", reason=reason, retry_after_ms=retry_after_ms)
    assert await gateway.perform("key-1", "MILL", BODY) == expected


async def test_a_call_to_a_contact_that_is_gone_fails_and_asks_nobody(
    provider: Provider, gateway: VoiceGateway
) -> None:
    call = CallBody(account="MILL", contact="K-9", outage="O-1", attempt=1, language="en", say="...")
    body = msgspec.json.encode(call)
    assert await gateway.perform("key-1", "NOBODY", body) == Result(state="failed", reason="noContact")
    assert provider.asked == []


async def test_a_provider_that_is_not_there_was_handed_nothing(provider: Provider, gateway: VoiceGateway) -> None:
    await provider.stop()
    with pytest.raises(GatewayAway):
        await gateway.perform("key-1", "MILL", BODY)
    with pytest.raises(GatewayAway):
        await gateway.look_up("key-1")
    with pytest.raises(GatewayAway):
        await VoiceGateway(provider.base, Contacts()).start()


async def test_silence_after_the_hand_over_is_an_unknown_outcome_that_can_be_looked_up(
    provider: Provider, gateway: VoiceGateway
) -> None:
    provider.answer = provider.hangs_after_placing
    assert await gateway.perform("key-1", "MILL", BODY) == Result(state="unknown", reason="noAnswerInTime", ask=True)
    assert await gateway.look_up("key-1") == Result(state="done", reason="accepted", reference="call-1")


async def test_a_connection_lost_after_the_hand_over_is_an_unknown_outcome_that_can_be_looked_up(
    provider: Provider, gateway: VoiceGateway
) -> None:
    provider.answer = provider.hangs_up_after_placing
    assert await gateway.perform("key-1", "MILL", BODY) == Result(state="unknown", reason="connectionLost", ask=True)
    assert await gateway.look_up("key-1") == Result(state="done", reason="accepted", reference="call-1")


async def test_a_call_that_never_arrived_is_not_known(gateway: VoiceGateway) -> None:
    assert await gateway.look_up("key-1") is None


async def test_a_provider_that_cannot_say_what_it_knows_is_asked_again(
    provider: Provider, gateway: VoiceGateway
) -> None:
    provider.broken = True
    with pytest.raises(GatewayAway):
        await gateway.look_up("key-1")


async def test_a_gateway_that_was_not_started_hands_over_nothing() -> None:
    gateway = VoiceGateway("http://127.0.0.1:9", Contacts())
    with pytest.raises(GatewayAway):
        await gateway.perform("key-1", "MILL", BODY)
    await gateway.stop()
