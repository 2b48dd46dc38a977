"""All SQL of the room: facts and records of the stage, people, numbers at send time, receipts, parts of inbound texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from schemas.ids import derived
from services.engine.deciding import inbox_decided, inbox_facts
from services.engine.taking import Connection
from services.engine.turn import Fact, Record
from services.notices.gsm import septets
from services.notices.moments import (
    Channel,
    ConsentTaken,
    InboundTaken,
    Kind,
    NoticeDecided,
    NoticeReceipted,
    TextBody,
)
from services.notices.parts import Part, words_of
from services.notices.people import Contact, Manners, Reached
from services.notices.stage import FINALITY, NotifyStage
from services.notices.store_dialogue import save_dialogue
from services.notices.store_numbers import numbers_of

SAME_TEXT_MS = 60_000
"""The same words of the same phone in one minute, or in the next, are one text that came again."""

PARTS_MS = 600_000
"""How long the parts of a text wait for the rest of it."""
PARTS_LOCK = 7_240_023


class NotifyStore:
    """The store of the stage `notify`: facts from `inbox`, records into `notice_decided`."""

    async def facts(self, connection: Connection, shard: str, tick: int) -> list[Fact]:
        """Return the facts that this tick decides, marked so."""
        return await inbox_facts(connection, NotifyStage.name, shard, tick)

    async def decided(self, connection: Connection, shard: str, tick: int) -> list[Fact]:
        """Return the facts that this tick decided."""
        return await inbox_decided(connection, NotifyStage.name, shard, tick)

    async def save(self, connection: Connection, shard: str, tick: int, now: int, records: Sequence[Record]) -> None:
        """Write the notices of a turn, the texts and consents that came in, then the receipts."""
        await _decided(connection, (shard, tick, now), [r for r in records if isinstance(r, NoticeDecided)])
        await _inbound(connection, (shard, tick, now), [r for r in records if isinstance(r, InboundTaken)])
        await _consents(connection, (shard, tick, now), [r for r in records if isinstance(r, ConsentTaken)])
        await save_dialogue(connection, shard, tick, now, records)
        await _receipts(connection, [r for r in records if isinstance(r, NoticeReceipted)])


_Turn = tuple[str, int, int]


async def _decided(connection: Connection, turn: _Turn, notices: Sequence[NoticeDecided]) -> None:
    if notices:
        await connection.executemany(
            """INSERT INTO notice_decided (area, tick, decided_at_ms, key, handle, incident, customer, customers, moment,
                                           estimate_ms, expires_at_ms, channel, contact, segments, revision)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)""",
            [
                (
                    *turn,
                    n.key,
                    n.handle,
                    n.incident,
                    n.customers[0],
                    n.customers,
                    n.moment,
                    n.estimate,
                    n.expires_at,
                    n.channel,
                    n.contact,
                    n.segments,
                    n.revision,
                )
                for n in notices
            ],
        )


async def _inbound(connection: Connection, turn: _Turn, texts: Sequence[InboundTaken]) -> None:
    if texts:
        await connection.executemany(
            """INSERT INTO inbound_text (area, tick, decided_at_ms, id, phone, handle, words, at_ms, state, reason, answer)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
            [(*turn, t.id, t.phone, t.handle, t.words, t.at, t.state, t.reason, t.answer or None) for t in texts],
        )


async def _consents(connection: Connection, turn: _Turn, consents: Sequence[ConsentTaken]) -> None:
    if consents:
        await connection.executemany(
            """INSERT INTO consent_log (area, tick, decided_at_ms, id, phone, handle, consents, at_ms)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
            [(*turn, c.id, c.phone, c.handle, c.consents, c.at) for c in consents],
        )


async def _receipts(connection: Connection, receipts: Sequence[NoticeReceipted]) -> None:
    if not receipts:
        return
    columns = (
        [receipt.key for receipt in receipts],
        [receipt.outcome for receipt in receipts],
        [receipt.operator_code for receipt in receipts],
        [receipt.at for receipt in receipts],
        sorted(FINALITY, key=lambda outcome: FINALITY[outcome]),
    )
    # A receipt never makes one undone that says more. That of an answer is kept beside what it answers.
    await connection.execute(
        """WITH r AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS r (key, outcome, code, at)),
                answered AS (
                    UPDATE inbound_text t SET receipt = r.outcome, receipt_at_ms = r.at
                    FROM r WHERE t.answer = r.key AND (t.receipt IS NULL
                        OR array_position($5::text[], r.outcome) > array_position($5::text[], t.receipt))),
                by_person AS (
                    UPDATE inbound_answer a SET receipt = r.outcome, receipt_at_ms = r.at
                    FROM r WHERE a.key = r.key AND (a.receipt IS NULL
                        OR array_position($5::text[], r.outcome) > array_position($5::text[], a.receipt)))
           UPDATE notice_decided n SET receipt = r.outcome, receipt_at_ms = r.at, operator_code = r.code
           FROM r WHERE n.key = r.key AND (n.receipt IS NULL
               OR array_position($5::text[], r.outcome) > array_position($5::text[], n.receipt))""",
        *columns,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class SentText:
    """A text that an operator's receipt can speak of: the key of its notice and its area."""

    key: str
    area: str


async def read_people(connection: Connection) -> dict[str, Reached]:
    """Return how each customer of the current utility version is reached; those who are not reached at all are left out."""
    rows = await connection.fetch(
        """SELECT c.customer, coalesce(p.phones, '{}') AS phones, c.service_point, c.language, c.consent, c.life_support, c.tier
           FROM current_customer c
           LEFT JOIN (SELECT customer, array_agg(phone ORDER BY rank) AS phones FROM current_phone GROUP BY customer) p
               USING (customer)
           WHERE p.phones IS NOT NULL OR EXISTS (SELECT FROM current_notice_contact n WHERE n.customer = c.customer)
           ORDER BY c.customer"""
    )
    contacts: dict[str, list[Contact]] = {}
    for row in await connection.fetch(
        """SELECT customer, id, channel, address, language, quiet_from, quiet_until, moments FROM current_notice_contact
           ORDER BY customer, channel, address"""
    ):
        quiet = None if row["quiet_from"] is None else (row["quiet_from"], row["quiet_until"])
        contacts.setdefault(row["customer"], []).append(
            Contact(
                id=row["id"],
                channel=Channel(row["channel"]),
                address=row["address"],
                language=row["language"],
                quiet=quiet,
                kinds=frozenset(map(Kind, row["moments"])),
            )
        )
    return {
        row["customer"]: Reached(
            phones=tuple(row["phones"]),
            # An id is of letters that every phone shows and that cost one septet each.
            name=row["service_point"] if septets(row["service_point"]) else row["customer"],
            language=row["language"],
            consents=row["consent"],
            life_support=row["life_support"],
            tier=row["tier"],
            contacts=tuple(contacts.get(row["customer"], ())),
        )
        for row in rows
    }


async def read_manners(connection: Connection) -> Manners:
    """Return what the current utility version holds to in telling people. Raises `LookupError` without one."""
    row = await connection.fetchrow(
        "SELECT version, time_zone, languages, quiet_from, quiet_until, texts_a_day FROM utility_version WHERE current"
    )
    if row is None:
        raise LookupError("no utility folder was imported into this database")
    hours = await connection.fetch(
        "SELECT kind, tier, quiet_from, quiet_until FROM quiet_hours WHERE version = $1 ORDER BY kind, tier",
        row["version"],
    )
    return Manners(
        zone=ZoneInfo(row["time_zone"]),
        languages=tuple(row["languages"]),
        quiet_from=row["quiet_from"],
        quiet_until=row["quiet_until"],
        quiet_by={(Kind(each["kind"]), each["tier"]): (each["quiet_from"], each["quiet_until"]) for each in hours},
        texts_a_day=row["texts_a_day"],
    )


async def phone_of(connection: Connection, text: TextBody) -> str | None:
    """Return the number for a text in international form, if one is known (`store_numbers.numbers_of`)."""
    return (await numbers_of(connection, [text]))[0]


@dataclasses.dataclass(frozen=True, slots=True)
class Whole:
    """A text that has come in whole: who sent it, its words, and the id that it has whenever it may come again."""

    id: str
    phone: str
    words: str


async def collect(connection: Connection, part: Part, now: int) -> list[Whole]:
    """Keep a part and return the texts that are whole now, within the caller's transaction.

    A text whose other parts do not come is taken for whole after a while (`PARTS_MS`), with what there is of it.
    """
    if not part.reference:
        return [await _whole(connection, part.phone, words_of(part.coding, part.body), part.operator_id, now)]
    # One after another: of two parts that come at once each would find the other missing.
    await connection.execute("SELECT pg_advisory_xact_lock($1)", PARTS_LOCK)
    await connection.execute(
        """INSERT INTO inbound_part (phone, reference, total, number, coding, body, operator_id, at_ms)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (phone, reference, total, number)
               DO UPDATE SET body = excluded.body, operator_id = excluded.operator_id""",
        part.phone,
        part.reference,
        part.total,
        part.number,
        part.coding,
        part.body,
        part.operator_id,
        now,
    )
    rows = await connection.fetch(
        """WITH whole AS (
               SELECT phone, reference, total FROM inbound_part GROUP BY phone, reference, total
               HAVING count(*) = total OR max(at_ms) < $1),
           taken AS (
               DELETE FROM inbound_part p USING whole w
               WHERE (p.phone, p.reference, p.total) = (w.phone, w.reference, w.total) RETURNING p.*)
           SELECT phone, min(coding) AS coding, string_agg(body, ''::bytea ORDER BY number) AS body,
                  (array_agg(operator_id ORDER BY number))[1] AS operator_id
           FROM taken GROUP BY phone, reference, total ORDER BY phone, reference, total""",
        now - PARTS_MS,
    )
    return [
        await _whole(connection, row["phone"], words_of(row["coding"], row["body"]), row["operator_id"], now)
        for row in rows
    ]


async def _whole(connection: Connection, phone: str, words: str, operator_id: str, now: int) -> Whole:
    """Return a text with its id: the operator's name for it, else its words and the minute in which they came first."""
    if operator_id:
        return Whole(derived("textReceived", phone, operator_id), phone, words)
    minute = now // SAME_TEXT_MS
    last, this = (derived("textReceived", phone, words, place) for place in (minute - 1, minute))
    known = await connection.fetchval("SELECT true FROM outbox WHERE id = $1", last)
    return Whole(last if known else this, phone, words)


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
