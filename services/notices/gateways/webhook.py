"""Notices to programs: posted as a CloudEvent (1.0, structured mode, JSON) to the address that a customer gave.

    POST {address}     {"specversion": "1.0", "id": KEY, "source": "lamplighter", "type": "lamplighter.notice.v1", "time": "...",
                        "datacontenttype": "application/json",
                        "data": {"customer", "moment", "subject", "words", "exercise"}}

Signed, and repeated under its key, as `posting` says. Only `https`, or this machine, or a host that a setting names.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Final

import httpx
import msgspec
import structlog

from services.clock import from_ms, wall_ms
from services.engine.gateway import GatewayAway, Result
from services.notices.gateways.posting import RETRY_MS, judged, opened, signed
from services.notices.moments import TextBody

KIND: Final = "webhook"
"""The kind of effect that a notice to a program is."""
REAL_NAME, DRILL_NAME = "webhook", "drill:webhook"
TYPE: Final = "lamplighter.notice.v1"
TIMEOUT_S: Final = 10.0
AT_ONCE: Final = 50
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

log = structlog.get_logger(__name__)


class WebhookGateway:
    """Posts notices. `address_of` returns where one goes, at the time of sending; `plain` are hosts that need no TLS.

    One address that does not answer holds up no other: what was meant for it is tried again until it is no news any more.
    """

    kind: str = KIND

    def __init__(
        self,
        *,
        secret: str,
        plain: Collection[str],
        exercise: bool,
        address_of: Callable[[TextBody], Awaitable[str | None]],
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.name: str = DRILL_NAME if exercise else REAL_NAME
        self._secret = secret
        self._plain = LOOPBACK | set(plain)
        self._exercise = exercise
        self._address_of = address_of
        self._timeout_s = timeout_s
        self._client: httpx.AsyncClient | None = None

    async def start(self) -> None:
        """Get ready. Whether those addresses answer is seen when something is posted to them."""
        self._client = opened(self._timeout_s, AT_ONCE)

    async def stop(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def perform(self, key: str, shard: str, body: bytes) -> Result:  # noqa: ARG002 (the port's form)
        """Post a notice. Raises `GatewayAway` before `start`."""
        text = msgspec.json.decode(body, type=TextBody)
        address = await self._address_of(text)
        if address is None:
            return Result(state="failed", reason="noContact")
        if self._client is None:
            raise GatewayAway("notStarted")
        url = allowed(address, self._plain)
        if url is None:
            log.error("notices.address_not_allowed", key=key, gateway=self.name)
            return Result(state="failed", reason="addressNotAllowed")
        now = wall_ms()
        content = envelope(key, text, exercise=self._exercise, now_ms=now)
        headers = {
            "Content-Type": "application/cloudevents+json",
            "Idempotency-Key": key,
            **signed(self._secret, content, now // 1_000),
        }
        try:
            answer = await self._client.post(url, content=content, headers=headers)
        except httpx.TimeoutException:
            return Result(state="later", reason="noAnswerInTime", retry_after_ms=RETRY_MS)
        except httpx.TransportError:
            return Result(state="later", reason="receiverAway", retry_after_ms=RETRY_MS)
        return judged(answer)

    async def look_up(self, key: str) -> Result | None:  # noqa: ARG002 - nobody is asked: a repeat is harmless
        """Say that an attempt without an outcome may be made again: its key keeps it from being told twice."""
        return None


def envelope(key: str, text: TextBody, *, exercise: bool, now_ms: int) -> bytes:
    """Return the event that is posted."""
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": key,
            "source": "lamplighter",
            "type": TYPE,
            "time": from_ms(now_ms),
            "datacontenttype": "application/json",
            "data": {
                "customer": text.customer,
                "moment": text.moment,
                "subject": text.subject,
                "words": text.words,
                "exercise": exercise,
            },
        }
    )


def allowed(address: str, plain: Collection[str]) -> httpx.URL | None:
    """Return an address to which a notice may be posted; None for one without TLS that is neither here nor named."""
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError):
        return None
    if url.scheme == "https" and url.host:
        return url
    return url if url.scheme == "http" and url.host in plain else None
