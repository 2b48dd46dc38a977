"""Places calls through a voice provider's HTTP interface.

    POST {base}/calls          Idempotency-Key: KEY   {"key", "account", "contact", "outage", "phone", "language", "say"}
    GET  {base}/calls/{key}    404: no such call

A call may be handed over twice under one key: the provider places it once.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

import httpx
import msgspec

from services.engine.gateway import GatewayAway, Result
from services.hotline.entities import CallBody

TIMEOUT_S = 10.0
RETRY_MS = 30_000
"""When to try again after an answer that asks for patience without saying how much, milliseconds."""
LONGEST_RETRY_MS = 600_000

NOT_HANDED_OVER = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""What httpx raises before it has sent anything."""

PATIENCE = {
    httpx.codes.REQUEST_TIMEOUT: "providerTimedOut",
    httpx.codes.TOO_EARLY: "providerBusy",
    httpx.codes.TOO_MANY_REQUESTS: "providerThrottles",
}
"""The 4xx answers that are not final."""


class Phonebook(Protocol):
    """Knows the phones of contacts, and which calls are wanted still."""

    async def phone_of(self, account: str, contact: str) -> str | None:
        """Return the phone of a contact; None when there is no such contact."""

    async def wanted(self, call: str) -> bool:
        """Say whether calling was not stopped since the call of this key was decided."""


class VoiceGateway:
    """Hands calls to the provider at `base`, the address without `/calls`."""

    kind: str = "call"

    def __init__(self, base: str, contacts: Phonebook, *, name: str = "voice", timeout_s: float = TIMEOUT_S) -> None:
        self.name = name
        self._base = base.rstrip("/")
        self._contacts = contacts
        self._timeout_s = timeout_s
        self._client: httpx.AsyncClient | None = None

    async def start(self) -> None:
        """Open the connections. Raises `GatewayAway` when nobody answers at the provider's address."""
        # Proxies are a setting like any other, and there is none: the environment is not asked.
        client = httpx.AsyncClient(timeout=self._timeout_s, trust_env=False)
        try:
            await client.get(f"{self._base}/calls/-")
        except httpx.TransportError as error:
            await client.aclose()
            raise GatewayAway(type(error).__name__) from error
        self._client = client

    async def stop(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def perform(self, key: str, shard: str, body: bytes) -> Result:  # noqa: ARG002 - the body names the account
        """Place the call, unless it is not wanted any more. Raises `GatewayAway` when nothing was handed over."""
        call = msgspec.json.decode(body, type=CallBody)
        if not await self._contacts.wanted(key):
            return Result(state="failed", reason="stoppedMeanwhile")
        phone = await self._contacts.phone_of(call.account, call.contact)
        if phone is None:
            return Result(state="failed", reason="noContact")
        content = {
            "key": key,
            "account": call.account,
            "contact": call.contact,
            "outage": call.outage,
            "phone": phone,
            "language": call.language,
            "say": call.say,
        }
        try:
            answer = await self._connected().post(f"{self._base}/calls", json=content, headers={"Idempotency-Key": key})
        except NOT_HANDED_OVER as error:
            raise GatewayAway(type(error).__name__) from error
        except httpx.TimeoutException:
            return Result(state="unknown", reason="noAnswerInTime", ask=True)
        except httpx.TransportError:
            return Result(state="unknown", reason="connectionLost", ask=True)
        return judged(answer)

    async def look_up(self, key: str) -> Result | None:
        """Ask what the provider knows of a call. Raises `GatewayAway` when that cannot be found out now."""
        try:
            answer = await self._connected().get(f"{self._base}/calls/{key}")
        except httpx.TransportError as error:
            raise GatewayAway(type(error).__name__) from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if not answer.is_success:
            raise GatewayAway(f"answered {answer.status_code}")
        return Result(state="done", reason="accepted", reference=_reference(answer))

    def _connected(self) -> httpx.AsyncClient:
        if self._client is None:
            raise GatewayAway("not started")
        return self._client


def judged(answer: httpx.Response) -> Result:
    """Return what an answer to `POST /calls` means: ours and permanent for a 4xx, to be tried again for a 5xx."""
    status = answer.status_code
    if answer.is_success:
        return Result(state="done", reason="accepted", reference=_reference(answer))
    if answer.is_server_error or status in PATIENCE:
        reason = PATIENCE.get(httpx.codes(status), "providerFailed") if status in PATIENCE else "providerFailed"
        return Result(state="later", reason=reason, retry_after_ms=_retry_after_ms(answer))
    return Result(state="failed", reason=f"refused{status}")


def _retry_after_ms(answer: httpx.Response) -> int:
    seconds = answer.headers.get("Retry-After", "")
    if not (seconds.isascii() and seconds.isdigit()):
        return RETRY_MS
    return min(max(int(seconds[:9]) * 1_000, 1_000), LONGEST_RETRY_MS)


def _reference(answer: httpx.Response) -> str | None:
    """Return the provider's own id of the call, when its answer has one."""
    try:
        content: Any = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None
    reference = content.get("reference") if isinstance(content, dict) else None
    return reference[:64] if isinstance(reference, str) else None
