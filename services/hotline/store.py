"""SQL of the hotline room beyond the engine's: accounts and contacts, calls, and what the API stores and shows."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from services.hotline.accounts import Account, Contact, Hours, Premise

if TYPE_CHECKING:
    import asyncpg

    from services.engine.taking import Connection


async def read_accounts(connection: Connection) -> tuple[tuple[Account, ...], ZoneInfo]:
    """Return the hotline accounts of the current version of the utility, and its time zone. Raises `LookupError` without one.

    What accounts changed themselves is not in them: an order of contacts reaches the rules as a fact, phones never.
    """
    zone: str | None = await connection.fetchval("SELECT time_zone FROM utility_version WHERE current")
    if zone is None:
        raise LookupError("no utility was imported")
    premises: defaultdict[str, list[Premise]] = defaultdict(list)
    for row in await connection.fetch(
        "SELECT p.account, p.customer, c.meter FROM current_premise p JOIN current_customer c USING (customer) ORDER BY customer"
    ):
        premises[row["account"]].append(Premise(customer=row["customer"], meter=row["meter"]))
    rosters: defaultdict[tuple[str, str], list[Hours]] = defaultdict(list)
    for row in await connection.fetch(
        """SELECT r.account, r.contact, r.weekday, r.starts, r.ends
           FROM hotline_roster r JOIN utility_version v USING (version) WHERE v.current ORDER BY weekday, starts, ends"""
    ):
        rosters[row["account"], row["contact"]].append(Hours(row["weekday"], row["starts"], row["ends"]))
    contacts: defaultdict[str, list[Contact]] = defaultdict(list)
    for row in await connection.fetch(
        "SELECT account, contact, rank, wait_s, language FROM hotline_ladder ORDER BY account, rank, contact"
    ):
        contacts[row["account"]].append(
            Contact(
                id=row["contact"],
                rank=row["rank"],
                wait_ms=row["wait_s"] * 1000,
                language=row["language"],
                roster=tuple(rosters[row["account"], row["contact"]]),
            )
        )
    names = await connection.fetch(
        "SELECT a.account FROM hotline_account a JOIN utility_version v USING (version) WHERE v.current ORDER BY account"
    )
    accounts = tuple(
        Account(id=name, premises=tuple(premises[name]), contacts=tuple(contacts[name]))
        for name in (row["account"] for row in names)
    )
    return accounts, ZoneInfo(zone)


async def accounts_by_customer(connection: Connection) -> dict[str, str]:
    """Return the account of every customer that has one."""
    rows = await connection.fetch("SELECT customer, account FROM current_premise ORDER BY customer")
    return {row["customer"]: row["account"] for row in rows}


async def read_account(connection: Connection, account: str) -> Account | None:
    """Return the premises and contacts of one account, without rosters; None when the utility has no such account."""
    row = await connection.fetchrow(
        """SELECT ARRAY(SELECT p.customer FROM current_premise p WHERE p.account = a.account ORDER BY 1) AS customers,
                  ARRAY(SELECT c.meter FROM current_premise p JOIN current_customer c USING (customer)
                        WHERE p.account = a.account ORDER BY p.customer) AS meters,
                  ARRAY(SELECT c.contact FROM current_contact c WHERE c.account = a.account ORDER BY 1) AS contacts
           FROM hotline_account a JOIN utility_version v USING (version) WHERE v.current AND a.account = $1""",
        account,
    )
    if row is None:
        return None
    premises = [Premise(customer=c, meter=m) for c, m in zip(row["customers"], row["meters"], strict=True)]
    return Account(id=account, premises=tuple(premises), contacts=tuple(Contact(id=each) for each in row["contacts"]))


@dataclasses.dataclass(frozen=True, slots=True)
class CallCounts:
    """Calls placed so far, outages of large customers whose contact acknowledged, and those still being called for."""

    placed: int
    acknowledged: int
    calling: int


async def count_calls(connection: Connection) -> CallCounts:
    """Return how the calls to the contacts of large customers fare."""
    row = await connection.fetchrow(
        """SELECT (SELECT count(*) FROM hotline_call WHERE state = 'done') AS placed,
                  count(*) FILTER (WHERE state = 'acknowledged' OR EXISTS (
                      SELECT FROM journal j
                      WHERE j.stage = 'escalate' AND j.subject = outage AND j.became = 'acknowledged')) AS acknowledged,
                  count(*) FILTER (WHERE state = 'calling') AS calling
           FROM hotline_escalation"""
    )
    assert row is not None, "an aggregate without groups has one row"
    return CallCounts(row["placed"], row["acknowledged"], row["calling"])


class Contacts:
    """The phones of the accounts' contacts, read anew for each call; and whether the call is wanted still."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def phone_of(self, account: str, contact: str) -> str | None:
        """Return the phone of a contact, the account's own change first; None when there is no such contact."""
        phone: str | None = await self._pool.fetchval(
            "SELECT phone FROM hotline_ladder WHERE account = $1 AND contact = $2", account, contact
        )
        return phone

    async def wanted(self, call: str) -> bool:
        """Say whether calling about its outage was not stopped since the call was decided.

        Only what was decided before the present tick counts: who is asked a moment earlier or later gets the same answer.
        """
        stopped: bool = await self._pool.fetchval(
            """SELECT EXISTS (
                   SELECT FROM hotline_call c, journal j, tick() t
                   WHERE c.call = $1 AND j.stage = 'escalate' AND j.shard = c.account AND j.subject_kind = 'escalation'
                     AND j.subject = c.outage AND j.became IN ('told', 'acknowledged', 'over')
                     AND j.tick > c.tick AND j.tick < t.n)""",
            call,
        )
        return not stopped


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """Where the clock stands (milliseconds), and whether all of this is an exercise."""

    now_ms: int
    exercise: bool


async def standing(connection: Connection) -> Standing:
    """Return where the clock of this installation stands. Raises `LookupError` before it was set."""
    row = await connection.fetchrow("SELECT t.now_ms, i.exercise FROM tick() t, instance i")
    if row is None:
        raise LookupError("the clock of this database was never set")
    return Standing(row["now_ms"], row["exercise"])


class AskedOtherwise(Exception):
    """The idempotency key was used before, for another request."""


async def remember(
    connection: Connection, account: str, idempotency_key: str, *, digest: str, event: str, topic: str, at_ms: int
) -> str | None:
    """Remember a request before it is done; None when it is new, else the event that it made. Raises `AskedOtherwise`.

    The same request at the same moment waits for the transaction of the other.
    """
    row = await connection.fetchrow(
        """INSERT INTO hotline_request AS r (account, idempotency_key, digest, event, topic, at_ms)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (account, idempotency_key) DO UPDATE SET at_ms = r.at_ms
           RETURNING digest, event, xmax = 0 AS new""",
        account,
        idempotency_key,
        digest,
        event,
        topic,
        at_ms,
    )
    assert row is not None, "an insert that updates on conflict returns a row"
    if row["digest"] != digest:
        raise AskedOtherwise(idempotency_key)
    return None if row["new"] else str(row["event"])


async def outages(
    connection: Connection, account: str, *, ended_since_ms: int, limit: int, outage: str | None = None
) -> list[asyncpg.Record]:
    """Return the outages of an account that last, or ended since a time; the latest first. With `outage` that one alone."""
    rows: list[asyncpg.Record] = await connection.fetch(
        """SELECT outage, customer, state, source, out_since_ms, incident, incident_state, "window", estimate_ms, calls,
                  next_call_at_ms, acknowledged_by, ended_at_ms, order_state, arrival_estimate_ms
           FROM hotline_outage
           WHERE account = $1 AND CASE WHEN $4::text IS NULL THEN ended_at_ms IS NULL OR ended_at_ms >= $2
                                       ELSE $4 IN (outage, ledger_outage) END
           ORDER BY ended_at_ms IS NULL DESC, out_since_ms DESC, outage LIMIT $3""",
        account,
        ended_since_ms,
        limit,
        outage,
    )
    return rows


async def calls(connection: Connection, account: str, outage: str) -> list[asyncpg.Record]:
    """Return the calls about an outage of an account, in their order."""
    rows: list[asyncpg.Record] = await connection.fetch(
        """SELECT attempt, contact, state, reason, due_at_ms, done_at_ms FROM hotline_call
           WHERE account = $1 AND outage = $2 ORDER BY attempt""",
        account,
        outage,
    )
    return rows


async def ladder(connection: Connection, account: str) -> list[asyncpg.Record]:
    """Return the contacts of an account in the order in which they are called."""
    rows: list[asyncpg.Record] = await connection.fetch(
        """SELECT contact, name, phone, phone_changed, wait_s, language FROM hotline_ladder
           WHERE account = $1 ORDER BY place NULLS LAST, rank, contact""",
        account,
    )
    return rows


async def change_contacts(
    connection: Connection,
    account: str,
    wanted: Sequence[tuple[str, str | None]],
    *,
    at_ms: int,
    key_id: str,
) -> int | None:
    """Put the contacts of an account into this order, with these phones (None: as imported); keep what it was before.

    `wanted` names every contact once. Call it within a transaction. Returns the number of the change when the order became
    another one, which the rules have to be told of, else None.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('hotline_contact' || $1, 0))", account)
    before = [row["contact"] for row in await ladder(connection, account)]
    contacts = [contact for contact, _ in wanted]
    number: int = await connection.fetchval(
        "SELECT coalesce(max(number), 0) FROM hotline_contact_change WHERE account = $1", account
    )
    await connection.execute(
        """WITH wanted AS (
               SELECT * FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS w (contact, phone, place)),
           compared AS (
               SELECT w.contact, f.field, f.was, f.became,
                      $6 + row_number() OVER (ORDER BY w.place, f.field) AS number
               FROM wanted w LEFT JOIN hotline_contact_override o ON o.account = $1 AND o.contact = w.contact,
               LATERAL (VALUES ('phone', o.phone, w.phone), ('place', o.place::text, w.place::text)) AS f (field, was, became)
               WHERE f.was IS DISTINCT FROM f.became AND (f.field = 'phone' OR $7)),
           noted AS (
               INSERT INTO hotline_contact_change (account, number, contact, field, was, became, at_ms, key_id)
               SELECT $1, number, contact, field, was, became, $4, $5 FROM compared)
           INSERT INTO hotline_contact_override AS o (account, contact, phone, place)
           SELECT $1, contact, phone, CASE WHEN $7 THEN place END FROM wanted
           ON CONFLICT (account, contact) DO UPDATE SET phone = excluded.phone, place = coalesce(excluded.place, o.place)""",
        account,
        contacts,
        [phone for _, phone in wanted],
        at_ms,
        key_id,
        number,
        contacts != before,
    )
    return number + 1 if contacts != before else None
