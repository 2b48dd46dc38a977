"""A drill before and after: its database is made ready, and at the end it is judged by audit and truth."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from services.audit import run as auditing
from services.database.pool import connect
from services.drill import panel_store, rounds, truth
from services.drill import prepare as preparing
from services.engine import clock
from services.measures import store as measures
from services.utility import store as utility
from services.utility.folder import UtilityFolder


async def prepare(
    dsn: str,
    folder: UtilityFolder,
    *,
    topic_prefix: str,
    storm: str,
    seed: int,
    starts_at_ms: int,
) -> list[str]:
    """Import the utility, cast the world, set a clock that stands; return in words what was made for the drill."""
    connection = await connect(dsn)
    try:
        await clock.found(connection, exercise=True, topic_prefix=topic_prefix)
        await utility.save(connection, folder)
        made = await preparing.prepare(
            connection, storm=storm, seed=seed, utility=folder.name, starts_at_ms=starts_at_ms
        )
        await clock.set_lockstep(connection, now_ms=starts_at_ms)
        return made
    finally:
        await connection.close()


async def set_running(dsn: str, *, now_ms: int, speed: float) -> None:
    """Let the drill's clock run from here at `speed` times real time."""
    connection = await connect(dsn)
    try:
        await clock.set_running(connection, now_ms=now_ms, speed=speed, step_s=0.25)
    finally:
        await connection.close()


async def intervened(dsn: str) -> bool:
    """Answer whether a person took a hand in the exercise."""
    connection = await connect(dsn)
    try:
        return await panel_store.intervened(connection)
    finally:
        await connection.close()


async def judge(dsn: str, ends: Mapping[tuple[str, int], int], *, wall_s: float) -> dict[str, Any]:
    """Return the figures of the drill that was played, with the audit's findings in them."""
    connection = await connect(dsn)
    try:
        found = await auditing.audit(connection, ends)
        if any(finding.violations for finding in found):
            print(auditing.in_words(found), file=sys.stderr)
        findings = auditing.as_json(found)
        return await truth.report(
            connection,
            rounds_ms=[each.settled_ms for each in await rounds.kept(connection)],
            wall_s=wall_s,
            audit={name: findings[name] for name in ("rules", "checked", "violations")},
            digests=await truth.digests(connection),
            indices=await measures.indices(connection),
        )
    finally:
        await connection.close()


async def told(dsn: str) -> list[str]:
    """Return in words what was played and what became of it."""
    connection = await connect(dsn)
    try:
        return await preparing.tell(connection)
    finally:
        await connection.close()


def failures(figures: Mapping[str, Any]) -> list[str]:
    """Return in words what a drill did not meet; empty when audit and truth hold and everything has ended."""
    found, reports, incidents = truth.shortfalls(figures), figures["reports"], figures["incidents"]
    if reports["sent"] != reports["applied"] + reports["parked"]:
        found.append(f"Of {reports['sent']} reports {reports['applied']} were applied and {reports['parked']} parked.")
    if incidents["opened"] != incidents["restored"] + incidents["merged"] + incidents["dismissed"]:
        found.append("An incident was opened and has not ended.")
    return found


def in_words(figures: Mapping[str, Any]) -> str:
    """Return the figures for a person at the terminal."""
    true, indices, texts, rounds = figures["truth"], figures["indices"], figures["texts"], figures["rounds"]
    reports, incidents, audit, hotline = (figures[name] for name in ("reports", "incidents", "audit", "priority"))
    lines = [
        f"Storm {figures['storm']}, seed {figures['seed']}, on {figures['utility']}: over after {figures['wall_s']:.1f} s.",
        f"reports: {reports['sent']} made, {reports['applied']} applied, {reports['parked']} parked",
        f"incidents: {incidents['opened']} opened, {incidents['restored']} restored, {incidents['merged']} merged",
        f"faults: {true['faults']} struck, {true['repaired']} repaired",
        f"dangers: {true['hazards']} appeared, {true['made_safe']} made safe",
        f"customer-seconds: {true['customer_seconds_ledger']} in the ledger, {true['customer_seconds_true']} true",
        f"texts: {texts['submitted']} submitted, {texts['delivered']} delivered, {texts['failed']} failed",
        f"hotline: {hotline['calls']} calls, {hotline['acknowledged']} acknowledged",
        f"SAIFI {indices['saifi']:.4f}, SAIDI {indices['saidi_min']:.2f} min, CAIDI {indices['caidi_min']:.2f} min",
        f"audit: {audit['rules']} rules, {audit['checked']} rows checked, {audit['violations']} violations",
        f"rounds: {rounds['count']}, settled after {rounds['p50_ms']} ms (median), {rounds['p95_ms']} ms (95th percentile)",
    ]
    return "\n  ".join(lines)
