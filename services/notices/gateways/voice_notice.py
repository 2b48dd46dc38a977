"""Notices spoken to a telephone, through a service that knows how to call and to speak. This is its contract.

    POST {url}      {"key", "phone", "language", "words", "exercise", "callback"}  ->  2xx {"id": "..."}
    POST {callback} {"key", "id", "state"}    state: ringing | answered | noAnswer | refused | failed

Both ways signed, and repeated under the key, as `posting` says: the service speaks a notice once, however often it is posted. It
rings for as long as the notice is news, an hour at most. `words` are to be spoken as they are, in `language` (a BCP 47 tag).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx
import msgspec
import structlog
from aiohttp import web

from schemas.events import TextOutcome
from services.clock import wall_ms
from services.engine.gateway import GatewayAway, Result
from services.notices.gateways.callbacks import OnTold, Told, refused, tell
from services.notices.gateways.posting import RETRY_MS, SIGNATURE, TIMESTAMP, is_signed, judged, opened, signed
from services.notices.moments import TextBody

KIND: Final = "voiceNotice"
"""The kind of effect that a spoken notice is."""
REAL_NAME, DRILL_NAME = "voice", "drill:voice"
STATUS: Final = "/voice/status"
TIMEOUT_S: Final = 10.0
AT_ONCE: Final = 50

_OUTCOMES: Final = {
    "answered": TextOutcome.DELIVERED,
    "noAnswer": TextOutcome.EXPIRED,
    "refused": TextOutcome.FAILED,
    "failed": TextOutcome.FAILED,
}
_ON_THE_WAY: Final = frozenset({"ringing"})
_NOT_HANDED_OVER = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

log = structlog.get_logger(__name__)


class VoiceNoticeGateway:
    """Hands notices to the service at `url`. `phone_of` returns number and language of one, at the time of sending.

    `callback_url` is the address of our callbacks as the service calls it; empty: it tells us nothing.
    """

    kind: str = KIND

    def __init__(
        self,
        url: str,
        *,
        secret: str,
        callback_url: str,
        exercise: bool,
        phone_of: Callable[[TextBody], Awaitable[tuple[str, str] | None]],
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.name: str = DRILL_NAME if exercise else REAL_NAME
        self._url = url
        self._secret = secret
        self._callback = f"{callback_url.rstrip('/')}{STATUS}" if callback_url else ""
        self._exercise = exercise
        self._phone_of = phone_of
        self._timeout_s = timeout_s
        self._client: httpx.AsyncClient | None = None

    async def start(self) -> None:
        """Open the connections. Raises `GatewayAway` when nobody answers at the service's address."""
        client = opened(self._timeout_s, AT_ONCE)
        try:
            await client.get(self._url)
        except httpx.TransportError as error:
            await client.aclose()
            raise GatewayAway(type(error).__name__) from error
        self._client = client

    async def stop(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def perform(self, key: str, shard: str, body: bytes) -> Result:  # noqa: ARG002 (the port's form)
        """Have a notice spoken. Raises `GatewayAway` when nothing was handed over."""
        text = msgspec.json.decode(body, type=TextBody)
        reached = await self._phone_of(text)
        if reached is None:
            return Result(state="failed", reason="noContact")
        if self._client is None:
            raise GatewayAway("notStarted")
        phone, language = reached
        content = msgspec.json.encode(
            {
                "key": key,
                "phone": phone,
                "language": language,
                "words": text.words,
                "exercise": self._exercise,
                "callback": self._callback,
            }
        )
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            **signed(self._secret, content, wall_ms() // 1_000),
        }
        try:
            answer = await self._client.post(self._url, content=content, headers=headers)
        except _NOT_HANDED_OVER as error:
            raise GatewayAway(type(error).__name__) from error
        except httpx.TransportError:
            return Result(state="later", reason="noAnswerInTime", retry_after_ms=RETRY_MS)
        return judged(answer, _name_in(answer))

    async def look_up(self, key: str) -> Result | None:  # noqa: ARG002 - nobody is asked: a repeat is harmless
        """Say that an attempt without an outcome may be made again: its key keeps it from being spoken twice."""
        return None


def routes(secret: str, on_told: OnTold) -> web.RouteTableDef:
    """Return the route on which the service tells what became of a notice; what it posts is signed."""
    table = web.RouteTableDef()

    @table.post(STATUS)
    async def _status(request: web.Request) -> web.Response:
        body = await request.read()
        said = request.headers
        if not is_signed(secret, body, said.get(TIMESTAMP, ""), said.get(SIGNATURE, ""), wall_ms() // 1_000):
            raise refused(REAL_NAME)
        return await tell(on_told, read_status(body))

    return table


def read_status(body: bytes) -> Told | None:
    """Return what a status says; None for a state that is in no table."""
    try:
        said: Any = json.loads(body)
        key, state, name = str(said["key"]), str(said["state"]), str(said.get("id", ""))[:64]
    except (ValueError, KeyError, TypeError, AttributeError):
        key, state, name = "", "", ""
    if state in _ON_THE_WAY:
        return Told(key=key, outcome=None, code=state, reference=name)
    outcome = _OUTCOMES.get(state)
    if outcome is None:
        log.error("notices.receipt_code_unknown", key=key, code=state[:32] if state.isalpha() else "")
        return None
    return Told(key=key, outcome=outcome, code=state, reference=name)


def _name_in(answer: httpx.Response) -> str | None:
    """Return the service's own name for a notice, when its answer has one."""
    try:
        content: Any = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None
    name = content.get("id") if isinstance(content, dict) else None
    return name[:64] if isinstance(name, str) else None
