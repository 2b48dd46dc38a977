"""The report of a drill: what was done, beside what truly happened by the drill's own log and handsets."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from services.drill import cast_store, truth_store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.engine.taking import Connection

LEDGER_MAY_DIFFER = 0.05
"""How far the ledger's customer-seconds may lie from the true ones: where only people call, the start is estimated."""


_MUST_NOT_BE = {
    "never_in_ledger": "{} true outages of customers never came into the ledger.",
    "told_restored_while_out": "{} texts said that power is back where it was not.",
    "texts_doubled": "{} texts came twice.",
    "texts_after_stop": "{} texts came after their customer had written STOP.",
    "hazards_left": "{} hazards are neither made safe nor dismissed.",
    "accounts_calling": "{} outages of hotline accounts are neither acknowledged nor over.",
    "double_orders": "{} times a crew had two orders at once.",
}
"""What is counted by the truth and must be nought, and what it means if it is not."""


async def digests(connection: Connection) -> dict[str, str]:
    """Return the SHA-256 of the ledger with its parts, of orders, texts, hazards and calls, over rows in a fixed order."""
    found = {}
    for name in truth_store.DIGESTED:
        digest = hashlib.sha256()
        for row in await truth_store.rows(connection, name):
            digest.update(json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")
        found[name] = digest.hexdigest()
    return found


async def report(
    connection: Connection,
    *,
    rounds_ms: Sequence[float],
    wall_s: float,
    audit: Mapping[str, int],
    digests: Mapping[str, str],
    indices: Mapping[str, float],
) -> dict[str, Any]:
    """Return the report of this database's drill, ready for JSON.

    `rounds_ms` are the durations of the rounds of lockstep, `audit` has `rules`, `checked` and `violations`, `indices`
    has `saifi`, `saidi_min` and `caidi_min`. Raises `LookupError` before a drill was prepared.
    """
    played = await cast_store.played(connection)
    if played is None:
        raise LookupError("this database plays no drill: it was not prepared")
    product = await truth_store.product(connection)
    true = await truth_store.truth(connection)
    return {
        "storm": played.storm,
        "seed": played.seed,
        "utility": played.utility,
        "reports": _picked(product, "sent", "applied", "parked"),
        "incidents": _picked(product, "opened", "restored", "merged", "dismissed"),
        "orders": product["orders"],
        "texts": await truth_store.texts(connection),
        "priority": _picked(product, "calls", "acknowledged"),
        "indices": dict(indices),
        "truth": {
            **_picked(true, "faults", "repaired"),
            "customer_seconds_true": true["customer_ms_true"] // 1000,
            "customer_seconds_ledger": true["customer_ms_ledger"] // 1000,
            **_picked(true, "never_in_ledger", "told_restored_while_out", "texts_doubled", "texts_after_stop"),
            **_picked(true, "hazards", "made_safe", "hazards_left"),
            **_picked(true, "accounts_out", "accounts_called", "accounts_calling", "double_orders"),
        },
        "audit": dict(audit),
        "digests": dict(digests),
        "rounds": {
            "count": len(rounds_ms),
            "p50_ms": percentile(rounds_ms, 50),
            "p95_ms": percentile(rounds_ms, 95),
        },
        "wall_s": round(wall_s, 1),
    }


def shortfalls(report: Mapping[str, Any]) -> list[str]:
    """Return in words what keeps a drill from having passed; an empty list: it passed."""
    found = []
    if violations := report["audit"]["violations"]:
        found.append(f"The audit found {violations} violations.")
    true = report["truth"]
    if true["repaired"] != true["faults"]:
        found.append(f"{true['faults'] - true['repaired']} of {true['faults']} faults are not repaired.")
    ledger_s, true_s = true["customer_seconds_ledger"], true["customer_seconds_true"]
    if abs(ledger_s - true_s) > LEDGER_MAY_DIFFER * true_s:
        found.append(f"The ledger has {ledger_s} customer-seconds, the truth {true_s}.")
    found += [sentence.format(true[name]) for name, sentence in _MUST_NOT_BE.items() if true[name]]
    if true["made_safe"] != true["hazards"]:
        found.append(f"{true['hazards'] - true['made_safe']} of {true['hazards']} dangers are not made safe.")
    if true["accounts_called"] != true["accounts_out"]:
        missing = true["accounts_out"] - true["accounts_called"]
        found.append(f"Of {true['accounts_out']} outages of hotline accounts {missing} were not called about.")
    return found


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value below or at which this share of the values lies (nearest rank), to 0.1; 0 of none."""
    if not values:
        return 0.0
    rank = -(-len(values) * percent // 100)
    return round(sorted(values)[max(rank, 1) - 1], 1)


def _picked(counts: Mapping[str, int], *names: str) -> dict[str, int]:
    return {name: counts[name] for name in names}
