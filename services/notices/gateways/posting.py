"""What all of ours have in common that post to a service: connections, the signature of JSON, and what an answer means.

    Lamplighter-Timestamp: 1772388000                  seconds since 1970, UTC
    Lamplighter-Signature: sha256=HEX                  HMAC-SHA256, under the shared secret, of `TIMESTAMP.BODY`
    Idempotency-Key: KEY                               the same again is the same notice: it is to be told once

Whoever is told checks the signature, and that the time is not minutes ago. A post may be repeated under its key, so that one
without an answer is posted again.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import httpx

from services.engine.gateway import Result

TIMESTAMP, SIGNATURE = "Lamplighter-Timestamp", "Lamplighter-Signature"
RETRY_MS: Final = 30_000
"""When to try again after an answer that asks for patience without saying how much, milliseconds."""
LONGEST_RETRY_MS: Final = 600_000
OLDEST_S: Final = 300
"""How long ago a signed message may have been sent."""

PATIENCE: Final = {408: "receiverTimedOut", 425: "receiverBusy", 429: "receiverThrottles"}
"""The 4xx answers that are not final."""


def opened(timeout_s: float, at_once: int, auth: tuple[str, str] | None = None) -> httpx.AsyncClient:
    """Return a client with so many connections at most. The environment is not asked for proxies: they would be a setting."""
    limits = httpx.Limits(max_connections=at_once)
    return httpx.AsyncClient(auth=auth, timeout=timeout_s, trust_env=False, limits=limits)


def signed(secret: str, body: bytes, seconds: int) -> dict[str, str]:
    """Return the headers that sign a body at this time."""
    proof = hmac.new(secret.encode(), str(seconds).encode() + b"." + body, hashlib.sha256).hexdigest()
    return {TIMESTAMP: str(seconds), SIGNATURE: f"sha256={proof}"}


def is_signed(secret: str, body: bytes, timestamp: str, signature: str, now_s: int) -> bool:
    """Answer whether a body was signed with this secret, and not long ago."""
    if not (timestamp.isascii() and timestamp.isdigit() and abs(now_s - int(timestamp[:12])) <= OLDEST_S):
        return False
    return hmac.compare_digest(signed(secret, body, int(timestamp))[SIGNATURE].encode(), signature.encode())


def judged(answer: httpx.Response, reference: str | None = None) -> Result:
    """Return what an answer means: done for a 2xx, to be tried again for 408, 425, 429 and 5xx, else refused for good."""
    status = answer.status_code
    if answer.is_success:
        return Result(state="done", reason="accepted", reference=reference)
    if answer.is_server_error or status in PATIENCE:
        return Result(
            state="later", reason=PATIENCE.get(status, "receiverFailed"), retry_after_ms=retry_after_ms(answer)
        )
    return Result(state="failed", reason=f"refused{status}")


def retry_after_ms(answer: httpx.Response, otherwise_ms: int = RETRY_MS) -> int:
    """Return how long an answer asks for patience, ms: between a second and ten minutes, `otherwise_ms` where it does not say."""
    seconds = answer.headers.get("Retry-After", "")
    if not (seconds.isascii() and seconds.isdigit()):
        return otherwise_ms
    return min(max(int(seconds[:9]) * 1_000, 1_000), LONGEST_RETRY_MS)
