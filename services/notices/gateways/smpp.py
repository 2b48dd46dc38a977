"""The text gateway: an SMPP 3.4 operator, in process.

Our key travels with each text in a vendor option, so that the operator can be asked for an attempt whose outcome is not
known; its receipts name the text by its own id, which the outcome of the attempt keeps (`Result.reference`).
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final
from urllib.parse import quote

import httpx
import msgspec
import structlog
from aiosmpplib import NPI, TON, OptionalParam, PhoneNumber, SubmitSm

from schemas.events import TextOutcome
from services.engine.gateway import GatewayAway, Result
from services.notices.gateways.smpp_codes import ACCEPTED, ON_THE_WAY, OUTCOMES, REFUSALS, RETRY_MS, STATES, Blame
from services.notices.gateways.smpp_link import (
    ENQUIRE_S,
    OPTION_REFERENCE,
    SOCKET_S,
    Answer,
    Link,
    LinkLost,
    LinkRefused,
    Peer,
    Receipt,
)
from services.notices.gsm import measure
from services.notices.moments import EFFECT_KIND, LIFETIME_MS, TextBody
from services.notices.parts import Part
from services.notices.reconciling import Fate

DRILL_SYSTEM_ID: Final = "LAMPLIGHT-DRILL"
"""What the operator of a drill calls itself: at most 15 characters, as SMPP has it."""

REAL_NAME, DRILL_NAME = "smpp", "drill:smpp"
"""What is written beside each text that went out: by a real operator, by the drill's."""

WINDOW: Final = 200
"""How many texts may wait for the operator's answer at once, where its contract says nothing."""

MOST_URGENT: Final = 3
"""The priority at the operator of a text about danger; all others have none."""

ANSWER_S: Final = 15.0
GOODBYE_S: Final = 2.0
LOOK_UP_S: Final = 10.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0

LOST: Final = "linkLost"
"""Why an outcome is unknown, or a link ended: it died."""

log = structlog.get_logger(__name__)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Receipted:
    """What a receipt says: the operator's name for the text, what became of it, the operator's own code.

    `key` is ours, where it came back; `phone` the number the text went to, in international form, empty where the receipt has none.
    """

    reference: str
    outcome: TextOutcome
    code: str
    key: str = ""
    phone: str = ""


OnReceipt = Callable[[Receipted], Awaitable[None]]
"""Stores what became of a text. If it raises, the receipt comes again."""

OnInbound = Callable[[Part], Awaitable[None]]
"""Stores a text that somebody sent us, or a part of one. If it raises, it comes again."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the operator is found now. `lookup_url`: its HTTP address for questions about texts, if it has any."""

    host: str
    port: int
    system_id: str
    password: str
    lookup_url: str | None = None


class SmppGateway:
    """Sends texts, takes receipts and what others write. A link that dies is replaced; until then attempts find it away.

    `endpoint` is asked before each connection; `phone_of` returns the number for a text at the time of sending. What they
    raise within an attempt or a look-up goes through: then nothing was handed over.
    """

    kind: str = EFFECT_KIND

    def __init__(
        self,
        *,
        endpoint: Callable[[], Awaitable[Endpoint]],
        sender: str,
        exercise: bool,
        phone_of: Callable[[TextBody], Awaitable[str | None]],
        on_receipt: OnReceipt,
        on_inbound: OnInbound,
        window: int = WINDOW,
        answer_s: float = ANSWER_S,
        enquire_s: float = ENQUIRE_S,
    ) -> None:
        self.name: str = DRILL_NAME if exercise else REAL_NAME
        self._endpoint = endpoint
        self._sender = (
            PhoneNumber(sender, TON.UNKNOWN, NPI.ISDN) if sender.isdecimal() else PhoneNumber(sender, TON.ALPHANUMERIC)
        )
        self._exercise = exercise
        self._phone_of = phone_of
        self._on_receipt = on_receipt
        self._on_inbound = on_inbound
        self._size = window
        self._window = asyncio.Semaphore(window)
        self._answer_s = answer_s
        self._enquire_s = enquire_s
        self._link: Link | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._first: asyncio.Future[None] | None = None
        self._links: set[asyncio.Task[None]] = set()
        self._http: httpx.AsyncClient | None = None

    async def start(self) -> None:
        """Connect, and stay connected from then on. Raises `GatewayAway` when the first attempt fails."""
        self._http = httpx.AsyncClient(timeout=LOOK_UP_S)
        self._first = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.create_task(self._keep())
        try:
            await self._first
        except GatewayAway:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Let what is in flight come to its end, then disconnect."""
        for _ in range(self._size):
            await self._window.acquire()
        link, self._link = self._link, None
        for _ in range(self._size):
            self._window.release()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        if link is not None:
            await link.leave()
        if self._links:
            await asyncio.wait(self._links, timeout=GOODBYE_S)
        for task in self._links:
            task.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)
        if self._http is not None:
            await self._http.aclose()

    async def perform(self, key: str, shard: str, body: bytes) -> Result:  # noqa: ARG002 (the port's form)
        """Send a text. Raises `GatewayAway` when there is no link, so that nothing was handed over."""
        text = msgspec.json.decode(body, type=TextBody)
        number = await self._phone_of(text)
        if number is None:
            return Result(state="failed", reason="noPhone")
        async with self._window:
            if self._link is None:
                raise GatewayAway("not bound to the operator")
            try:
                answer = await self._link.submit(self._message(key, number, text), self._answer_s)
            except LinkLost as lost:
                if lost.handed_over:
                    return Result(state="unknown", reason=LOST, ask=True)
                raise GatewayAway("the link died before the text was handed over") from lost
            except TimeoutError:
                return Result(state="unknown", reason="noAnswer", ask=True)
            except ValueError:
                log.error("notices.text_not_sendable", key=key)  # noqa: TRY400 (the trace would show the text)
                return Result(state="failed", reason="notSendable")
        return result_of(answer, key)

    async def look_up(self, key: str) -> Result | None:
        """Ask the operator for a text by our key. None: it never got it. Raises `GatewayAway`."""
        url = (await self._endpoint()).lookup_url
        if url is None or self._http is None:
            return Result(state="unknown", reason="noLookUp")
        try:
            reply = await self._http.get(f"{url}/texts/{quote(key, safe='')}")
            if reply.status_code == httpx.codes.NOT_FOUND:
                return None
            if reply.status_code == httpx.codes.NOT_IMPLEMENTED:
                return Result(state="unknown", reason="noLookUp")
            reply.raise_for_status()
            return Result(state="done", reason="foundByLookUp", reference=str(reply.json()["operator_id"]))
        except (httpx.HTTPError, RuntimeError, ValueError, KeyError) as error:  # the second: closed in the middle of it
            raise GatewayAway(f"look-up failed: {type(error).__name__}") from error

    async def fate_of(self, reference: str) -> Fate | None:
        """Ask what became of the text that the operator calls `reference`. None: it cannot tell. Raises `GatewayAway`."""
        if self._link is None:
            raise GatewayAway("not bound to the operator")
        try:
            said = await self._link.query(reference, self._sender, self._answer_s)
        except LinkLost as lost:
            raise GatewayAway("the link died before the question was answered") from lost
        except TimeoutError:
            return None
        word = STATES.get(said.state, "")
        if said.status != ACCEPTED or not word:
            return None
        return Fate(outcome=OUTCOMES.get(word), code=f"{word}:{said.error:03d}")

    def _message(self, key: str, number: str, text: TextBody) -> SubmitSm:
        whole = measure(text.words).segments == 1  # of a longer one the operator makes parts
        return SubmitSm(
            short_message=text.words if whole else "",
            message_payload="" if whole else text.words,
            source=self._sender,
            destination=PhoneNumber(number.removeprefix("+"), TON.INTERNATIONAL, NPI.ISDN),
            validity_period=timedelta(milliseconds=LIFETIME_MS[text.moment]),
            registered_delivery=1,
            priority_flag=MOST_URGENT if text.safety else 0,
            optional_params=[OptionalParam(OPTION_REFERENCE, key)],
            log_id=key,
        )

    async def _keep(self) -> None:
        pause, before = FIRST_PAUSE_S, ""
        while True:
            reason = await self._one_link()
            if reason != before:  # said once, not at every attempt
                log.warning("notices.operator_away", gateway=self.name, reason=reason)
            before = "" if reason == LOST else reason
            if self._first is not None and not self._first.done():
                self._first.set_exception(GatewayAway(reason))
                return
            if reason == LOST:
                pause = FIRST_PAUSE_S
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _one_link(self) -> str:
        """Bind once and stay until the link is dead; return why it ended."""
        try:
            place = await self._endpoint()
        except Exception as error:  # noqa: BLE001 (whoever knows the place is away; asked again at the next attempt)
            return f"placeUnknown:{type(error).__name__}"
        link = Link(
            Peer(
                host=place.host,
                port=place.port,
                system_id=place.system_id,
                password=place.password,
                must_be=DRILL_SYSTEM_ID if self._exercise else None,
                must_not_be=None if self._exercise else DRILL_SYSTEM_ID,
                enquire_s=self._enquire_s,
                socket_s=min(SOCKET_S, self._enquire_s),
            ),
            self._take,
            self._on_inbound,
        )
        serving = asyncio.create_task(link.serve())
        self._links.add(serving)
        serving.add_done_callback(self._ended)
        waits = [asyncio.create_task(event.wait()) for event in (link.bound, link.dead)]
        try:
            await asyncio.wait([serving, *waits], return_when=asyncio.FIRST_COMPLETED)
            if not link.bound.is_set():
                await asyncio.wait([serving])
                return _why_not(serving)
            self._link = link
            log.info("notices.operator_bound", gateway=self.name)
            if self._first is not None and not self._first.done():
                self._first.set_result(None)
            await asyncio.wait([serving, waits[1]], return_when=asyncio.FIRST_COMPLETED)
            link.fail()
            return LOST
        finally:
            self._link = None
            for wait in waits:
                wait.cancel()

    def _ended(self, serving: asyncio.Task[None]) -> None:
        self._links.discard(serving)
        error = None if serving.cancelled() else serving.exception()
        if error is not None and not isinstance(error, LinkRefused):
            log.error("notices.link_failed", gateway=self.name, error=type(error).__name__)

    async def _take(self, receipt: Receipt) -> None:
        code = f"{receipt.state}:{receipt.error}" if receipt.error else receipt.state
        outcome = OUTCOMES.get(receipt.state)
        if outcome is not None and receipt.operator_id:
            await self._on_receipt(
                Receipted(
                    reference=receipt.operator_id, outcome=outcome, code=code, key=receipt.key, phone=receipt.phone
                )
            )
        elif receipt.state not in ON_THE_WAY:
            log.error("notices.receipt_code_unknown", operator_id=receipt.operator_id, code=code)


def result_of(answer: Answer, key: str) -> Result:
    """Return what an operator's answer means. An unknown code is an alarm, and the outcome is unknown."""
    if answer.status == ACCEPTED:
        return Result(state="done", reason="accepted", reference=answer.operator_id)
    refusal = REFUSALS.get(answer.status)
    if refusal is None:
        log.error("notices.operator_code_unknown", key=key, code=f"{answer.status:#x}")
        return Result(state="unknown", reason=f"operatorCode{answer.status:#x}")
    if refusal.blame is Blame.TEMPORARY:
        return Result(state="later", reason=refusal.reason, retry_after_ms=RETRY_MS)
    if refusal.blame is Blame.OURS:
        log.error("notices.operator_refuses_ours", key=key, reason=refusal.reason)
    return Result(state="failed", reason=refusal.reason)


def _why_not(serving: asyncio.Task[None]) -> str:
    error = serving.exception() if serving.done() and not serving.cancelled() else None
    return error.reason if isinstance(error, LinkRefused) else "notReachable"
