"""Webhooks against a receiver on a real socket."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
import structlog
from aiohttp import web

from services.clock import wall_ms
from services.engine.gateway import Result
from services.notices.gateways.posting import RETRY_MS, is_signed, signed
from services.notices.gateways.webhook import WebhookGateway, allowed
from services.notices.moments import Moment, TextBody

SECRET = "shared"


class Receiver:
    """A customer's program on a real socket; `answer` decides what it says."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.release = asyncio.Event()
        self.answer: Callable[[], Awaitable[web.StreamResponse]] = self.takes
        app = web.Application()
        app.router.add_post("/hook", self._post)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        self.url = ""

    async def start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"

    async def stop(self) -> None:
        self.release.set()
        await self._runner.cleanup()

    async def takes(self) -> web.StreamResponse:
        return web.Response(status=204)

    async def hangs(self) -> web.StreamResponse:
        await self.release.wait()
        return web.Response()

    def says(self, status: int, **headers: str) -> None:
        async def answer() -> web.StreamResponse:
            return web.Response(status=status, headers={name.replace("_", "-"): text for name, text in headers.items()})

        self.answer = answer

    async def _post(self, request: web.Request) -> web.StreamResponse:
        self.posts.append((dict(request.headers), await request.read()))
        return await self.answer()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def gateway(receiver: Receiver) -> AsyncIterator[WebhookGateway]:
    async def address_of(text: TextBody) -> str | None:
        return {"": None, "plain": "http://192.0.2.9/hook"}.get(text.contact, receiver.url)

    made = WebhookGateway(secret=SECRET, plain=(), exercise=True, address_of=address_of, timeout_s=1.0)
    await made.start()
    yield made
    await made.stop()


def body(contact: str = "c1") -> bytes:
    return msgspec.json.encode(
        TextBody(customer="C1", moment=Moment.POWER_OUT, words="停电", subject="Outage", contact=contact)
    )


async def test_a_notice_is_a_signed_event_under_our_key(receiver: Receiver, gateway: WebhookGateway) -> None:
    assert await gateway.perform("key-1", "A1", body()) == Result(state="done", reason="accepted")
    headers, content = receiver.posts[0]
    event: dict[str, Any] = json.loads(content)
    time = event.pop("time")
    assert event == {
        "specversion": "1.0",
        "id": "key-1",
        "source": "lamplighter",
        "type": "lamplighter.notice.v1",
        "datacontenttype": "application/json",
        "data": {"customer": "C1", "moment": "powerOut", "subject": "Outage", "words": "停电", "exercise": True},
    }
    assert time.endswith("Z")
    assert (headers["Content-Type"], headers["Idempotency-Key"]) == ("application/cloudevents+json", "key-1")
    timestamp = headers["Lamplighter-Timestamp"]
    proof = hmac.new(SECRET.encode(), timestamp.encode() + b"." + content, hashlib.sha256).hexdigest()
    assert headers["Lamplighter-Signature"] == f"sha256={proof}"


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, {}, Result(state="done", reason="accepted")),
        (408, {}, Result(state="later", reason="receiverTimedOut", retry_after_ms=RETRY_MS)),
        (429, {"Retry_After": "7"}, Result(state="later", reason="receiverThrottles", retry_after_ms=7_000)),
        (500, {}, Result(state="later", reason="receiverFailed", retry_after_ms=RETRY_MS)),
        (503, {"Retry_After": "soon"}, Result(state="later", reason="receiverFailed", retry_after_ms=RETRY_MS)),
        (400, {}, Result(state="failed", reason="refused400")),
        (410, {}, Result(state="failed", reason="refused410")),
        (302, {"Location": "http://192.0.2.9/"}, Result(state="failed", reason="refused302")),
    ],
)
async def test_an_answer_says_whether_it_is_posted_again(
    receiver: Receiver, gateway: WebhookGateway, status: int, headers: dict[str, str], expected: Result
) -> None:
    receiver.says(status, **headers)
    assert await gateway.perform("key-1", "A1", body()) == expected


async def test_without_an_answer_it_is_posted_again_under_its_key(receiver: Receiver, gateway: WebhookGateway) -> None:
    receiver.answer = receiver.hangs
    result = await gateway.perform("key-1", "A1", body())
    assert result == Result(state="later", reason="noAnswerInTime", retry_after_ms=RETRY_MS)
    assert await gateway.look_up("key-1") is None
    await receiver.stop()
    result = await gateway.perform("key-1", "A1", body())
    assert result == Result(state="later", reason="receiverAway", retry_after_ms=RETRY_MS)


async def test_an_address_without_tls_that_is_not_this_machine_is_not_posted_to(
    receiver: Receiver, gateway: WebhookGateway
) -> None:
    with structlog.testing.capture_logs() as logs:
        result = await gateway.perform("key-1", "A1", body("plain"))
    assert result == Result(state="failed", reason="addressNotAllowed")
    assert [line["event"] for line in logs] == ["notices.address_not_allowed"]
    assert await gateway.perform("key-1", "A1", body("")) == Result(state="failed", reason="noContact")
    assert receiver.posts == []


@pytest.mark.parametrize(
    ("address", "plain", "may"),
    [
        ("https://hooks.example.org/x", (), True),
        ("http://hooks.example.org/x", (), False),
        ("http://hooks.example.org/x", ("hooks.example.org",), True),
        ("http://127.0.0.1:8080/x", ("127.0.0.1",), True),
        ("ftp://hooks.example.org/x", ("hooks.example.org",), False),
        ("https:///x", (), False),
        ("not an address", (), False),
    ],
)
def test_where_a_notice_may_go(address: str, plain: tuple[str, ...], may: bool) -> None:
    assert (allowed(address, plain) is not None) is may


def test_a_signature_holds_for_its_body_its_secret_and_five_minutes() -> None:
    now = wall_ms() // 1_000
    headers = signed(SECRET, b"{}", now)
    timestamp, signature = headers["Lamplighter-Timestamp"], headers["Lamplighter-Signature"]
    assert is_signed(SECRET, b"{}", timestamp, signature, now + 299)
    assert not is_signed(SECRET, b"{}", timestamp, signature, now + 301)
    assert not is_signed(SECRET, b"{ }", timestamp, signature, now)
    assert not is_signed("guess", b"{}", timestamp, signature, now)
    assert not is_signed(SECRET, b"{}", "", signature, now)
    assert not is_signed(SECRET, b"{}", timestamp, "", now)
