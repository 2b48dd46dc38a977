"""The SQL of the rules that regions dispatch by: a fact of each region's next turn, and what people are shown of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from services.dispatch.rules import DispatchRulesSet, Rules, RulesSaid, standing_rules
from services.engine.turn import Fact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.engine.taking import Connection

_FACT = "shard, tick, at_ms, rules"


async def set_dispatch_rules(connection: Connection, rules: Mapping[str, Rules]) -> None:
    """Let these regions dispatch by these rules from their next turn on; where it is so already nothing is written."""
    await connection.execute(
        """WITH now AS (SELECT coalesce((SELECT n FROM tick()), 0) AS n, coalesce((SELECT now_ms FROM tick()), 0) AS now_ms)
           INSERT INTO dispatch_rules_set (shard, tick, at_ms, rules)
           SELECT s.shard, now.n, now.now_ms, s.rules::jsonb FROM now, unnest($1::text[], $2::text[]) AS s (shard, rules)
           LEFT JOIN LATERAL (
               SELECT d.rules FROM dispatch_rules_set d WHERE d.shard = s.shard ORDER BY d.tick DESC LIMIT 1) last ON true
           WHERE last.rules IS DISTINCT FROM s.rules::jsonb
           ON CONFLICT (shard, tick) DO UPDATE SET rules = excluded.rules WHERE dispatch_rules_set.decided IS NULL""",
        list(rules),
        [msgspec.json.encode(each).decode() for each in rules.values()],
    )


async def take_rules(connection: Connection, shard: str, tick: int) -> list[Fact]:
    """Mark what was said of a region's rules before this tick as decided by it, and return it."""
    rows = await connection.fetch(
        f"UPDATE dispatch_rules_set SET decided = $2 WHERE shard = $1 AND decided IS NULL AND tick < $2 RETURNING {_FACT}",  # noqa: S608 (the columns are the ones above)
        shard,
        tick,
    )
    return [_fact(row) for row in rows]


async def decided_rules(connection: Connection, shard: str, tick: int) -> list[Fact]:
    """Return what this tick decided of a region's rules."""
    rows = await connection.fetch(
        f"SELECT {_FACT} FROM dispatch_rules_set WHERE shard = $1 AND decided = $2",  # noqa: S608 (as above)
        shard,
        tick,
    )
    return [_fact(row) for row in rows]


async def read_rules(connection: Connection) -> dict[str, Rules]:
    """Return what each region dispatches by now; one of which nothing was said is missing, and has the defaults."""
    rows = await connection.fetch(
        "SELECT shard, body FROM entity WHERE stage = 'dispatch' AND kind = $1", RulesSaid.kind
    )
    return {row["shard"]: standing_rules(msgspec.json.decode(row["body"], type=RulesSaid)) for row in rows}


def _fact(row: Any) -> Fact:
    said = DispatchRulesSet(rules=msgspec.json.decode(row["rules"], type=Rules))
    return Fact(row["at_ms"], f"rules:{row['shard']}:{row['tick']:012}", said)
