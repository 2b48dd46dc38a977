"""Texts through Kannel 1.4.5: handed to its smsbox over HTTP, which hands them to its bearerbox, which speaks to the operator.

    GET {url}?username&password&from&to&text&charset=UTF-8&coding=0|2&validity&dlr-mask&dlr-url
    GET {status_url}?password          whether the boxes run and the operator is reached

Kannel has no key against doubles: the same request twice is two texts. So an attempt that was not answered is not repeated;
our key travels in `dlr-url`, and the first thing that Kannel tells of the text (that the operator took it) resolves it. Kannel
queues what it cannot hand on; nothing of ours overtakes what is queued there: so it is given nothing while the operator is away.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hmac
import re
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qs, urlencode

import aiohttp
import msgspec
import structlog
from aiohttp import web

from schemas.events import TextOutcome
from services.engine.gateway import GatewayAway, Result
from services.notices.gateways.callbacks import OnTold, Told, mark, refused, tell
from services.notices.gateways.kannel_codes import (
    ACCEPTED,
    ANSWERS,
    LOGIN_REFUSED,
    MASK,
    QUEUED,
    RETRY_MS,
    Kind,
    kind_in,
    outcome_in,
    refusal_in,
)
from services.notices.gateways.smpp_codes import Blame
from services.notices.gsm import segments, septets
from services.notices.moments import EFFECT_KIND, LIFETIME_MS, TextBody
from services.notices.numbers import international
from services.notices.parts import Part

REAL_NAME, DRILL_NAME = "kannel", "drill:kannel"
RECEIPT, INBOUND = "/kannel/receipt", "/kannel/inbound"
"""Where Kannel tells what became of a text, and brings what somebody wrote."""

ANSWER_S: Final = 5.0
"""How long sendsms may take: while the bearerbox is away it does not answer at all."""
STATUS_S: Final = 1.0
"""Between two looks at Kannel's status."""
AT_ONCE: Final = 400
"""How many requests are under way at once: as many as a sender has, so that none waits here and looks as if it had left."""
QUEUE_RETRY_MS: Final = 5_000
"""When to try again after there was enough in Kannel's queue."""
MOST_SEGMENTS: Final = 10
"""Kannel cuts off what goes beyond so many."""
SAFETY_PRIORITY: Final = 3
_OCTETS, _UCS_2 = 0x04, 0x08
_MINUTE_MS: Final = 60_000
_NOT_HANDED_OVER = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_BOX = re.compile(r"<type>\s*smsbox\s*</type>")
_SMSC = re.compile(r"<smsc>(.*?)</smsc>", re.DOTALL)
_FIELD = re.compile(r"<(admin-id|id|status|queued)>\s*(.*?)\s*</\1>", re.DOTALL)

log = structlog.get_logger(__name__)

OnInbound = Callable[[Part], Awaitable[None]]
"""Stores a text that somebody sent us. If it raises, Kannel brings it again."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Boxes:
    """Where Kannel is found. Without a `status_url` nobody knows whether it reaches its operator, `smsc`."""

    url: str
    user: str
    password: str
    smsc: str
    status_url: str | None = None
    status_password: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Status:
    """How Kannel stands: why nothing can be handed to it (None: it can), and how many texts wait in it for the operator."""

    away: str | None
    queued: int = 0


def token(password: str) -> str:
    """Return the mark by which we know that it is our Kannel who calls: it stands in the addresses that we gave it."""
    return mark(password, "kannel")


class KannelGateway:
    """Sends texts, takes receipts and what others write. `callback_url`: where Kannel reaches `routes()`.

    While more than `most_queued` texts wait in Kannel it is given none but those of danger, which it lets overtake. `phone_of`
    returns the number for a text at the time of sending; what it raises goes through: then nothing was handed over.
    """

    kind: str = EFFECT_KIND

    def __init__(
        self,
        boxes: Boxes,
        *,
        sender: str,
        exercise: bool,
        callback_url: str,
        phone_of: Callable[[TextBody], Awaitable[str | None]],
        on_told: OnTold,
        on_inbound: OnInbound,
        most_queued: int = AT_ONCE,
        answer_s: float = ANSWER_S,
    ) -> None:
        self.name: str = DRILL_NAME if exercise else REAL_NAME
        self._boxes = boxes
        self._sender = sender
        self._callback_url = callback_url.rstrip("/")
        self._token = token(boxes.password)
        self._phone_of = phone_of
        self._on_told = on_told
        self._on_inbound = on_inbound
        self._most_queued = most_queued
        self._answer_s = answer_s
        self._room = asyncio.Semaphore(AT_ONCE)
        self._client: aiohttp.ClientSession | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._stands = Status("notStarted")

    async def start(self) -> None:
        """Look whether Kannel runs, lets us in and reaches its operator. Raises `GatewayAway` when it does not."""
        # A connection for each request: on one that was used before, the client would send a request twice by itself. Proxies
        # are a setting like any other, and there is none: the environment is not asked.
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            timeout=aiohttp.ClientTimeout(total=self._answer_s, sock_connect=self._answer_s),
            trust_env=False,
        )
        self._stands = await self._status()
        away = self._stands.away or await self._why_no_entry()
        if away is not None:
            await self.stop()
            raise GatewayAway(away)
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Let what is under way come to its end, then leave."""
        self._stands = Status("stopped")
        for _ in range(AT_ONCE):
            await self._room.acquire()
        for _ in range(AT_ONCE):
            self._room.release()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def perform(self, key: str, shard: str, body: bytes) -> Result:  # noqa: ARG002 (the port's form)
        """Hand a text to Kannel. Raises `GatewayAway` when nothing was handed over."""
        text = msgspec.json.decode(body, type=TextBody)
        number = await self._phone_of(text)
        if number is None:
            return Result(state="failed", reason="noPhone")
        if segments(text.words) > MOST_SEGMENTS:
            log.error("notices.text_not_sendable", key=key)
            return Result(state="failed", reason="notSendable")
        async with self._room:
            if self._client is None or self._stands.away is not None:
                raise GatewayAway(self._stands.away or "notStarted")
            if self._stands.queued > self._most_queued and not text.safety:
                return Result(state="later", reason="operatorQueueFull", retry_after_ms=QUEUE_RETRY_MS)
            try:
                status, answer = await self._get(self._boxes.url, self._asked(key, number, text))
            except _NOT_HANDED_OVER as error:
                raise GatewayAway(type(error).__name__) from error
            except TimeoutError:
                return Result(state="unknown", reason="noAnswer")
            except aiohttp.ClientError:
                return Result(state="unknown", reason="connectionLost")
        return result_of(status, answer, key)

    async def look_up(self, key: str) -> Result | None:  # noqa: ARG002 - Kannel cannot be asked for a single text
        """Say that nobody can be asked: the outcome stays unknown until Kannel tells something of the text."""
        return Result(state="unknown", reason="noLookUp")

    def routes(self) -> web.RouteTableDef:
        """Return the routes that Kannel calls; each shows `token`."""
        table = web.RouteTableDef()

        @table.get(RECEIPT)
        async def _receipt(request: web.Request) -> web.Response:
            said = self._said(request)
            return await tell(self._on_told, read_receipt(said))

        @table.get(INBOUND)
        async def _inbound(request: web.Request) -> web.Response:
            part = read_inbound(self._said(request))
            if part.phone:
                await self._on_inbound(part)
            else:  # an advertisement, a voice mail: no person who could be answered
                log.warning("notices.inbound_from_no_number", gateway=self.name)
            return web.Response(text="")

        return table

    def _said(self, request: web.Request) -> dict[str, bytes]:
        """Return the fields of a call of Kannel's as the bytes they are. Raises 403 for who is not our Kannel."""
        found = parse_qs(request.rel_url.raw_query_string, keep_blank_values=True, encoding="latin-1")
        said = {name: values[0].encode("latin-1") for name, values in found.items()}
        if not hmac.compare_digest(said.get("token", b""), self._token.encode()):
            raise refused(self.name)
        return said

    def _asked(self, key: str, number: str, text: TextBody) -> dict[str, str]:
        receipt = f"{self._callback_url}{RECEIPT}?{urlencode({'token': self._token, 'id': key})}"
        asked = {
            "username": self._boxes.user,
            "password": self._boxes.password,
            "smsc": self._boxes.smsc,
            "to": number,
            "text": text.words,
            "charset": "UTF-8",
            "coding": "2" if septets(text.words) is None else "0",
            "validity": str(LIFETIME_MS[text.moment] // _MINUTE_MS),
            "dlr-mask": str(int(MASK)),
            "dlr-url": f"{receipt}&type=%d&foreign=%F&reply=%A",
            "meta-data": f"?smpp?lamplighter={key}",
        }
        if self._sender:
            asked["from"] = self._sender
        if text.safety:
            asked["priority"] = str(SAFETY_PRIORITY)
        return asked

    async def _keep(self) -> None:
        """Know at every moment whether Kannel reaches its operator; a change is said once."""
        while True:
            await asyncio.sleep(STATUS_S)
            before, self._stands = self._stands, await self._status()
            if self._stands.away != before.away:
                if self._stands.away is None:
                    log.info("notices.operator_bound", gateway=self.name)
                else:
                    log.warning("notices.operator_away", gateway=self.name, reason=self._stands.away)

    async def _status(self) -> Status:
        if self._boxes.status_url is None:
            return Status(None)
        try:
            _, status = await self._get(self._boxes.status_url, {"password": self._boxes.status_password})
        except (aiohttp.ClientError, TimeoutError):
            return Status("kannelAway")
        return read_status(status, self._boxes.smsc)

    async def _get(self, url: str, params: dict[str, str]) -> tuple[int, str]:
        assert self._client is not None
        async with self._client.get(url, params=params, allow_redirects=False) as answer:
            return answer.status, await answer.text(encoding="utf-8", errors="replace")

    async def _why_no_entry(self) -> str | None:
        """Ask for a text without a number: whoever may not enter is told so, and everybody else that the number is missing."""
        login = {"username": self._boxes.user, "password": self._boxes.password}
        try:
            status, _ = await self._get(self._boxes.url, login)
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"smsboxAway:{type(error).__name__}"
        return "loginRefused" if status == LOGIN_REFUSED else None


def read_status(status: str, smsc: str) -> Status:
    """Return how Kannel stands by what its `status.xml` says."""
    if "<gateway>" not in status:
        return Status("statusRefused")
    if _BOX.search(status) is None:
        return Status("smsboxAway")
    for each in _SMSC.findall(status):
        fields = dict(_FIELD.findall(each))
        if smsc in {fields.get("admin-id"), fields.get("id")}:
            queued = fields.get("queued", "")
            away = None if fields.get("status", "").startswith("online") else "notBound"
            return Status(away, int(queued) if queued.isdigit() else 0)
    return Status("noSuchSmsc")


def result_of(status: int, body: str, key: str) -> Result:
    """Return what an answer of sendsms means. An unknown one is an alarm, and the outcome is unknown."""
    if status == ACCEPTED:
        return Result(state="done", reason="queuedAtKannel" if body.startswith(QUEUED) else "accepted")
    if status == LOGIN_REFUSED:
        raise GatewayAway("loginRefused")
    refusal = ANSWERS.get(status)
    if refusal is None:
        log.error("notices.operator_code_unknown", key=key, code=str(status))
        return Result(state="unknown", reason=f"kannelAnswer{status}")
    if refusal.blame is Blame.TEMPORARY:
        return Result(state="later", reason=refusal.reason, retry_after_ms=RETRY_MS)
    log.error("notices.operator_refuses_ours", key=key, reason=refusal.reason)
    return Result(state="failed", reason=refusal.reason)


def read_receipt(said: dict[str, bytes]) -> Told | None:
    """Return what a receipt of Kannel's says; None for what is no final word and resolves nothing."""
    key, reply = said.get("id", b"").decode("ascii", "replace"), said.get("reply", b"").decode("latin-1")
    reference = said.get("foreign", b"").decode("ascii", "replace")[:64]
    kind = kind_in(said.get("type", b""))
    if kind is None:
        number = said.get("type", b"")[:4]
        log.error("notices.receipt_code_unknown", key=key, code=f"type {number.decode() if number.isdigit() else ''}")
        return None
    if kind in {Kind.TAKEN, Kind.BUFFERED}:
        return Told(key=key, outcome=None, code=kind.name.lower(), reference=reference)
    if kind is Kind.REFUSED:
        return _refused_by_operator(key, reply)
    code, outcome = outcome_in(kind, reply)
    if outcome is None:
        log.error("notices.receipt_code_unknown", key=key, code=code)
    return Told(key=key, outcome=outcome, code=code, reference=reference)


def _refused_by_operator(key: str, reply: str) -> Told:
    """Return a text as failed: Kannel took it, its operator did not, and it is not tried again."""
    code, refusal = refusal_in(reply)
    if refusal is None:
        log.error("notices.operator_code_unknown", key=key, code=code)
    elif refusal.blame is Blame.OURS:
        log.error("notices.operator_refuses_ours", key=key, reason=refusal.reason)
    return Told(key=key, outcome=TextOutcome.FAILED, code=code)


def read_inbound(said: dict[str, bytes]) -> Part:
    """Return the text that somebody sent us: Kannel has put its parts together and says in which charset its words are."""
    charset = said.get("charset", b"").decode("ascii", "replace").upper()
    body, coding = said.get("text", b""), _OCTETS
    if charset in {"UTF-16BE", "UCS-2BE", "UCS-2"}:
        coding = _UCS_2
    elif charset in {"WINDOWS-1252", "CP1252"}:
        body = body.decode("cp1252", "replace").encode()
    return Part(
        phone=international(said.get("from", b"").decode("ascii", "replace")),
        coding=coding,
        body=body,
        operator_id=said.get("id", b"").decode("ascii", "replace")[:64],
    )
