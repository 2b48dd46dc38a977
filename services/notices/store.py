"""All SQL of the room: facts and records of the stage, numbers at send time, receipts by the operator's id."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from services.engine.deciding import inbox_decided, inbox_facts
from services.engine.taking import Connection
from services.engine.turn import Fact, Record
from services.notices.moments import EFFECT_KIND, NoticeDecided, NoticeReceipted
from services.notices.stage import FINALITY, NotifyStage


class NotifyStore:
    """The store of the stage `notify`: facts from `inbox`, records into `notice_decided`."""

    async def facts(self, connection: Connection, shard: str, tick: int) -> list[Fact]:
        """Return the facts that this tick decides, marked so."""
        return await inbox_facts(connection, NotifyStage.name, shard, tick)

    async def decided(self, connection: Connection, shard: str, tick: int) -> list[Fact]:
        """Return the facts that this tick decided."""
        return await inbox_decided(connection, NotifyStage.name, shard, tick)

    async def save(self, connection: Connection, shard: str, tick: int, now: int, records: Sequence[Record]) -> None:
        """Write the notices of a turn, then the receipts that came in."""
        decided = [record for record in records if isinstance(record, NoticeDecided)]
        if decided:
            await connection.execute(
                """INSERT INTO notice_decided
                       (area, tick, decided_at_ms, key, incident, customer, moment, expires_at_ms)
                   SELECT $1, $2, $3, n.*
                   FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[]) AS n""",
                shard,
                tick,
                now,
                [notice.key for notice in decided],
                [notice.incident for notice in decided],
                [notice.customer for notice in decided],
                [notice.moment for notice in decided],
                [notice.expires_at for notice in decided],
            )
        receipts = [record for record in records if isinstance(record, NoticeReceipted)]
        if receipts:
            # A receipt never makes one undone that says more.
            await connection.execute(
                """UPDATE notice_decided n SET receipt = r.outcome, receipt_at_ms = r.at, operator_code = r.code
                   FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS r (key, outcome, code, at)
                   WHERE n.key = r.key AND (n.receipt IS NULL
                         OR array_position($5::text[], r.outcome) > array_position($5::text[], n.receipt))""",
                [receipt.key for receipt in receipts],
                [receipt.outcome for receipt in receipts],
                [receipt.operator_code for receipt in receipts],
                [receipt.at for receipt in receipts],
                sorted(FINALITY, key=lambda outcome: FINALITY[outcome]),
            )


@dataclasses.dataclass(frozen=True, slots=True)
class SentText:
    """A text that an operator's receipt can speak of: the key of its notice and its area."""

    key: str
    area: str


async def sent_text(connection: Connection, reference: str) -> SentText | None:
    """Return the text that the operator calls `reference`; None: no attempt with this reference was settled yet."""
    row = await connection.fetchrow(
        "SELECT key, shard FROM effects WHERE gateway_reference = $1 AND kind = $2", reference, EFFECT_KIND
    )
    return None if row is None else SentText(row["key"], row["shard"])


async def reachable(connection: Connection) -> frozenset[str]:
    """Return the customers of the current utility version for whom a phone number is known."""
    rows = await connection.fetch(
        """SELECT c.customer FROM customer c JOIN utility_version v ON v.version = c.version AND v.current
           WHERE c.phone IS NOT NULL"""
    )
    return frozenset(row["customer"] for row in rows)


async def phone_of(connection: Connection, customer: str) -> str | None:
    """Return a customer's number in international form, if one is known."""
    found: str | None = await connection.fetchval(
        """SELECT c.phone FROM customer c JOIN utility_version v ON v.version = c.version AND v.current
           WHERE c.customer = $1""",
        customer,
    )
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class TextCounts:
    """Texts that the operator took, those a handset received, and those that failed for good (here or on the way)."""

    sent: int
    delivered: int
    failed: int


async def count_texts(connection: Connection) -> TextCounts:
    """Return how the texts to customers fare."""
    row = await connection.fetchrow(
        """SELECT count(*) FILTER (WHERE effect_state = 'done') AS sent,
                  count(*) FILTER (WHERE receipt = 'delivered') AS delivered,
                  count(*) FILTER (WHERE effect_state = 'failed' OR receipt IN ('failed', 'expired')) AS failed
           FROM notice"""
    )
    assert row is not None, "an aggregate without groups has one row"
    return TextCounts(row["sent"], row["delivered"], row["failed"])
