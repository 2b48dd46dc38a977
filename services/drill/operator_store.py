"""All SQL of the drill's operator: texts as it took them, their receipts, hotline calls and the answers to them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import msgspec

from schemas.codec import encode
from schemas.events import CallAnswered, TextOutcome
from schemas.ids import derived
from schemas.topics import HOTLINE_ANSWERS, NOTICE_INBOUND, NOTICE_RECEIPTS
from services.clock import from_ms
from services.drill.asking import By, asks_power
from services.drill.messages import Texted, text_us
from services.drill.operator_fate import (
    ANSWER_AFTER_MS,
    ANSWERS_AFTER_MS,
    Answers,
    Fate,
    Receipts,
    acknowledges,
    fate_of,
    receipts_at_ms,
    still_throttled,
)
from services.drill.smpp_pdu import CUT, NO_ANSWER, Status, Submit
from services.drill.strangers import ANSWERS_CODE_AFTER_MS, code_sent_back
from services.engine.taking import Connection


class ReceiptDue(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in the schedule for a receipt."""

    operator_id: str
    sender: str
    phone: str
    outcome: TextOutcome


_DUE: dict[str, type[ReceiptDue | Texted]] = {NOTICE_RECEIPTS.name: ReceiptDue, NOTICE_INBOUND.name: Texted}


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """A hotline call as the voice provider was asked for it; an empty `contact`: nobody in particular."""

    key: str
    account: str
    outage: str
    phone: str
    say: str
    contact: str = ""


async def seed(connection: Connection) -> int:
    """Return the seed of the scenario. Raises `LookupError` when none was prepared."""
    found: int | None = await connection.fetchval("SELECT seed FROM drill.scenario")
    if found is None:
        raise LookupError("no scenario was prepared in this database")
    return found


async def standing_ports(connection: Connection) -> tuple[int, int, int] | None:
    """Return the SMPP, HTTP and SMTP ports on which the operator listened before, if it did."""
    row = await connection.fetchrow("SELECT smpp_port, http_port, smtp_port FROM drill.operator")
    return None if row is None else (row["smpp_port"], row["http_port"], row["smtp_port"])


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where the operator listens, and as whom a client signs in."""

    host: str
    smpp_port: int
    http_port: int
    system_id: str
    password: str
    smtp_port: int = 0


async def endpoint(connection: Connection) -> Place:
    """Return where the operator of this drill listens. Raises `LookupError` before it ever did."""
    row = await connection.fetchrow(
        "SELECT host, smpp_port, http_port, system_id, password, smtp_port FROM drill.operator"
    )
    if row is None:
        raise LookupError("the drill's operator has not been started in this database")
    return Place(*row)


async def write_endpoint(
    connection: Connection,
    *,
    host: str,
    smpp_port: int,
    http_port: int,
    system_id: str,
    password: str,
    smtp_port: int = 0,
) -> None:
    """Write where the operator listens and as whom it lets its client in."""
    await connection.execute(
        """INSERT INTO drill.operator (host, smpp_port, http_port, system_id, password, smtp_port)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (one) DO UPDATE SET host = excluded.host, smpp_port = excluded.smpp_port,
               http_port = excluded.http_port, system_id = excluded.system_id, password = excluded.password,
               smtp_port = excluded.smtp_port""",
        host,
        smpp_port,
        http_port,
        system_id,
        password,
        smtp_port,
    )


async def take_texts(connection: Connection, seed: int, texts: Sequence[Submit]) -> list[tuple[int, str]]:
    """Store texts and their receipts in one transaction; return command status and operator's id of each.

    The status may be `NO_ANSWER` or `CUT`. A reference that was taken before is taken again, as a second text: the operator
    has no opinion on doubles.
    """
    async with connection.transaction():
        now: int = await connection.fetchval("SELECT now_ms FROM tick()")
        references = [text.reference for text in texts]
        times = {
            row["reference"]: row["times"]
            for row in await connection.fetch(
                """SELECT reference, count(*) AS times FROM drill.handset_text WHERE reference = ANY ($1::text[])
                   GROUP BY reference""",
                references,
            )
        }
        busy_since, met = await _busy_since(connection, now, texts), await _not_taken_before(connection, now, texts)
        taken: list[tuple[int, str]] = []
        rows: list[tuple[str, Submit, Fate]] = []
        for text in texts:
            fate = fate_of(text.phone)
            if fate.status is not Status.OK and (
                fate is not Fate.THROTTLED or still_throttled(busy_since[text.reference], now)
            ):
                taken.append((fate.status, ""))
                continue
            if text.reference in met:
                taken.append((_UNANSWERED[fate.ways.answers], ""))
                continue
            times[text.reference] = times.get(text.reference, 0) + 1
            operator_id = derived("operator", text.reference, times[text.reference])[:16].upper()
            rows.append((operator_id, text, fate))
            first = times[text.reference] == 1 and fate.ways.taken_at_first
            taken.append((_UNANSWERED[fate.ways.answers] if first else Status.OK, operator_id))
        await _write_texts(connection, now, rows)
        await _write_deliveries(connection, seed, now, rows)
        await _write_questions(connection, now, [(i, text, fate.outcome) for i, text, fate in rows])
    return taken


_UNANSWERED: dict[Answers, int] = {Answers.AT_ONCE: Status.OK, Answers.NOT_AT_ALL: NO_ANSWER, Answers.BY_CUTTING: CUT}


async def _not_taken_before(connection: Connection, now: int, texts: Sequence[Submit]) -> set[str]:
    """Return the references of texts that are not taken at their first attempt, which this is, noting it."""
    references = sorted({text.reference for text in texts if not fate_of(text.phone).ways.taken_at_first})
    if not references:
        return set()
    rows = await connection.fetch(
        """INSERT INTO drill.throttled (reference, since_ms) SELECT r, $2 FROM unnest($1::text[]) AS r
           ON CONFLICT DO NOTHING RETURNING reference""",
        references,
        now,
    )
    return {row["reference"] for row in rows}


async def _busy_since(connection: Connection, now: int, texts: Sequence[Submit]) -> dict[str, int]:
    """Return when a text to a number that finds the operator busy was first refused, noting it."""
    busy = sorted({text.reference for text in texts if fate_of(text.phone) is Fate.THROTTLED})
    if not busy:
        return {}
    rows = await connection.fetch(
        """INSERT INTO drill.throttled AS t (reference, since_ms) SELECT r, $2 FROM unnest($1::text[]) AS r
           ON CONFLICT (reference) DO UPDATE SET since_ms = t.since_ms RETURNING reference, since_ms""",
        busy,
        now,
    )
    return {row["reference"]: row["since_ms"] for row in rows}


async def _write_texts(connection: Connection, now: int, rows: Sequence[tuple[str, Submit, Fate]]) -> None:
    if rows:
        await connection.execute(
            """INSERT INTO drill.handset_text (operator_id, reference, phone, words, outcome, at_ms)
               SELECT t.*, $6 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS t""",
            [operator_id for operator_id, _, _ in rows],
            [text.reference for _, text, _ in rows],
            [text.phone for _, text, _ in rows],
            [text.words for _, text, _ in rows],
            [fate.outcome.value for _, _, fate in rows],
            now,
        )


async def _write_deliveries(
    connection: Connection, seed: int, now: int, rows: Sequence[tuple[str, Submit, Fate]]
) -> None:
    """Put on the schedule what comes back: receipts, and the texts of handsets that answer."""
    due: list[tuple[str, int, str, str, bytes]] = []
    for operator_id, text, fate in rows:
        receipt = ReceiptDue(operator_id=operator_id, sender=text.sender, phone=text.phone, outcome=fate.outcome)
        for place, delay in enumerate(receipts_at_ms(seed, fate, operator_id)):
            name = derived("operatorReceipt", operator_id, *([place] if place else []))
            due.append((name, now + delay, NOTICE_RECEIPTS.name, operator_id, msgspec.json.encode(receipt)))
        if fate.ways.receipts is Receipts.AND_A_STRANGE_ONE:
            strange = msgspec.structs.replace(receipt, operator_id=derived("nobody's", operator_id)[:16].upper())
            name = derived("operatorReceipt", strange.operator_id)
            due.append((name, now, NOTICE_RECEIPTS.name, strange.operator_id, msgspec.json.encode(strange)))
        if fate.ways.says:
            said = text_us(text.phone, fate.ways.says, now + ANSWERS_AFTER_MS)
            due.append((derived("answer", operator_id), said.at, said.topic, operator_id, said.body))
        if (code := code_sent_back(text.phone, text.words)) is not None:
            said = text_us(text.phone, code, now + ANSWERS_CODE_AFTER_MS)
            due.append((derived("code", operator_id), said.at, said.topic, operator_id, said.body))
    if due:
        names, times, topics, keys, bodies = map(list, zip(*due, strict=True))
        await connection.execute(
            """INSERT INTO drill.schedule (id, at_ms, channel, topic, key, body)
               SELECT s.id, s.at_ms, 'smpp', s.topic, s.key, s.body
               FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bytea[]) AS s (id, at_ms, topic, key, body)""",
            names,
            times,
            topics,
            keys,
            bodies,
        )


async def _write_questions(connection: Connection, now: int, rows: Sequence[tuple[str, Submit, TextOutcome]]) -> None:
    """Let the world hear of texts that ask whether power is on, as far as they reach a phone of one premise."""
    asking = [
        (i, text.phone) for i, text, outcome in rows if outcome is TextOutcome.DELIVERED and asks_power(text.words)
    ]
    if asking:
        await connection.execute(
            f"""{_ASKED} SELECT a.id, min(p.customer), '{By.TEXT}', $3, t.n
                FROM tick() t, unnest($1::text[], $2::text[]) AS a (id, phone) JOIN current_phone p USING (phone)
                GROUP BY a.id, t.n HAVING count(*) = 1""",  # noqa: S608 (constants of ours)
            [derived("question", operator_id) for operator_id, _ in asking],
            [phone for _, phone in asking],
            now,
        )


_ASKED = "INSERT INTO drill.asked (id, customer, by, at_ms, tick)"


async def take_ping(connection: Connection, ping: str, meter: str) -> bool | None:
    """Let the world hear that a meter is pinged; False when this ping was taken before, None: nobody has such a meter."""
    async with connection.transaction():
        customer = await connection.fetchval("SELECT customer FROM current_customer WHERE meter = $1", meter)
        if customer is None:
            return None
        new = await connection.fetchval(
            f"{_ASKED} SELECT $1, $2, '{By.METER}', t.now_ms, t.n FROM tick() t ON CONFLICT DO NOTHING RETURNING true",  # noqa: S608 (as above)
            ping,
            customer,
        )
        await connection.execute("SELECT pg_notify('moved', '')")
    return bool(new)


async def receipts_due(connection: Connection, limit: int) -> list[tuple[str, int, ReceiptDue | Texted]]:
    """Return unsent receipts and texts to us that are due by the clock or by the time the driver moves to: id, time, what."""
    rows = await connection.fetch(
        """SELECT s.id, s.at_ms, s.topic, s.body FROM drill.schedule s, clock c, tick() t
           WHERE s.channel = 'smpp' AND NOT s.sent AND s.at_ms <= greatest(c.target_ms, t.now_ms)
           ORDER BY s.at_ms, s.id LIMIT $1""",
        limit,
    )
    return [(row["id"], row["at_ms"], msgspec.json.decode(row["body"], type=_DUE[row["topic"]])) for row in rows]


async def mark_delivered(connection: Connection, ids: Sequence[str]) -> None:
    """Mark receipts that the client acknowledged, and wake whoever waits for all to settle."""
    await connection.execute(
        """WITH marked AS (
               UPDATE drill.schedule SET sent = true, wall_sent = clock_timestamp() WHERE id = ANY ($1::text[]))
           SELECT pg_notify('moved', '')""",
        list(ids),
    )


class CannotTell(Exception):
    """The operator does not say what became of this text."""


async def text_of(connection: Connection, reference: str) -> dict[str, str | int] | None:
    """Return what the operator knows of a client's reference; None: it never got it. Raises `CannotTell`."""
    rows = await connection.fetch(
        "SELECT operator_id, phone FROM drill.handset_text WHERE reference = $1 ORDER BY at_ms, operator_id",
        reference,
    )
    if not rows:
        return None
    if not fate_of(rows[0]["phone"]).ways.can_tell:
        raise CannotTell
    return {"reference": reference, "operator_id": rows[0]["operator_id"], "times": len(rows)}


async def told_of(connection: Connection, operator_id: str) -> TextOutcome | bool:
    """Return what became of a text by the operator's name for it; True: it is on its way; False: nobody can tell."""
    row = await connection.fetchrow(
        """SELECT t.phone, t.outcome, EXISTS (
               SELECT FROM drill.schedule s WHERE s.key = t.operator_id AND s.topic = $2 AND NOT s.sent) AS under_way
           FROM drill.handset_text t WHERE t.operator_id = $1""",
        operator_id,
        NOTICE_RECEIPTS.name,
    )
    if row is None or not fate_of(row["phone"]).ways.can_tell:
        return False
    return True if row["under_way"] else TextOutcome(row["outcome"])


async def take_call(connection: Connection, seed: int, call: Call) -> bool:
    """Store a call and schedule the answer to it; False when its key was taken before.

    Whether its contact acknowledges is drawn from the seed: with the same contact again it turns out anew.
    """
    async with connection.transaction():
        # Calls of one outage are counted one after another.
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", call.outage)
        if await connection.fetchval("SELECT true FROM drill.call WHERE key = $1", call.key):
            return False
        earlier: int = await connection.fetchval("SELECT count(*) FROM drill.call WHERE outage = $1", call.outage)
        now: int = await connection.fetchval("SELECT now_ms FROM tick()")
        acknowledged = acknowledges(seed, call.outage, call.contact, earlier + 1)
        await connection.execute(
            """INSERT INTO drill.call (key, account, phone, said, outage, at_ms, acknowledged)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            call.key,
            call.account,
            call.phone,
            call.say,
            call.outage,
            now,
            acknowledged,
        )
        answer = CallAnswered(
            id=derived("callAnswered", call.key),
            at=from_ms(now + ANSWER_AFTER_MS),
            exercise=True,
            call=call.key,
            account=call.account,
            outage=call.outage,
            acknowledged=acknowledged,
            contact=call.contact or None,
        )
        await connection.execute(
            """INSERT INTO drill.schedule (id, at_ms, channel, topic, key, body)
               VALUES ($1, $2, 'kafka', $3, $4, $5)""",
            answer.id,
            now + ANSWER_AFTER_MS,
            HOTLINE_ANSWERS.name,
            call.account,
            encode(answer),
        )
    return True


async def call_of(connection: Connection, key: str) -> dict[str, str | int | bool] | None:
    """Return what the voice provider knows of a call; None: it never got it."""
    row = await connection.fetchrow("SELECT key, outage, at_ms, acknowledged FROM drill.call WHERE key = $1", key)
    return None if row is None else dict(row)
