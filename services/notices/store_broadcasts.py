"""The SQL of broadcasts: who would get one, and who asked for it and approved it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from services.engine.taking import Connection
from services.notices.broadcasting import Phone, Reachable
from services.notices.people import handle_of


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A customer who may be told something: the phones where he is told, with language and consent as the folder has them.

    The first phone is the customer's own, others are contacts that take broadcasts; none: nobody can be told.
    """

    customer: str
    phones: list[str]
    languages: list[str]
    consents: list[bool]


async def candidates(connection: Connection, customers: Sequence[str]) -> list[Candidate]:
    """Return these customers of the current version, by id."""
    rows = await connection.fetch(
        """WITH phone AS (
               SELECT c.customer, 0 AS place, p.phone, coalesce(nullif(n.language, ''), c.language) AS language, c.consent
               FROM current_customer c
               JOIN (SELECT DISTINCT ON (customer) customer, phone FROM current_phone ORDER BY customer, rank) p USING (customer)
               LEFT JOIN current_notice_contact n ON n.customer = c.customer AND n.channel = 'text' AND n.address = p.phone
               WHERE n.customer IS NULL OR n.moments = '{}' OR 'broadcast' = ANY (n.moments)
               UNION ALL
               SELECT n.customer, 1, n.address, coalesce(nullif(n.language, ''), c.language), true
               FROM current_notice_contact n JOIN current_customer c USING (customer)
               WHERE n.channel = 'text' AND (n.moments = '{}' OR 'broadcast' = ANY (n.moments))
                 AND n.address IS DISTINCT FROM (
                     SELECT p.phone FROM current_phone p WHERE p.customer = n.customer ORDER BY p.rank LIMIT 1))
           SELECT c.customer, coalesce(p.phones, '{}') AS phones, coalesce(p.languages, '{}') AS languages,
                  coalesce(p.consents, '{}') AS consents
           FROM unnest($1::text[]) AS c (customer)
           LEFT JOIN (SELECT customer, array_agg(phone ORDER BY place, phone) AS phones,
                             array_agg(language ORDER BY place, phone) AS languages,
                             array_agg(consent ORDER BY place, phone) AS consents
                      FROM phone WHERE customer = ANY ($1::text[]) GROUP BY customer) p USING (customer)
           ORDER BY c.customer""",
        list(customers),
    )
    return [Candidate(**row) for row in rows]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What phones said, by handle: whether they want texts, and in which language; and which phones follow a customer."""

    consents: Mapping[str, bool]
    languages: Mapping[str, str]
    linked: Mapping[str, tuple[str, ...]]


async def said_by_phones(connection: Connection) -> Said:
    """Return what phones said last, as the stage keeps it."""
    rows = await connection.fetch(
        """SELECT kind, id, body FROM entity WHERE stage = 'notify' AND kind IN ('consent', 'spoken') ORDER BY kind, id, shard"""
    )
    bodies = [(row["kind"], row["id"], json.loads(row["body"])) for row in rows]
    links: dict[str, list[str]] = {}
    for row in await connection.fetch(
        "SELECT customer, handle FROM linked_phone WHERE ended_at_ms IS NULL ORDER BY customer, handle"
    ):
        links.setdefault(row["customer"], []).append(row["handle"])
    return Said(
        consents={handle: body["consents"] for kind, handle, body in bodies if kind == "consent"},
        languages={handle: body["language"] for kind, handle, body in bodies if kind == "spoken"},
        linked={customer: tuple(handles) for customer, handles in links.items()},
    )


def reachable(found: Sequence[Candidate], said: Said) -> list[Reachable]:
    """Return the phones at which each of these customers would be told, with those that follow him; what phones said goes first."""
    told = []
    for each in found:
        own = [
            (handle_of(phone), language, consents)
            for phone, language, consents in zip(each.phones, each.languages, each.consents, strict=True)
        ]
        first = each.languages[0] if each.languages else ""
        known = {handle for handle, _, _ in own}
        own += [(handle, first, True) for handle in said.linked.get(each.customer, ()) if handle not in known]
        phones = (
            Phone(handle, said.languages.get(handle, language), said.consents.get(handle, consents))
            for handle, language, consents in own
        )
        told.append(Reachable(each.customer, tuple(phones)))
    return told


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """A broadcast: what was chosen, its words by language, for whom and how much it is, who asked and who decided. Times are ms."""

    id: str
    state: str
    audience: Mapping[str, Any]
    words: Mapping[str, str]
    why: str
    customers: int
    phones: int
    segments: int
    second_from: int
    asked_by: str
    asked_by_name: str
    asked_at_ms: int
    approved_by: str | None
    approved_by_name: str | None
    approved_at_ms: int | None


_BROADCAST = """
SELECT b.id, b.state, b.audience{without} AS audience, b.words, b.why, b.customers, b.phones, b.segments, b.second_from, b.asked_by,
       coalesce(a.name, b.asked_by) AS asked_by_name, b.asked_at_ms, b.approved_by,
       coalesce(s.name, b.approved_by) AS approved_by_name, b.approved_at_ms
FROM broadcast b LEFT JOIN app_user a ON a.user_id = b.asked_by LEFT JOIN app_user s ON s.user_id = b.approved_by
"""


async def broadcasts(connection: Connection, limit: int) -> list[Broadcast]:
    """Return the newest broadcasts, without the customers they were for."""
    statement = _BROADCAST.format(without=" - 'areas'")
    rows = await connection.fetch(f"{statement} ORDER BY b.asked_at_ms DESC, b.id LIMIT $1", limit)
    return [_broadcast(row) for row in rows]


async def asked(connection: Connection, since_ms: int) -> int:
    """Return how many broadcasts that were asked for since then (ms) wait for a second person."""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM broadcast WHERE state = 'asked' AND asked_at_ms >= $1", since_ms
        )
    )


async def broadcast(connection: Connection, broadcast_id: str) -> Broadcast | None:
    """Return one broadcast, its audience with the customers by area under `areas`; None: there is none of this id."""
    row = await connection.fetchrow(f"{_BROADCAST.format(without='')} WHERE b.id = $1", broadcast_id)
    return None if row is None else _broadcast(row)


def _broadcast(row: Mapping[str, Any]) -> Broadcast:
    return Broadcast(**{**row, "audience": json.loads(row["audience"]), "words": json.loads(row["words"])})


async def ask(
    connection: Connection,
    broadcast_id: str,
    *,
    audience: Mapping[str, Any],
    words: Mapping[str, str],
    why: str,
    counts: tuple[int, int, int],
    second_from: int,
    by: str,
    now_ms: int,
) -> None:
    """Keep a broadcast that is asked for; `counts` are its customers, phones and segments."""
    await connection.execute(
        """INSERT INTO broadcast (id, state, audience, words, why, customers, phones, segments, second_from, asked_by, asked_at_ms)
           VALUES ($1, 'asked', $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        broadcast_id,
        json.dumps(audience),
        json.dumps(words),
        why,
        *counts,
        second_from,
        by,
        now_ms,
    )


async def decide(
    connection: Connection, broadcast_id: str, state: str, *, by: str | None, now_ms: int, parts: int = 0
) -> None:
    """Keep what became of a broadcast, and by which second person (None: it took none)."""
    await connection.execute(
        "UPDATE broadcast SET state = $2, approved_by = $3, approved_at_ms = $4, parts = $5 WHERE id = $1",
        broadcast_id,
        state,
        by,
        None if by is None else now_ms,
        parts,
    )
