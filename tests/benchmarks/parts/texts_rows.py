"""What the bench `texts` asks the database: how far texts are, and what the handsets got against what the ledger says of it."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Sequence
from typing import Any

import msgspec

from services.engine.taking import Connection

RESOLVED = ("foundByLookUp", "foundByReceipt", "foundByQuery", "foundByCallback", "repeatedForSafety")
"""Reasons by which the ledger says how an outcome that was unknown became known."""
LISTED = 200
ACCOUNTED = frozenset({"delivered", "failed", "superseded", "expired", "unknown"})
"""The states in which a text may end."""


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """How far texts are: decided, handed over, and what is still open: due, attempting, a receipt that is to come."""

    decided: int
    handed: int
    open: int
    receipts: int


async def progress(connection: Connection, letter: str, phones: str) -> Progress:
    """Return how far the texts are to customers whose ids begin with this letter, and whose numbers begin with `phones`."""
    row = await connection.fetchrow(
        """SELECT (SELECT count(*) FROM notice_decided WHERE starts_with(customer, $1)) AS decided,
                  (SELECT count(*) FROM drill.handset_text WHERE starts_with(phone, $2)) AS handed,
                  (SELECT count(*) FROM effects WHERE state IN ('due', 'attempting')) AS open,
                  (SELECT count(*) FROM drill.schedule WHERE channel = 'smpp' AND NOT sent) AS receipts""",
        letter,
        phones,
    )
    assert row is not None, "counts are always there"
    return Progress(*row)


async def undecided(connection: Connection) -> int:
    """Return how many facts wait for a turn, or for being published."""
    return int(
        await connection.fetchval(
            """SELECT (SELECT count(*) FROM undecided WHERE stage = 'notify') + (SELECT count(*) FROM outbox WHERE NOT sent)
                      + (SELECT coalesce(sum(h.end_offset - coalesce(p.next_offset, 0)), 0) FROM heads h
                         LEFT JOIN progress p ON (p.stage, p.topic, p.part) = ('notify', h.topic, h.part)
                         WHERE h.topic IN ('notice.receipts', 'notice.inbound'))"""
        )
        or 0
    )


async def unreceipted(connection: Connection) -> int:
    """Return how many texts the operator took of which it has not said what became of them, and was not given up."""
    return int(
        await connection.fetchval(
            """SELECT count(*) FROM notice WHERE receipt IS NULL AND effect_state = 'done'
               AND effect_reason IS DISTINCT FROM 'noReceipt'"""
        )
        or 0
    )


async def handed_within(connection: Connection, phones: str) -> tuple[float, float]:
    """Return when the first and the last text to numbers that begin so were taken by the operator, seconds since 1970."""
    row = await connection.fetchrow(
        """SELECT extract(epoch FROM min(wall_taken))::float, extract(epoch FROM max(wall_taken))::float
           FROM drill.handset_text WHERE starts_with(phone, $1)""",
        phones,
    )
    return (0.0, 0.0) if row is None or row[0] is None else (row[0], row[1])


async def first_texts(connection: Connection) -> dict[str, list[float]]:
    """Return when the texts of each outage and danger were taken, seconds since 1970, in order."""
    found: dict[str, list[float]] = {}
    for row in await connection.fetch(
        """SELECT n.incident, extract(epoch FROM t.wall_taken)::float AS at
           FROM drill.handset_text t JOIN notice_decided n ON n.key = t.reference
           WHERE NOT starts_with(n.customer, 'A') AND NOT starts_with(n.customer, 'B') ORDER BY 1, 2"""
    ):
        found.setdefault(row["incident"], []).append(row["at"])
    return found


@dataclasses.dataclass(slots=True)
class Compared:
    """The handsets' own log against the ledger, text by text. Lists hold keys, `unknown` also how it stands."""

    texts: int = 0
    at_handsets: int = 0
    doubled: list[str] = dataclasses.field(default_factory=list)
    repeated_for_safety: int = 0
    missing: list[str] = dataclasses.field(default_factory=list)
    strangers: list[str] = dataclasses.field(default_factory=list)
    differing: list[str] = dataclasses.field(default_factory=list)
    undecided: list[str] = dataclasses.field(default_factory=list)
    accounted: dict[str, int] = dataclasses.field(default_factory=dict)
    unknown: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    resolved: dict[str, int] = dataclasses.field(default_factory=dict)


async def compared(connection: Connection, phones: dict[str, str], expected: set[str]) -> Compared:
    """Compare what the handsets got with the ledger; `expected` are the customers who each have to be told something."""
    found, handsets = Compared(), collections.defaultdict(list)
    async with connection.transaction():
        async for row in connection.cursor("SELECT reference, phone, words FROM drill.handset_text", prefetch=10_000):
            handsets[row["reference"]].append((row["phone"], row["words"]))
    found.at_handsets = sum(map(len, handsets.values()))
    states: collections.Counter[str] = collections.Counter()
    resolved: collections.Counter[str] = collections.Counter()
    told: set[str] = set()
    async with connection.transaction():
        async for row in connection.cursor(
            """SELECT e.key, n.customer, n.state, e.state AS effect, e.reason, e.body, e.attempts
               FROM effects e LEFT JOIN notice n ON n.key = e.key WHERE e.kind = 'text'""",
            prefetch=10_000,
        ):
            got = handsets.pop(row["key"], [])
            body = msgspec.json.decode(row["body"])
            found.texts += 1
            told.add(row["customer"] or "")
            state = row["state"] or row["effect"]
            states["noReceipt" if state == "done" and row["reason"] == "noReceipt" else state] += 1
            if row["reason"] in RESOLVED:
                resolved[row["reason"]] += 1
            if row["effect"] == "unknown" and len(found.unknown) < LISTED:
                found.unknown.append({"key": row["key"], "reason": row["reason"], "at_handset": len(got)})
            if len(got) > 1:
                if body["safety"]:
                    found.repeated_for_safety += len(got) - 1
                else:
                    found.doubled.append(row["key"])
            if row["effect"] == "done" and not got:
                found.missing.append(row["key"])
            if row["effect"] in {"failed", "expired", "superseded", "due"} and got:
                found.strangers.append(row["key"])
            if any(each != (phones.get(body["customer"]), body["words"]) for each in got):
                found.differing.append(row["key"])
    found.strangers += sorted(handsets)
    found.undecided = sorted(expected - told)
    found.accounted = dict(sorted(states.items()))
    found.resolved = dict(sorted(resolved.items()))
    return found


def summed(parts: Sequence[Compared]) -> dict[str, Any]:
    """Return the figures of what was compared in all parts."""
    accounted, resolved = collections.Counter[str](), collections.Counter[str]()
    for part in parts:
        accounted.update(part.accounted)
        resolved.update(part.resolved)
    return {
        "texts": sum(part.texts for part in parts),
        "at_handsets": sum(part.at_handsets for part in parts),
        "doubled": sum(len(part.doubled) for part in parts),
        "repeated_for_safety": sum(part.repeated_for_safety for part in parts),
        "missing": sum(len(part.missing) for part in parts),
        "strangers": sum(len(part.strangers) for part in parts),
        "differing": sum(len(part.differing) for part in parts),
        "not_told": sum(len(part.undecided) for part in parts),
        "accounted": dict(sorted(accounted.items())),
        "unaccounted": sum(count for state, count in accounted.items() if state not in ACCOUNTED),
        "unknown": accounted["unknown"],
        "unknown_listed": [each for part in parts for each in part.unknown],
        "resolved": dict(sorted(resolved.items())),
    }
