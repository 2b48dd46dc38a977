"""The HTTP gateway against a provider on a real socket, and the callbacks that this provider makes."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import structlog
from aiohttp import web

from schemas.events import TextOutcome
from services.engine.gateway import GatewayAway, Result
from services.notices.gateways.callbacks import Callbacks, Told
from services.notices.gateways.http import INBOUND, SIGNATURE, STATUS, Account, HttpGateway, signature
from services.notices.gateways.http_codes import EXPIRED, FAILURES, REFUSALS, RETRY_MS
from services.notices.gateways.smpp_codes import Blame
from services.notices.parts import words_of
from tests.notices.gateways.desk import CHINESE, WORDS, Desk, body

USER, TOKEN, SENDER, PUBLIC = "AC1", "secret", "+15550006", "https://texts.example.org"


class Provider:
    """A provider on a real socket; `answer` decides what it says to a text."""

    def __init__(self) -> None:
        self.texts: list[dict[str, str]] = []
        self.let_in = True
        self.release = asyncio.Event()
        self.answer: Callable[[web.Request], Awaitable[web.StreamResponse]] = self.takes
        app = web.Application()
        app.router.add_post("/Messages.json", self._post)
        app.router.add_get("/Messages.json", self._get)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        self.url = ""

    async def start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/Messages.json"

    async def stop(self) -> None:
        self.release.set()
        await self._runner.cleanup()

    async def takes(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"sid": f"SM{len(self.texts)}", "status": "queued", "error_code": None}, status=201)

    async def hangs(self, _: web.Request) -> web.StreamResponse:
        await self.release.wait()
        return web.Response()

    async def hangs_up(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    def says(self, status: int, content: dict[str, Any] | None = None, **headers: str) -> None:
        async def answer(_: web.Request) -> web.StreamResponse:
            return web.json_response(
                content or {}, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}
            )

        self.answer = answer

    def _may_enter(self, request: web.Request) -> bool:
        expected = "Basic " + base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
        return self.let_in and request.headers.get("Authorization") == expected

    async def _get(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"messages": []}) if self._may_enter(request) else web.Response(status=401)

    async def _post(self, request: web.Request) -> web.StreamResponse:
        if not self._may_enter(request):
            return web.Response(status=401)
        self.texts.append({name: str(value) for name, value in (await request.post()).items()})
        return await self.answer(request)


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def gateway(provider: Provider, desk: Desk) -> AsyncIterator[HttpGateway]:
    account = Account(url=provider.url, user=USER, token=TOKEN, sender=SENDER, callback_url=PUBLIC)
    made = HttpGateway(account, phone_of=desk.phone_of, on_told=desk.on_told, on_inbound=desk.on_inbound, timeout_s=1.0)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def callbacks(gateway: HttpGateway) -> AsyncIterator[Callbacks]:
    made = Callbacks(0, gateway.routes())
    await made.start()
    yield made
    await made.stop()


async def tells(callbacks: Callbacks, path: str, form: dict[str, str], token: str = TOKEN) -> httpx.Response:
    """Call us as the provider does: through a proxy, with the public address signed."""
    headers = {SIGNATURE: signature(token, f"{PUBLIC}{path}", form)}
    async with httpx.AsyncClient() as client:
        return await client.post(f"http://127.0.0.1:{callbacks.port}{path}", data=form, headers=headers)


async def test_a_text_is_posted_with_our_key_in_the_address_of_its_callback(
    provider: Provider, gateway: HttpGateway
) -> None:
    assert await gateway.perform("key-1", "A1", body()) == Result(state="done", reason="accepted", reference="SM1")
    assert (await gateway.perform("key-2", "A1", body(words=CHINESE))).reference == "SM2"
    expected = {
        "To": "+99900000001",
        "From": SENDER,
        "ValidityPeriod": "14400",
        "Body": WORDS,
        "StatusCallback": f"{PUBLIC}{STATUS}?key=key-1",
    }
    assert provider.texts[0] == expected
    assert provider.texts[1]["Body"] == CHINESE
    assert parse_qs(urlsplit(provider.texts[1]["StatusCallback"]).query) == {"key": ["key-2"]}


async def test_without_a_number_nothing_is_posted(provider: Provider, gateway: HttpGateway, desk: Desk) -> None:
    desk.numbers["C1"] = None
    assert await gateway.perform("key-1", "A1", body()) == Result(state="failed", reason="noPhone")
    assert provider.texts == []


@pytest.mark.parametrize(("answer", "reason"), [("hangs", "noAnswer"), ("hangs_up", "connectionLost")])
async def test_a_text_without_an_answer_is_unknown_and_not_asked_for(
    provider: Provider, gateway: HttpGateway, answer: str, reason: str
) -> None:
    provider.answer = getattr(provider, answer)
    assert await gateway.perform("key-1", "A1", body()) == Result(state="unknown", reason=reason)
    assert await gateway.look_up("key-1") == Result(state="unknown", reason="noLookUp")


async def test_a_provider_that_is_not_there_was_given_nothing(provider: Provider, gateway: HttpGateway) -> None:
    await provider.stop()
    with pytest.raises(GatewayAway):
        await gateway.perform("key-1", "A1", body())
    await gateway.stop()
    with pytest.raises(GatewayAway):
        await gateway.start()


async def test_a_provider_that_does_not_let_us_in_was_given_nothing(provider: Provider, gateway: HttpGateway) -> None:
    provider.let_in = False
    with pytest.raises(GatewayAway, match="loginRefused"):
        await gateway.perform("key-1", "A1", body())
    await gateway.stop()
    with pytest.raises(GatewayAway, match="loginRefused"):
        await gateway.start()


@pytest.mark.parametrize("code", sorted(REFUSALS))
async def test_a_refusal_means_what_the_table_says(provider: Provider, gateway: HttpGateway, code: int) -> None:
    provider.says(400, {"code": code, "message": "no", "status": 400})
    refusal = REFUSALS[code]
    with structlog.testing.capture_logs() as logs:
        result = await gateway.perform("key-1", "A1", body())
    temporary = refusal.blame is Blame.TEMPORARY
    retry = RETRY_MS if temporary else None
    assert result == Result(state="later" if temporary else "failed", reason=refusal.reason, retry_after_ms=retry)
    assert [line["event"] for line in logs] == ["notices.operator_refuses_ours"] * (refusal.blame is Blame.OURS)


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (429, {}, Result(state="later", reason="throttled", retry_after_ms=RETRY_MS)),
        (429, {"Retry_After": "3"}, Result(state="later", reason="throttled", retry_after_ms=3_000)),
        (503, {"Retry_After": "999999"}, Result(state="later", reason="providerBusy", retry_after_ms=600_000)),
        (500, {}, Result(state="unknown", reason="providerFailed500")),
        (502, {}, Result(state="unknown", reason="providerFailed502")),
    ],
)
async def test_only_where_the_text_was_surely_not_taken_it_is_posted_again(
    provider: Provider, gateway: HttpGateway, status: int, headers: dict[str, str], expected: Result
) -> None:
    provider.says(status, None, **headers)
    assert await gateway.perform("key-1", "A1", body()) == expected


@pytest.mark.parametrize(
    ("content", "reason"),
    [({"code": 99999}, "providerCode99999"), ({"what": "is this"}, "refused400"), (None, "refused400")],
)
async def test_a_refusal_in_no_table_raises_an_alarm(
    provider: Provider, gateway: HttpGateway, content: dict[str, Any] | None, reason: str
) -> None:
    provider.says(400, content)
    with structlog.testing.capture_logs() as logs:
        assert await gateway.perform("key-1", "A1", body()) == Result(state="failed", reason=reason)
    assert [line["event"] for line in logs] == ["notices.operator_code_unknown"]


async def test_states_are_told_under_our_key(callbacks: Callbacks, desk: Desk) -> None:
    path = f"{STATUS}?key=key-1"
    for state in ("sent", "delivered"):
        assert (await tells(callbacks, path, {"MessageSid": "SM1", "MessageStatus": state})).status_code == 200
    assert desk.told == [
        Told(key="key-1", outcome=None, code="sent", reference="SM1"),
        Told(key="key-1", outcome=TextOutcome.DELIVERED, code="delivered", reference="SM1"),
    ]


@pytest.mark.parametrize("error", [*sorted(FAILURES), 0, 99999])
async def test_a_text_that_did_not_arrive_carries_the_providers_code(
    callbacks: Callbacks, desk: Desk, error: int
) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered"} | ({"ErrorCode": str(error)} if error else {})
    with structlog.testing.capture_logs() as logs:
        await tells(callbacks, f"{STATUS}?key=key-1", form)
    outcome = "expired" if error in EXPIRED else "failed"
    assert desk.of("key-1") == [(outcome, f"undelivered:{error}" if error else "undelivered")]
    alarm = error == 99999 or (error in FAILURES and FAILURES[error].blame is Blame.OURS)
    assert len([line for line in logs if line["log_level"] == "error"]) == alarm


async def test_a_state_in_no_table_raises_an_alarm_and_is_not_guessed(callbacks: Callbacks, desk: Desk) -> None:
    with structlog.testing.capture_logs() as logs:
        await tells(callbacks, f"{STATUS}?key=key-1", {"MessageStatus": "pondered"})
    assert desk.told == []
    assert [(line["event"], line["code"]) for line in logs] == [("notices.receipt_code_unknown", "pondered")]


async def test_whoever_cannot_sign_is_refused(callbacks: Callbacks, desk: Desk) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    with structlog.testing.capture_logs() as logs:
        assert (await tells(callbacks, f"{STATUS}?key=key-1", form, token="guess")).status_code == 403
        assert (await tells(callbacks, INBOUND, {"From": "+99900000007", "Body": "STOP"}, token="")).status_code == 403
    assert (desk.told, desk.inbound) == ([], [])
    assert {line["event"] for line in logs} == {"notices.callback_refused"}


async def test_what_cannot_be_stored_is_answered_so_that_it_comes_again(callbacks: Callbacks, desk: Desk) -> None:
    desk.refuse = 1
    form = {"MessageSid": "SM7", "From": "+99900000007", "Body": "停电 €"}
    with structlog.testing.capture_logs() as logs:
        assert (await tells(callbacks, INBOUND, form)).status_code == 503
    assert [line["event"] for line in logs] == ["notices.callback_not_stored"]
    answer = await tells(callbacks, INBOUND, form)
    assert (answer.status_code, answer.text) == (200, "<Response/>")
    (part,) = desk.inbound
    assert (part.phone, words_of(part.coding, part.body), part.operator_id) == ("+99900000007", "停电 €", "SM7")


async def test_of_a_notice_that_is_none_of_ours_nothing_is_kept(callbacks: Callbacks, desk: Desk) -> None:
    desk.known = False
    with structlog.testing.capture_logs() as logs:
        answer = await tells(callbacks, f"{STATUS}?key=nobodys", {"MessageSid": "SM1", "MessageStatus": "delivered"})
    assert answer.status_code == 200
    assert [line["event"] for line in logs] == ["notices.receipt_of_no_notice"]


def test_the_signature_is_the_one_that_the_provider_publishes_as_an_example() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    found = signature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", form)
    assert found == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
