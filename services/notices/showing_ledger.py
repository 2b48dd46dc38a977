"""The ledger of texts as people read it: who was told what, when, whether it arrived, and what was written back."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

from services.engine.taking import Connection
from services.notices.gsm import segments
from services.notices.people import handle_of

DAY_MS: Final = 86_400_000
WEEK_MS: Final = 7 * DAY_MS
"""Without an incident or a customer so much of the ledger is looked through at once, and a day of it counted."""
REPLY_MS: Final = DAY_MS
"""What a phone writes so long after a text, and before the next one, is taken for the answer to it."""
CHANNELS: Final = {"text": "text", "email": "email", "webhook": "webhook", "voiceNotice": "voice"}
"""The channel of each kind of effect that tells somebody something."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which rows are wanted; None: whatever it is. `before` is the time (ms) and key of the row after which they begin."""

    incident: str | None = None
    customer: str | None = None
    state: str | None = None
    moment: str | None = None
    before: tuple[int, str] | None = None
    limit: int = 100


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """Something that somebody was told, or answered. Phones and words are in full; times are milliseconds.

    `asked` is the text that an answer answers, `reply` what the phone wrote next.
    """

    key: str
    at_ms: int
    channel: str
    moment: str
    incident: str
    customer: str
    customers: list[str]
    phone: str
    words: str
    state: str
    reason: str
    segments: int
    estimate_ms: int | None
    expires_at_ms: int | None
    gateway: str
    attempts: int
    receipt_at_ms: int | None
    by: str
    asked_words: str | None
    asked_at_ms: int | None
    reply_words: str | None
    reply_at_ms: int | None


# A text, whoever decided on it: a notice, the answer of a rule to a text that came in, the answer of a person.
_TOLD = """
    SELECT n.key, n.decided_at_ms AS at_ms, n.moment, n.incident, n.customer, n.customers, n.handle, n.estimate_ms,
           n.receipt, n.receipt_at_ms, n.operator_code, '' AS by, NULL AS inbound
    FROM notice_decided n WHERE {notices}
    UNION ALL
    SELECT t.answer, t.decided_at_ms, 'answer', '', '', '{{}}'::text[], t.handle, NULL,
           t.receipt, t.receipt_at_ms, NULL, '', t.id
    FROM inbound_text t WHERE t.answer IS NOT NULL AND {texts}
    UNION ALL
    SELECT a.key, a.decided_at_ms, 'answer', '', '', '{{}}'::text[], t.handle, NULL,
           a.receipt, a.receipt_at_ms, NULL, coalesce(u.name, a.by_user), t.id
    FROM inbound_answer a JOIN inbound_text t ON t.id = a.text LEFT JOIN app_user u ON u.user_id = a.by_user
    WHERE {answers}"""

_ROWS = f"""
WITH told AS ({{told}}),
page AS (
    SELECT n.*, e.kind, e.body, e.expires_at_ms, e.attempts, coalesce(e.gateway, '') AS gateway,
           coalesce(n.receipt, e.state, 'due') AS state, coalesce(n.operator_code, e.reason, '') AS reason
    FROM {{newest}} n LEFT JOIN effects e ON e.key = n.key
    WHERE ($1::text IS NULL OR coalesce(n.receipt, e.state, 'due') = $1)
      AND ($5::text IS NULL OR n.moment = $5)
      AND ($2::bigint IS NULL OR (n.at_ms, n.key) < ($2, $3::text))
    ORDER BY n.at_ms DESC, n.key DESC LIMIT $4)
SELECT n.key, n.at_ms, coalesce(n.kind, 'text') AS kind, n.moment, n.incident, n.customer, n.customers, n.estimate_ms, n.state,
       n.reason, n.expires_at_ms, n.gateway, coalesce(n.attempts, 0) AS attempts, n.receipt_at_ms, n.by,
       coalesce(n.body ->> 'words', '') AS words,
       coalesce(CASE WHEN n.inbound IS NOT NULL THEN asked.phone
                     WHEN n.body ->> 'contact' <> ''
                         THEN (SELECT c.address FROM current_notice_contact c WHERE c.id = n.body ->> 'contact' LIMIT 1)
                     WHEN n.body ->> 'linked' <> ''
                         THEN (SELECT l.phone FROM linked_phone l WHERE l.id = n.body ->> 'linked')
                     ELSE (SELECT phone FROM current_phone f WHERE f.customer = n.customer ORDER BY rank LIMIT 1) END, '') AS phone,
       asked.words AS asked_words, asked.at_ms AS asked_at_ms, reply.words AS reply_words, reply.at_ms AS reply_at_ms
FROM page n
LEFT JOIN inbound_text asked ON asked.id = n.inbound
LEFT JOIN LATERAL (
    SELECT t.words, t.at_ms FROM inbound_text t
    WHERE t.handle = n.handle AND t.at_ms > n.at_ms AND t.at_ms < n.at_ms + {REPLY_MS}
      AND NOT EXISTS (SELECT FROM notice_decided m
                      WHERE m.handle = n.handle AND m.decided_at_ms > n.at_ms AND m.decided_at_ms <= t.at_ms)
    ORDER BY t.at_ms, t.id LIMIT 1) reply ON n.inbound IS NULL
ORDER BY n.at_ms DESC, n.key DESC"""  # noqa: S608 (a constant of this module)

# Of whatever state they are, no more texts are looked at than are shown.
_NEWEST = """(
    SELECT * FROM told WHERE ($2::bigint IS NULL OR (at_ms, key) < ($2, $3::text)) AND ($5::text IS NULL OR moment = $5)
    ORDER BY at_ms DESC, key DESC LIMIT $4)"""

_COUNTS = """
WITH told AS ({told})
SELECT coalesce(n.receipt, e.state, 'due') AS state, count(*)::integer AS texts
FROM told n LEFT JOIN effects e ON e.key = n.key WHERE $1::text IS NULL OR n.moment = $1 GROUP BY 1 ORDER BY 1"""


async def ledger(connection: Connection, asked: Asked, now_ms: int) -> list[LedgerRow]:
    """Return rows of the ledger, the newest first."""
    at, key = asked.before or (None, None)
    told, bounds = await _told(connection, asked, (at or now_ms) - WEEK_MS, first=6)
    statement = _ROWS.format(told=told, newest=_NEWEST if asked.state is None else "told")
    rows = await connection.fetch(statement, asked.state, at, key, asked.limit, asked.moment, *bounds)
    found = []
    for row in rows:
        values: dict[str, Any] = dict(row)
        kind = values.pop("kind")
        found.append(LedgerRow(**values, channel=CHANNELS.get(kind, kind), segments=_segments(kind, values["words"])))
    return found


async def by_state(connection: Connection, asked: Asked, now_ms: int) -> dict[str, int]:
    """Return how many rows of the ledger are in each state; without an incident or a customer, those of the last day."""
    told, bounds = await _told(connection, asked, now_ms - DAY_MS, first=2)
    rows = await connection.fetch(_COUNTS.format(told=told), asked.moment, *bounds)
    return {row["state"]: row["texts"] for row in rows}


async def _told(connection: Connection, asked: Asked, since_ms: int, first: int) -> tuple[str, list[object]]:
    """Return the statement of the texts that are asked about, and its bounds, numbered from `first` on."""
    one, two = f"${first}", f"${first + 1}"
    if asked.customer is not None:
        handles = await _handles(connection, asked.customer)
        of_phones = f"t.handle = ANY ({two}::text[])"
        notices = f"n.customers @> ARRAY[{one}::text]"
        bounds: list[object] = [asked.customer, handles]
        if asked.incident is not None:
            notices, bounds = f"{notices} AND n.incident = ${first + 2}", [*bounds, asked.incident]
            of_phones = f"{of_phones} AND false"
        return _TOLD.format(notices=notices, texts=of_phones, answers=of_phones), bounds
    if asked.incident is not None:
        return _TOLD.format(notices=f"n.incident = {one}", texts="false", answers="false"), [asked.incident]
    return _TOLD.format(
        notices=f"n.decided_at_ms >= {one}", texts=f"t.decided_at_ms >= {one}", answers=f"a.decided_at_ms >= {one}"
    ), [since_ms]


async def _handles(connection: Connection, customer: str) -> Sequence[str]:
    """Return the handles of the phones of a customer, also of those that linked themselves."""
    rows = await connection.fetch(
        """SELECT phone, NULL AS handle FROM current_phone WHERE customer = $1
           UNION ALL SELECT NULL, handle FROM linked_phone WHERE customer = $1""",
        customer,
    )
    return sorted({row["handle"] or handle_of(row["phone"]) for row in rows})


def _segments(kind: str, words: str) -> int:
    return segments(words) if kind == "text" and words else 0
