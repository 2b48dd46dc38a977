"""Asks meters whether they have power, through the HTTP interface of the meters' head-end.

    POST {url}    Idempotency-Key: ID   {"id": "...", "meter": "M-17", "exercise": false}

Any 2xx answer says that the head-end will ask the meter, once for each id. What it learns it reports later on `outage.reports`,
or through the HTTP edge, as `outage.reported.v1` with `meter`: kind `powerRestored`, with `at` when the meter was seen to have
power, or `noAnswer`, with `at` when it was asked in vain. For a meter that it does not have it answers 404; every 4xx is final.
"""

from __future__ import annotations

import httpx
import msgspec

from services.engine.gateway import GatewayAway, Result
from services.outages.questions import EFFECT_KIND, PingBody

TIMEOUT_S = 10.0
RETRY_MS = 15_000
"""When to try again after an answer that asks for patience, milliseconds."""

NOT_HANDED_OVER = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""What httpx raises before it has sent anything."""
PATIENCE = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_EARLY, httpx.codes.TOO_MANY_REQUESTS})
"""The 4xx answers that are not final."""


class PingGateway:
    """Hands pings to the head-end at `url`. `exercise` is said with each of them."""

    kind: str = EFFECT_KIND

    def __init__(self, url: str, *, exercise: bool, name: str = "pings", timeout_s: float = TIMEOUT_S) -> None:
        self.name = name
        self._url = url
        self._exercise = exercise
        self._timeout_s = timeout_s
        self._client: httpx.AsyncClient | None = None

    async def start(self) -> None:
        """Open the connections. Raises `GatewayAway` when nobody answers at the head-end's address."""
        # Proxies are a setting like any other, and there is none: the environment is not asked.
        client = httpx.AsyncClient(timeout=self._timeout_s, trust_env=False)
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

    async def perform(self, key: str, shard: str, body: bytes) -> Result:  # noqa: ARG002 - a meter has one head-end
        """Ask for a ping. Raises `GatewayAway` when nothing was handed over."""
        if self._client is None:
            raise GatewayAway("not started")
        meter = msgspec.json.decode(body, type=PingBody).meter
        content = {"id": key, "meter": meter, "exercise": self._exercise}
        try:
            answer = await self._client.post(self._url, json=content, headers={"Idempotency-Key": key})
        except NOT_HANDED_OVER as error:
            raise GatewayAway(type(error).__name__) from error
        except httpx.TransportError:
            # The head-end may have it: one ping less is better than the same twice.
            return Result(state="unknown", reason="noAnswerInTime")
        return judged(answer)

    async def look_up(self, key: str) -> Result | None:  # noqa: ARG002 - the head-end tells nothing about single pings
        """Say that nobody knows what became of an attempt: it is not repeated."""
        return Result(state="unknown", reason="outcomeUnknown")


def judged(answer: httpx.Response) -> Result:
    """Return what the head-end's answer means: ours and permanent for a 4xx, to be tried again for a 5xx."""
    if answer.is_success:
        return Result(state="done", reason="accepted")
    if answer.is_server_error or answer.status_code in PATIENCE:
        return Result(state="later", reason="headEndBusy", retry_after_ms=RETRY_MS)
    return Result(state="failed", reason=f"refused{answer.status_code}")
