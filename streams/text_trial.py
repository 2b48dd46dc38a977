"""One text through the gateway that the settings name, without a database: to try an account before anything depends on it.

What else comes from the provider meanwhile is not for us: it is not acknowledged, so that it comes again to who stores it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from schemas.events import TextOutcome
from schemas.ids import derived
from services.clock import wall_ms
from services.engine.gateway import Gateway, GatewayAway, Result
from services.notices.gateways.callbacks import Told
from services.notices.gateways.smpp import Endpoint, Receipted, SmppGateway
from services.notices.gsm import segments, septets
from services.notices.moments import Moment, TextBody
from services.notices.parts import Part
from services.settings import Settings, SettingsError
from streams import providers

CONNECT_S: Final = 20.0
CONNECT_PAUSE_S: Final = 0.5

_AWAY: Final = {
    "bindRefused": "the operator answers and refuses us: is LAMPLIGHTER_SMPP_SYSTEM_ID right, and the password?",
    "notReachable": "nobody answers at this address: is it right, and may this machine connect to it?",
    "onlyADrill": "this is the operator of an exercise, which reaches nobody real",
    "loginRefused": "user or password are refused",
    "notBound": "Kannel runs and does not reach its operator: are address, name and password right (LAMPLIGHTER_SMPP_...)?",
    "noSuchSmsc": "Kannel knows no operator of this name: see LAMPLIGHTER_KANNEL_SMSC",
    "statusRefused": "Kannel refuses to tell its status: see LAMPLIGHTER_KANNEL_STATUS_PASSWORD",
}
"""What a reason for being away asks of the person who reads it."""


class Trial:
    """One text to `phone`. `say` is given one line for each thing that happens; the number is in none of them."""

    def __init__(self, settings: Settings, phone: str, words: str, say: Callable[[str], None]) -> None:
        if settings.exercise:
            raise SettingsError("this is an exercise, which reaches nobody real: there is nothing to try")
        self._settings = settings
        self._phone = phone
        self._words = words
        self._say = say
        self._key = derived("trial", wall_ms())
        self._reference: str | None = None
        self._outcome: asyncio.Future[TextOutcome] = asyncio.get_running_loop().create_future()

    async def run(self, wait_s: float) -> bool:
        """Connect, send, wait so long for the receipt; return whether the text was taken and nobody said that it failed."""
        way = providers.chosen(self._settings)[0]
        gateway = self._gateway(way)
        callbacks = providers.callbacks(self._settings, [gateway], self._told)
        if callbacks is not None:
            try:
                await callbacks.start()
            except OSError:
                self._say(
                    f"Port {self._settings.texts_callback_port} is taken, on which the provider tells what became of it."
                )
                return False
        try:
            self._say(f"By {way}: {self._place(way)}")
            if not await self._connected(gateway):
                return False
            try:
                return await self._sent(gateway) and await self._arrived(way, wait_s)
            finally:
                await gateway.stop()
        finally:
            if callbacks is not None:
                await callbacks.stop()

    async def _connected(self, gateway: Gateway) -> bool:
        """Connect; boxes that were started a moment ago need some time to reach their operator."""
        end = asyncio.get_running_loop().time() + CONNECT_S
        while True:
            try:
                await gateway.start()
            except GatewayAway as away:
                reason = str(away)
                if reason not in {"notBound", "smsboxAway", "kannelAway"} or asyncio.get_running_loop().time() > end:
                    self._say(f"Not connected: {_AWAY.get(reason, reason)}")
                    return False
                await asyncio.sleep(CONNECT_PAUSE_S)
            else:
                self._say("Connected.")
                return True

    async def _sent(self, gateway: Gateway) -> bool:
        alphabet = "7 bits" if septets(self._words) is not None else "UCS-2"
        self._say(f"Sending {len(self._words)} characters in {alphabet}, {segments(self._words)} segment(s).")
        body = msgspec.json.encode(TextBody(moment=Moment.ANSWER, words=self._words))
        try:
            result = await gateway.perform(self._key, "", body)
        except GatewayAway as away:
            self._say(f"Not handed over: {_AWAY.get(str(away), str(away))}")
            return False
        self._reference = result.reference
        self._say(_told(result))
        return result.state in {"done", "unknown"}

    async def _arrived(self, way: str, wait_s: float) -> bool:
        if way == "http" and not self._settings.http_texts_callback_url:
            self._say("LAMPLIGHTER_HTTP_TEXTS_CALLBACK_URL is not set: the provider cannot tell what becomes of it.")
            return True
        self._say(f"Waiting {wait_s:.0f} s at most for what becomes of it ...")
        try:
            async with asyncio.timeout(wait_s):
                outcome = await self._outcome
        except TimeoutError:
            self._say("Nothing was told within that time. It may come later: a telephone that is off takes longer.")
            return True
        self._say(f"The operator says: {outcome}.")
        return outcome is TextOutcome.DELIVERED

    def _gateway(self, way: str) -> Gateway:
        if way != "smpp":
            return providers.texts_by(
                way, self._settings, phone_of=self._phone_of, on_told=self._told, on_inbound=self._inbound
            )
        return SmppGateway(
            endpoint=self._endpoint,
            sender=self._settings.smpp_sender,
            exercise=False,
            phone_of=self._phone_of,
            on_receipt=self._receipted,
            on_inbound=self._inbound,
        )

    def _place(self, way: str) -> str:
        settings = self._settings
        if way == "http":
            return f"{settings.http_texts_url} as {settings.http_texts_account}"
        if way == "kannel" and settings.kannel_status_url is None:
            return f"{settings.kannel_url}, smsc {settings.kannel_smsc}"
        return f"{settings.smpp_host}:{settings.smpp_port} as {settings.smpp_system_id}"

    async def _endpoint(self) -> Endpoint:
        settings = self._settings
        return Endpoint(
            host=settings.smpp_host,
            port=settings.smpp_port,
            system_id=settings.smpp_system_id,
            password=settings.smpp_password.get_secret_value(),
            lookup_url=settings.smpp_lookup_url,
        )

    async def _phone_of(self, _: TextBody) -> str:
        return self._phone

    async def _told(self, said: Told) -> bool:
        if said.key != self._key:
            raise LookupError("not of this trial: it has to come again")
        self._note(said.outcome, said.code)
        return True

    async def _receipted(self, receipt: Receipted) -> None:
        if receipt.reference != self._reference:
            raise LookupError("not of this trial: it has to come again")
        self._note(receipt.outcome, receipt.code)

    async def _inbound(self, _: Part) -> None:
        raise LookupError("a text that somebody wrote: it has to come again to who stores it")

    def _note(self, outcome: TextOutcome | None, code: str) -> None:
        self._say(f"Told by the provider: {code}")
        if outcome is not None and not self._outcome.done():
            self._outcome.set_result(outcome)


def _told(result: Result) -> str:
    match result.state:
        case "done":
            return "Taken" + (f", as {result.reference}" if result.reference else "") + "."
        case "later":
            return f"Not taken now ({result.reason}): in earnest it would be tried again."
        case "failed":
            return f"Refused for good: {result.reason}. docs/connect-*.md says what the codes mean."
        case "unknown":
            return f"Nobody answered ({result.reason}): it may or may not have been taken."
