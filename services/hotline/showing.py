"""What the console shows of the hotline: the calls about an incident, and the outages that nobody has acknowledged."""

from __future__ import annotations

import dataclasses

from services.engine.taking import Connection


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """An outage of a hotline account about which its contacts are called. `name` is the account's."""

    account: str
    name: str
    outage: str
    state: str
    calls: int
    acknowledged_by: str | None


async def escalated_for(connection: Connection, incident: str) -> list[Escalated]:
    """Return the outages of accounts that an incident explains, by account."""
    rows = await connection.fetch(
        """SELECT e.account, coalesce(a.name, e.account) AS name, e.outage, e.state, coalesce(e.calls, 0) AS calls,
                  e.acknowledged_by
           FROM hotline_escalation e
           LEFT JOIN (SELECT a.* FROM hotline_account a JOIN utility_version v USING (version) WHERE v.current) a
               ON a.account = e.account
           WHERE e.incident = $1 ORDER BY e.account, e.outage""",
        incident,
    )
    return [Escalated(**row) for row in rows]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Unacknowledged:
    """An outage of an account that is being called about in vain. `contacts` is how many there are to call; milliseconds."""

    outage: str
    account: str
    name: str
    customer: str
    incident: str | None
    out_since_ms: int
    calls: int
    contacts: int
    next_call_at_ms: int | None
    nobody: bool


_UNACKNOWLEDGED = """
SELECT * FROM (
    SELECT e.outage, e.account, coalesce(a.name, e.account) AS name, e.customer, e.incident, e.out_since_ms,
           coalesce(e.calls, 0) AS calls, e.next_call_at_ms, coalesce(e.nobody, false) AS nobody, e.state,
           (SELECT count(*) FROM current_contact c WHERE c.account = e.account)::integer AS contacts
    FROM hotline_escalation e
    LEFT JOIN (SELECT a.* FROM hotline_account a JOIN utility_version v USING (version) WHERE v.current) a
        ON a.account = e.account) x
WHERE state = 'calling' AND (nobody OR calls > contacts)"""
"""Nobody is there to be called, or every contact was called and the ladder began anew."""
_FIELDS = "outage, account, name, customer, incident, out_since_ms, calls, contacts, next_call_at_ms, nobody"


async def unacknowledged(connection: Connection, limit: int) -> list[Unacknowledged]:
    """Return the outages of accounts that are called about in vain and nobody has dealt with, the newest first."""
    rows = await connection.fetch(
        f"""SELECT {_FIELDS} FROM ({_UNACKNOWLEDGED}) y
            WHERE NOT EXISTS (SELECT FROM attention_handled h WHERE h.id = 'call:' || y.outage)
            ORDER BY out_since_ms DESC, outage LIMIT $1""",  # noqa: S608 (the texts above)
        limit,
    )
    return [Unacknowledged(**row) for row in rows]


async def unacknowledged_one(connection: Connection, outage: str) -> Unacknowledged | None:
    """Return one outage that is called about in vain; None when there is none of this id."""
    row = await connection.fetchrow(
        f"SELECT {_FIELDS} FROM ({_UNACKNOWLEDGED}) y WHERE outage = $1",  # noqa: S608 (the texts above)
        outage,
    )
    return None if row is None else Unacknowledged(**row)
