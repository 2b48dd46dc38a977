"""Speaks to the HTTP edge."""

from __future__ import annotations

import io
import json
from typing import Any

from aiohttp import ClientSession

REPORT = {
    "type": "outage.reported.v1",
    "id": "r-1",
    "at": "2026-03-01T18:00:00Z",
    "kind": "call",
    "customer": "T1-1",
}


async def post(
    edge: ClientSession,
    key: str | None,
    body: Any,
    *,
    path: str = "/api/v1/reports",
    idempotency_key: str | None = None,
    content_type: str = "application/json",
) -> tuple[int, Any]:
    """Send a body, bytes as they are and all else as JSON; return the status and the answer."""
    headers = {"Content-Type": content_type}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    if idempotency_key is not None:
        headers["Idempotency-Key"] = idempotency_key
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with edge.post(path, data=io.BytesIO(data), headers=headers) as answer:
        return answer.status, await answer.json()


async def get(edge: ClientSession, key: str | None, path: str) -> tuple[int, Any]:
    """Ask; return the status and the answer."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    async with edge.get(path, headers=headers) as answer:
        return answer.status, await answer.json()


def code(answered: tuple[int, Any]) -> tuple[int, str]:
    """Return the status and the code of an error."""
    status, body = answered
    assert set(body) == {"error"}
    assert isinstance(body["error"]["detail"], str)
    return status, body["error"]["code"]
