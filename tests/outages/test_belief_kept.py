"""How belief moved is kept, and how it fared once somebody had seen what failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from msgspec.structs import replace

from schemas.events import IncidentState
from services.outages.entities import Basis, Hypothesis, Incident
from services.outages.records import IncidentRow
from services.outages.showing_belief import MOST_BELIEFS, Scored, beliefs, score
from services.outages.store import LAST_KEPT, CorrelateStore
from tests.outages.played import morning
from tests.outages.town import device_id
from tests.stage_script import ms

if TYPE_CHECKING:
    import asyncpg

    Connection: TypeAlias = asyncpg.Connection[Any]

INCIDENT = Incident(
    id="I1", device="L1", region="R1", state=IncidentState.PREDICTED, reason="lowestCommonDevice", whole=True,
    basis=Basis.METER, opened_at=0, started_at=0, estimate=0,
)  # fmt: skip


def ranking(**permille: int) -> tuple[Hypothesis, ...]:
    return tuple(Hypothesis(device, each) for device, each in permille.items())


def row(*hypotheses: Hypothesis) -> IncidentRow:
    return IncidentRow(
        incident=replace(INCIDENT, hypotheses=hypotheses),
        restored_at=None,
        region="R1",
        feeder="F1",
        device_class="fuse",
    )


async def told(connection: Connection, incident: str = "I1") -> list[tuple[int, tuple[Hypothesis, ...]]]:
    return [(each.at_ms, each.ranked) for each in await beliefs(connection, incident)]


async def test_a_ranking_is_kept_when_it_moved_and_otherwise_not(connection: Connection) -> None:
    store = CorrelateStore()
    first, near, far = ranking(L1=600, R1=300), ranking(L1=640, R1=270), ranking(L1=660, R1=250)
    for now, believed in ((10, ()), (20, first), (30, near), (40, far), (50, ())):
        await store.save(connection, "A1", 1, now, [row(*believed)])
    assert await told(connection) == [(40, far), (20, first)]


async def test_of_several_turns_at_one_instant_the_last_stands(connection: Connection) -> None:
    store = CorrelateStore()
    await store.save(connection, "A1", 1, 20, [row(*ranking(L1=600, R1=300, F1=50))])
    await store.save(connection, "A1", 2, 20, [row(*ranking(R1=900))])
    assert await told(connection) == [(20, ranking(R1=900))]


async def test_the_latest_rankings_are_shown(connection: Connection) -> None:
    store = CorrelateStore()
    await store.save(connection, "A1", 1, 0, [row(*ranking(L1=0))])
    for n in range(1, MOST_BELIEFS + 3):
        await store.save(connection, "A1", n, n, [row(*ranking(L1=500 * (n % 2)))])
    found = await told(connection)
    assert [at for at, _ in found] == list(range(MOST_BELIEFS + 2, 2, -1))


# ---------------------------------------------------------------------------------------------------------- how it fared
L1, R1 = device_id("L1"), device_id("R1")


async def believed(connection: Connection, at: str, **permille: int) -> str:
    """Let a ranking have been believed of the incident at L1 from a time on, in place of what was; return the incident."""
    incident: str = await connection.fetchval("SELECT id FROM incident WHERE device = $1", L1)
    await connection.execute("DELETE FROM incident_hypothesis WHERE from_ms = $1 AND incident = $2", ms(at), incident)
    await connection.executemany(
        "INSERT INTO incident_hypothesis VALUES ($1, $2, $3, $4, $5)",
        [(incident, ms(at), rank, device_id(name), each) for rank, (name, each) in enumerate(permille.items(), 1)],
    )
    return incident


async def nothing_believed(connection: Connection) -> None:
    await connection.execute("DELETE FROM incident_hypothesis")


async def test_what_was_believed_before_the_crew_found_it_is_scored(connection: Connection) -> None:
    await morning(connection)
    await nothing_believed(connection)
    await believed(connection, "06:00:40", R1=450, L1=400)
    await believed(connection, "06:20", L1=720, R1=200, T11=30)
    incident = await believed(connection, "07:00:30", L1=1000)
    assert await score(connection, incident) == Scored(
        device=L1, known_by="crew", known_at_ms=ms("07:00:30"), last_rank=1, last_permille=720, first_rank=2,
        first_permille=400,
    )  # fmt: skip
    said = await connection.fetch("SELECT device, permille, was_true FROM scored_hypothesis ORDER BY rank")
    assert [tuple(each) for each in said] == [(L1, 720, True), (R1, 200, False), (device_id("T11"), 30, False)]


async def test_a_device_that_was_not_named_has_no_rank(connection: Connection) -> None:
    await morning(connection)
    await nothing_believed(connection)
    incident = await believed(connection, "06:20", R1=900)
    found = await score(connection, incident)
    assert found is not None
    assert (found.last_rank, found.last_permille, found.first_rank, found.first_permille) == (None, 0, None, 0)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE incident SET state = 'confirmed', restored_at_ms = NULL",
        "DELETE FROM incident_hypothesis",
        "UPDATE incident_hypothesis h SET from_ms = known_at_ms FROM incident_known k WHERE k.incident = h.incident",
        "DELETE FROM journal WHERE reason IN ('crewFound', 'foundForOther')",
        "DELETE FROM interruption_part WHERE interruption NOT IN (SELECT id FROM interruption WHERE customer = 'T11-1')",
    ],
    ids=["it is not over", "nothing was believed", "it was known from the start", "nobody saw it", "one customer"],
)
async def test_there_is_no_score_without_a_belief_and_a_truth_about_several_customers(
    connection: Connection, damage: str
) -> None:
    await morning(connection)
    await nothing_believed(connection)
    incident = await believed(connection, "06:20", L1=900)
    assert await score(connection, incident) is not None
    await connection.execute(damage)
    assert await score(connection, incident) is None


async def test_who_saw_it_last_is_named_and_when_it_was_seen_first(connection: Connection) -> None:
    await morning(connection)
    await nothing_believed(connection)
    incident = await believed(connection, "06:10", L1=300)
    await believed(connection, "06:20", L1=900)
    await connection.execute(
        """INSERT INTO journal (id, stage, shard, tick, now_ms, subject_kind, subject, became, reason, facts)
           VALUES ('told', 'correlate', 'A1', 3, $1, 'incident', $2, 'confirmed', 'dispatcherConfirmed', '{}')""",
        ms("06:15"),
        incident,
    )
    found = await score(connection, incident)
    assert found is not None
    assert (found.known_by, found.known_at_ms, found.last_permille) == ("crew", ms("06:15"), 300)


async def test_what_is_kept_of_one_incident_is_found_at_once_among_many(connection: Connection) -> None:
    await connection.execute(
        """INSERT INTO incident (id, area, device, state, reason, revision, basis, opened_at_ms, started_at_ms, estimate_ms,
                                 restored_at_ms, changed_at_ms, heard, customers_out)
           SELECT 'i' || n, 'A1', 'd', 'closed', 'r', 1, 'call', n, n, n, n, n, 1, 1 FROM generate_series(1, 20000) n;
           INSERT INTO incident_hypothesis SELECT 'i' || n, n + m, r, 'd' || r, 100
           FROM generate_series(1, 20000) n, generate_series(1, 2) m, generate_series(1, 3) r;
           INSERT INTO journal (id, stage, shard, tick, now_ms, subject_kind, subject, became, reason, facts)
           SELECT 'j' || n, 'correlate', 'A1', n, n + 9, 'incident', 'i' || n, 'confirmed', 'crewFound', '{}'
           FROM generate_series(1, 20000) n;
           ANALYZE incident, incident_hypothesis, journal"""
    )
    for query in ("SELECT * FROM incident_score WHERE incident = 'i7'", LAST_KEPT):
        given = [] if query is not LAST_KEPT else [["i7", "i8"]]
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {query}", *given))
        assert not re.search(r"Seq Scan on (incident|incident_hypothesis|journal)\b", plan), plan
