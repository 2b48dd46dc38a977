"""Spoken notices against a service on a real socket, and what that service tells us."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
import structlog
from aiohttp import web

from schemas.events import TextOutcome
from services.clock import wall_ms
from services.engine.gateway import GatewayAway, Result
from services.notices.gateways.callbacks import Callbacks, Told
from services.notices.gateways.posting import RETRY_MS, is_signed, signed
from services.notices.gateways.voice_notice import STATUS, VoiceNoticeGateway, routes
from services.notices.moments import Moment, TextBody
from tests.notices.gateways.desk import Desk

SECRET = "shared"


class Service:
    """A service that speaks each notice once, on a real socket."""

    def __init__(self) -> None:
        self.spoken: dict[str, dict[str, Any]] = {}
        self.hangs = False
        self.status = 202
        self.release = asyncio.Event()
        app = web.Application()
        app.router.add_post("/notices", self._post)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        self.url = ""

    async def start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/notices"

    async def stop(self) -> None:
        self.release.set()
        await self._runner.cleanup()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        body, headers = await request.read(), request.headers
        if not is_signed(
            SECRET, body, headers["Lamplighter-Timestamp"], headers["Lamplighter-Signature"], wall_ms() // 1_000
        ):
            return web.Response(status=401)
        if self.status != 202:
            return web.Response(status=self.status)
        self.spoken.setdefault(headers["Idempotency-Key"], json.loads(body))
        if self.hangs:
            await self.release.wait()
        return web.json_response({"id": f"V{len(self.spoken)}"}, status=202)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def gateway(service: Service) -> AsyncIterator[VoiceNoticeGateway]:
    async def phone_of(text: TextBody) -> tuple[str, str] | None:
        return ("+99900000001", "zh") if text.contact else None

    made = VoiceNoticeGateway(
        service.url,
        secret=SECRET,
        callback_url="https://notices.example.org/",
        exercise=False,
        phone_of=phone_of,
        timeout_s=1.0,
    )
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def callbacks(desk: Desk) -> AsyncIterator[Callbacks]:
    made = Callbacks(0, routes(SECRET, desk.on_told))
    await made.start()
    yield made
    await made.stop()


def body(contact: str = "c1") -> bytes:
    return msgspec.json.encode(TextBody(customer="C1", moment=Moment.POWER_OUT, words="停电", contact=contact))


async def tells(callbacks: Callbacks, said: object, secret: str = SECRET) -> int:
    content = json.dumps(said).encode()
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"http://127.0.0.1:{callbacks.port}{STATUS}",
            content=content,
            headers=signed(secret, content, wall_ms() // 1_000),
        )
    return answer.status_code


async def test_a_notice_is_handed_over_with_number_language_and_words(
    service: Service, gateway: VoiceNoticeGateway
) -> None:
    assert await gateway.perform("key-1", "A1", body()) == Result(state="done", reason="accepted", reference="V1")
    assert service.spoken == {
        "key-1": {
            "key": "key-1",
            "phone": "+99900000001",
            "language": "zh",
            "words": "停电",
            "exercise": False,
            "callback": "https://notices.example.org/voice/status",
        }
    }
    assert await gateway.perform("key-2", "A1", body("")) == Result(state="failed", reason="noContact")


async def test_a_notice_without_an_answer_is_handed_over_again_and_spoken_once(
    service: Service, gateway: VoiceNoticeGateway
) -> None:
    service.hangs = True
    result = await gateway.perform("key-1", "A1", body())
    assert result == Result(state="later", reason="noAnswerInTime", retry_after_ms=RETRY_MS)
    assert await gateway.look_up("key-1") is None
    service.hangs = False
    assert (await gateway.perform("key-1", "A1", body())).state == "done"
    assert len(service.spoken) == 1


@pytest.mark.parametrize(("status", "state"), [(503, "later"), (429, "later"), (422, "failed")])
async def test_an_answer_says_whether_it_is_tried_again(
    service: Service, gateway: VoiceNoticeGateway, status: int, state: str
) -> None:
    service.status = status
    assert (await gateway.perform("key-1", "A1", body())).state == state


async def test_a_service_that_is_not_there_was_given_nothing(service: Service, gateway: VoiceNoticeGateway) -> None:
    await service.stop()
    with pytest.raises(GatewayAway):
        await gateway.perform("key-1", "A1", body())
    await gateway.stop()
    with pytest.raises(GatewayAway):
        await gateway.start()


async def test_what_became_of_it_is_told_under_our_key(callbacks: Callbacks, desk: Desk) -> None:
    for state in ("ringing", "answered"):
        assert await tells(callbacks, {"key": "key-1", "id": "V1", "state": state}) == 200
    assert await tells(callbacks, {"key": "key-2", "state": "noAnswer"}) == 200
    assert desk.told == [
        Told(key="key-1", outcome=None, code="ringing", reference="V1"),
        Told(key="key-1", outcome=TextOutcome.DELIVERED, code="answered", reference="V1"),
        Told(key="key-2", outcome=TextOutcome.EXPIRED, code="noAnswer"),
    ]


async def test_a_stranger_is_refused_and_nonsense_raises_an_alarm(callbacks: Callbacks, desk: Desk) -> None:
    assert await tells(callbacks, {"key": "key-1", "state": "answered"}, secret="guess") == 403
    with structlog.testing.capture_logs() as logs:
        for said in ({"key": "key-1", "state": "pondered"}, {"key": "key-1"}, ["what"], 7):
            assert await tells(callbacks, said) == 200
    assert desk.told == []
    assert {line["event"] for line in logs} == {"notices.receipt_code_unknown"}
