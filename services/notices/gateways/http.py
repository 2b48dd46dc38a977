"""Texts through a provider with a REST interface, as Twilio has it.

    POST {url}    basic authentication    To, From, Body, ValidityPeriod, StatusCallback -> {"sid", "status", "error_code"}
    POST {callback_url}/http/status?key=KEY    MessageSid, MessageStatus, ErrorCode
    POST {callback_url}/http/inbound           MessageSid, From, To, Body

What the provider posts is signed: base64 of HMAC-SHA1, under our token, of the address followed by every field and its value in
the order of the fields' names. The provider can be asked for a text by its own id, not by our key, and takes the same text twice.
So an attempt without an answer is not repeated, and waits for a status callback, whose address carries our key.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import msgspec
import structlog
from aiohttp import web

from schemas.events import TextOutcome
from services.engine.gateway import GatewayAway, Result
from services.notices.gateways.callbacks import OnTold, Told, refused, tell
from services.notices.gateways.http_codes import (
    EXPIRED,
    FAILURES,
    NOT_LET_IN,
    ON_THE_WAY,
    OUTCOMES,
    PATIENCE,
    REFUSALS,
    RETRY_MS,
)
from services.notices.gateways.posting import opened, retry_after_ms
from services.notices.gateways.smpp_codes import Blame
from services.notices.moments import EFFECT_KIND, LIFETIME_MS, TextBody
from services.notices.numbers import international
from services.notices.parts import Part

NAME: Final = "http"
STATUS, INBOUND = "/http/status", "/http/inbound"
"""Where the provider tells what became of a text, and brings what somebody wrote."""
SIGNATURE: Final = "X-Twilio-Signature"

TIMEOUT_S: Final = 10.0
AT_ONCE: Final = 400
"""As many as a sender has under way, so that none waits here and looks as if it had left."""
LONGEST_VALIDITY_S: Final = 14_400
_OCTETS: Final = 0x04
_NOT_HANDED_OVER = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

log = structlog.get_logger(__name__)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Our account at a provider: where texts are posted, as whom, from which number.

    `callback_url` is the address of our callbacks as the provider calls it; empty: it tells us nothing.
    """

    url: str
    user: str
    token: str
    sender: str
    callback_url: str = ""


class HttpGateway:
    """Sends texts, takes states of them and what others write.

    `phone_of` returns the number for a text at the time of sending; what it raises goes through: then nothing was handed over.
    """

    kind: str = EFFECT_KIND

    def __init__(
        self,
        account: Account,
        *,
        phone_of: Callable[[TextBody], Awaitable[str | None]],
        on_told: OnTold,
        on_inbound: Callable[[Part], Awaitable[None]],
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.name: str = NAME
        self._account = dataclasses.replace(account, callback_url=account.callback_url.rstrip("/"))
        self._phone_of = phone_of
        self._on_told = on_told
        self._on_inbound = on_inbound
        self._timeout_s = timeout_s
        self._client: httpx.AsyncClient | None = None

    async def start(self) -> None:
        """Open the connections. Raises `GatewayAway` when nobody answers, or we are not let in."""
        client = opened(self._timeout_s, AT_ONCE, (self._account.user, self._account.token))
        try:
            answer = await client.get(self._account.url, params={"PageSize": "1"})
        except httpx.TransportError as error:
            await client.aclose()
            raise GatewayAway(type(error).__name__) from error
        if answer.status_code in NOT_LET_IN:
            await client.aclose()
            raise GatewayAway("loginRefused")
        self._client = client

    async def stop(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def perform(self, key: str, shard: str, body: bytes) -> Result:  # noqa: ARG002 (the port's form)
        """Hand a text to the provider. Raises `GatewayAway` when nothing was handed over."""
        text = msgspec.json.decode(body, type=TextBody)
        number = await self._phone_of(text)
        if number is None:
            return Result(state="failed", reason="noPhone")
        if self._client is None:
            raise GatewayAway("notStarted")
        form = {
            "To": number,
            "From": self._account.sender,
            "Body": text.words,
            "ValidityPeriod": str(min(LIFETIME_MS[text.moment] // 1_000, LONGEST_VALIDITY_S)),
        }
        if self._account.callback_url:
            form["StatusCallback"] = f"{self._account.callback_url}{STATUS}?{urlencode({'key': key})}"
        try:
            answer = await self._client.post(self._account.url, data=form)
        except _NOT_HANDED_OVER as error:
            raise GatewayAway(type(error).__name__) from error
        except httpx.TimeoutException:
            return Result(state="unknown", reason="noAnswer")
        except httpx.TransportError:
            return Result(state="unknown", reason="connectionLost")
        return result_of(answer, key)

    async def look_up(self, key: str) -> Result | None:  # noqa: ARG002 - the provider does not know our key
        """Say that nobody can be asked: the outcome stays unknown until the provider tells something of the text."""
        return Result(state="unknown", reason="noLookUp")

    def routes(self) -> web.RouteTableDef:
        """Return the routes that the provider calls; what it posts is signed."""
        table = web.RouteTableDef()

        @table.post(STATUS)
        async def _status(request: web.Request) -> web.Response:
            form = await self._signed(request)
            return await tell(self._on_told, read_status(request.query.get("key", ""), form))

        @table.post(INBOUND)
        async def _inbound(request: web.Request) -> web.Response:
            form = await self._signed(request)
            phone = international(form.get("From", ""))
            if phone:
                words, name = form.get("Body", "").encode(), form.get("MessageSid", "")[:64]
                await self._on_inbound(Part(phone=phone, coding=_OCTETS, body=words, operator_id=name))
            else:
                log.warning("notices.inbound_from_no_number", gateway=self.name)
            return web.Response(text="<Response/>", content_type="text/xml")

        return table

    async def _signed(self, request: web.Request) -> dict[str, str]:
        """Return the fields of a call of the provider's. Raises 403 when its signature is not right."""
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        expected = signature(self._account.token, f"{self._account.callback_url}{request.raw_path}", form)
        if not hmac.compare_digest(request.headers.get(SIGNATURE, "").encode(), expected.encode()):
            raise refused(self.name)
        return form


def signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """Return the signature of a call to `url` with these fields."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def result_of(answer: httpx.Response, key: str) -> Result:
    """Return what the provider's answer means. Raises `GatewayAway` when we are not let in: nothing was handed over."""
    status, content = answer.status_code, _content(answer)
    if answer.is_success:
        code = content.get("error_code")
        return _refused(int(code), key) if isinstance(code, int) and code else _taken(content)
    if status in NOT_LET_IN:
        raise GatewayAway("loginRefused")
    if status in PATIENCE:
        return Result(state="later", reason=PATIENCE[status], retry_after_ms=retry_after_ms(answer, RETRY_MS))
    if answer.is_server_error:
        return Result(state="unknown", reason=f"providerFailed{status}")
    code = content.get("code")
    if isinstance(code, int):
        return _refused(code, key)
    log.error("notices.operator_code_unknown", key=key, code=f"http{status}")
    return Result(state="failed", reason=f"refused{status}")


def _taken(content: Mapping[str, Any]) -> Result:
    name = content.get("sid")
    return Result(state="done", reason="accepted", reference=name[:64] if isinstance(name, str) else None)


def _refused(code: int, key: str) -> Result:
    """Return what a refusal means. Of an unknown code only so much is known: the provider did not take the text."""
    refusal = REFUSALS.get(code) or FAILURES.get(code)
    if refusal is None:
        log.error("notices.operator_code_unknown", key=key, code=str(code))
        return Result(state="failed", reason=f"providerCode{code}")
    if refusal.blame is Blame.TEMPORARY:
        return Result(state="later", reason=refusal.reason, retry_after_ms=RETRY_MS)
    if refusal.blame is Blame.OURS:
        log.error("notices.operator_refuses_ours", key=key, reason=refusal.reason)
    return Result(state="failed", reason=refusal.reason)


def read_status(key: str, form: Mapping[str, str]) -> Told | None:
    """Return what a status callback says; None for a state that is in no table."""
    state, reference = form.get("MessageStatus", "").lower(), form.get("MessageSid", "")[:64]
    if state in ON_THE_WAY:
        return Told(key=key, outcome=None, code=state, reference=reference)
    outcome = OUTCOMES.get(state)
    if outcome is None:
        log.error("notices.receipt_code_unknown", key=key, code=state[:32] if state.isalpha() else "")
        return None
    error = form.get("ErrorCode", "")
    number = int(error) if error.isascii() and error.isdigit() else 0
    if outcome is TextOutcome.FAILED and number:
        failure = FAILURES.get(number) or REFUSALS.get(number)
        if failure is None:
            log.error("notices.operator_code_unknown", key=key, code=error[:16])
        elif failure.blame is Blame.OURS:
            log.error("notices.operator_refuses_ours", key=key, reason=failure.reason)
        outcome = TextOutcome.EXPIRED if number in EXPIRED else outcome
    return Told(key=key, outcome=outcome, code=f"{state}:{number}" if number else state, reference=reference)


def _content(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}
