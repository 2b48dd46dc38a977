"""How much is given to Kannel, against a stand-in that answers as its boxes do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
import structlog
from aiohttp import web

from services.engine.gateway import GatewayAway, Result
from services.notices.gateways.kannel import QUEUE_RETRY_MS, Boxes, KannelGateway
from services.notices.moments import Moment, TextBody
from tests.notices.gateways.desk import Desk, body

PASSWORD = "secret"
SAFETY = msgspec.json.encode(TextBody(customer="C1", moment=Moment.ANSWER, words="Keep away.", safety=True))


class StandIn:
    """Answers `sendsms` and `status.xml`; `queued` texts wait in it."""

    def __init__(self) -> None:
        self.queued = 0
        self.asked: list[dict[str, str]] = []
        app = web.Application()
        app.router.add_get("/cgi-bin/sendsms", self._send)
        app.router.add_get("/status.xml", self._status)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        self.base = ""

    async def start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _send(self, request: web.Request) -> web.Response:
        if (request.query.get("username"), request.query.get("password")) != ("us", PASSWORD):
            return web.Response(status=403)
        if "to" not in request.query:
            return web.Response(status=400)
        self.asked.append(dict(request.query))
        return web.Response(status=202, text="0: Accepted for delivery")

    async def _status(self, _: web.Request) -> web.Response:
        boxes = "<boxes><box><type>smsbox</type></box></boxes>"
        smsc = f"<smsc><id>operator</id><status>online 1s</status><queued>{self.queued}</queued></smsc>"
        return web.Response(text=f"<gateway>{boxes}<smscs>{smsc}</smscs></gateway>")


@pytest.fixture
async def kannel() -> AsyncIterator[StandIn]:
    made = StandIn()
    await made.start()
    yield made
    await made.stop()


def gateway(kannel: StandIn, desk: Desk, password: str = PASSWORD) -> KannelGateway:
    boxes = Boxes(
        url=f"{kannel.base}/cgi-bin/sendsms",
        user="us",
        password=password,
        smsc="operator",
        status_url=f"{kannel.base}/status.xml",
    )
    return KannelGateway(
        boxes,
        sender="12345",
        exercise=False,
        callback_url="http://127.0.0.1:1",
        phone_of=desk.phone_of,
        on_told=desk.on_told,
        on_inbound=desk.on_inbound,
        most_queued=20,
    )


async def test_while_enough_waits_in_kannel_only_danger_is_given_to_it_and_overtakes(
    kannel: StandIn, desk: Desk
) -> None:
    kannel.queued = 21
    made = gateway(kannel, desk)
    await made.start()
    full = Result(state="later", reason="operatorQueueFull", retry_after_ms=QUEUE_RETRY_MS)
    assert await made.perform("key-1", "A1", body()) == full
    assert (await made.perform("key-2", "A1", SAFETY)).state == "done"
    assert [asked["priority"] for asked in kannel.asked] == ["3"]
    await made.stop()
    kannel.queued = 20
    await made.start()
    assert (await made.perform("key-1", "A1", body())).state == "done"
    assert "priority" not in kannel.asked[-1]
    await made.stop()


async def test_what_kannel_would_cut_off_is_not_given_to_it(kannel: StandIn, desk: Desk) -> None:
    made = gateway(kannel, desk)
    await made.start()
    assert (await made.perform("key-1", "A1", body(words="x" * 1_530))).state == "done"
    with structlog.testing.capture_logs() as logs:
        assert (await made.perform("key-2", "A1", body(words="x" * 1_531))).reason == "notSendable"
    assert [line["event"] for line in logs] == ["notices.text_not_sendable"]
    assert len(kannel.asked) == 1
    await made.stop()


async def test_a_wrong_password_is_noticed_before_anything_is_handed_over(kannel: StandIn, desk: Desk) -> None:
    made = gateway(kannel, desk, password="guess")
    with pytest.raises(GatewayAway, match="loginRefused"):
        await made.start()
    assert kannel.asked == []
