from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo

import pytest

from schemas.codec import encode
from schemas.events import CrewReported, CrewState, IncidentState, Place
from schemas.ids import derived
from schemas.topics import CREW_STATUS, OUTAGE_INCIDENTS
from services.dispatch.audit import RULES
from services.dispatch.entities import assist_job, hazard_job
from services.dispatch.roster import Crew, Depot, Shift
from services.dispatch.stage import DispatchStage
from services.dispatch.store import DispatchStore, crews_now, latest_orders, read_roster
from services.engine.deciding import Deciding
from services.engine.replaying import replay_shard
from tests.dispatch.desk import NEAR_EAST, hazard_changed, incident_changed, order_id
from tests.stage_script import DAY, moment, ms, play, violations

if TYPE_CHECKING:
    import asyncpg

    Connection: TypeAlias = asyncpg.Connection[Any]

FIRST, SECOND = order_id("I-1", 1), order_id("I-2", 1)
HELP = derived("order", assist_job(FIRST, "line"), "said-W1-helpNeeded", 1)
SAFE = derived("order", hazard_job("H-1"), derived("hazardChanged", "H-1", 1), 1)

UTILITY = """
    INSERT INTO utility_version (digest, name, time_zone, attribution, current)
        VALUES ('old', 'Old', 'UTC', '', false), ('now', 'Now', 'America/Chicago', '', true);
    INSERT INTO utility_region SELECT version, 'R1', '' FROM utility_version;
    INSERT INTO depot (version, depot, lon, lat)
        SELECT version, depot, lon, 48 FROM utility_version, (VALUES ('west', 11), ('east', 11.4)) AS d (depot, lon);
    INSERT INTO crew (version, crew, depot, skills)
        SELECT version, crew, 'west', skills::text[] FROM utility_version,
            (VALUES ('W1', '{line}'), ('W2', '{line,service}'), ('W3', '{line}'), ('W4', '{line}')) AS c (crew, skills);
    INSERT INTO crew (version, crew, depot, skills, certificates, kit)
        SELECT version, 'E1', 'east', '{service}', '{climbing}', '{earthing}' FROM utility_version WHERE current;
    INSERT INTO crew_shift
        SELECT version, 'E1', 7, '06:00', '14:00', 'standby' FROM utility_version WHERE current;
"""


async def morning(connection: Connection) -> None:
    """Let the engine play a morning: W1 works for I-1 and W3 helps it, W2 did not answer for I-2 and got it again, W4 is off.

    I-3 waits, I-4 is over, E1 has made the hazard H-1 safe and has no shift.
    """
    await connection.execute(UTILITY)
    changes = [
        incident_changed(incident, 1, IncidentState.PREDICTED, at="06:00", since=since, customers_out=customers)
        for incident, since, customers in (("I-1", "05:00", 30), ("I-2", "05:10", 20), ("I-3", "06:07", 10))
    ]
    dismissed = incident_changed("I-4", 1, IncidentState.DISMISSED, at="06:00")

    def said(crew: str, status: str, at: str, order: str | None = None, **given: Any) -> CrewReported:
        return CrewReported(
            id=f"said-{crew}-{status}", at=moment(at), crew=crew, status=CrewState(status), order=order, **given
        )

    off = [said("W3", "onBreak", "05:59"), said("W4", "offDuty", "05:59"), said("E1", "signedOn", "05:59")]
    hazard = hazard_changed("H-1", 1, "reported", at="06:00", place=NEAR_EAST)
    await play(
        connection,
        DispatchStage(await read_roster(connection)),
        [
            (ms("05:59"), [(CREW_STATUS, report) for report in off]),
            (ms("06:00"), [(OUTAGE_INCIDENTS, change) for change in (*changes[:2], dismissed, hazard)]),
            (
                ms("06:01"),
                [
                    (CREW_STATUS, said("W1", "accepted", "06:01", FIRST)),
                    (CREW_STATUS, said("W1", "arrived", "06:01", FIRST)),
                    (CREW_STATUS, said("E1", "arrived", "06:01", SAFE)),
                ],
            ),
            (ms("06:02"), [(CREW_STATUS, said("E1", "done", "06:02", SAFE))]),
            (
                ms("06:05"),
                [(OUTAGE_INCIDENTS, hazard_changed("H-1", 2, "madeSafe", at="06:05"))],
            ),
            (
                ms("06:06"),
                [
                    (CREW_STATUS, said("W2", "available", "06:06")),
                    (CREW_STATUS, said("W3", "available", "06:06")),
                    (CREW_STATUS, said("W1", "helpNeeded", "06:06", FIRST, skill="line")),
                    (OUTAGE_INCIDENTS, changes[2]),
                ],
            ),
        ],
        DispatchStore(),
    )


async def test_the_roster_is_read_as_the_utility_has_it(connection: Connection) -> None:
    await connection.execute(UTILITY)
    known = await read_roster(connection)
    assert list(known.crews) == ["E1", "W1", "W2", "W3", "W4"]
    assert known.crews["E1"] == Crew(
        "E1",
        "east",
        frozenset({"service"}),
        frozenset({"climbing"}),
        frozenset({"earthing"}),
        (Shift(7, dt.time(6), dt.time(14), "standby"),),
    )
    assert known.home("W1") == Depot("west", Place(11, 48))
    assert known.regions == ("R1",)
    assert known.zone == ZoneInfo("America/Chicago")


async def test_what_the_engine_wrote_of_a_morning_keeps_every_promise(connection: Connection) -> None:
    await morning(connection)
    assert await violations(connection, RULES) == {}
    checked = {rule.name: await connection.fetchval(rule.checked_sql) for rule in RULES}
    assert checked == {
        "crewWithOneOrder": 4,
        "workWithOneLeadingOrder": 3,
        "helperHelps": 1,
        "crewHoldsItsOrder": 5,
        "jobHoldsItsOrder": 6,
        "orderAsDecided": 5,
        "orderReasoned": 10,
        "orderPublished": 5,
        "skillsKept": 5,
        "visitorsAreHere": 0,
        "visitorsGuided": 0,
        "signedOffStaysFree": 5,
        "silentStaysUnreachable": 1,
        "openWorkHasJob": 5,
        "waitingReasoned": 1,
        "restKept": 5,
        "nobodyAloneOnTheLine": 3,
        "nobodyWhereBarred": 0,
        "safetyHoldKept": 0,
        "clearanceAsked": 0,
        "calledAgainOnce": 0,
    }


async def test_a_morning_replays_to_the_same_bytes(connection: Connection) -> None:
    await morning(connection)
    stage = DispatchStage(await read_roster(connection))
    assert (await replay_shard(connection, stage, DispatchStore(), "R1", exercise=False))[1] == []


async def test_the_views_show_orders_jobs_and_crews(connection: Connection) -> None:
    await morning(connection)
    orders = await connection.fetch(
        """SELECT crew, incident, hazard, work, state, active, attempt, arrived_at_ms IS NOT NULL
           FROM crew_order ORDER BY work, incident, attempt"""
    )
    assert [tuple(row) for row in orders] == [
        ("W3", "I-1", None, "assist", "sent", True, 1, False),
        ("E1", None, "H-1", "makeSafe", "done", False, 1, True),
        ("W1", "I-1", None, "repair", "arrived", True, 1, True),
        ("W2", "I-2", None, "repair", "revoked", False, 1, False),
        ("W2", "I-2", None, "repair", "sent", True, 2, False),
    ]
    assert [(row.subject, row.crew, row.state) for row in await latest_orders(connection)] == [
        ("H-1", "E1", "done"),
        ("I-1", "W1", "arrived"),
        ("I-2", "W2", "sent"),
    ]
    assert [(row.crew, row.depot, row.state) for row in await crews_now(connection)] == [
        ("E1", "east", "available"),
        ("W1", "west", "onSite"),
        ("W2", "west", "ordered"),
        ("W3", "west", "ordered"),
        ("W4", "west", "offDuty"),
    ]
    jobs = await connection.fetch("SELECT job, state, priority FROM dispatch_job ORDER BY work, job")
    assert [tuple(row) for row in jobs] == [
        (assist_job(FIRST, "line"), "ordered", "lateral"),
        (hazard_job("H-1"), "over", "hazard"),
        ("I-1", "ordered", "lateral"),
        ("I-2", "ordered", "lateral"),
        ("I-3", "waiting", "lateral"),
        ("I-4", "over", "lateral"),
    ]


async def test_an_order_that_was_forgotten_is_still_in_the_table_of_all_orders(connection: Connection) -> None:
    await morning(connection)
    deciding = Deciding(DispatchStage(await read_roster(connection)), DispatchStore(), exercise=False)
    late = CrewReported(id="late", at=DAY + dt.timedelta(days=1, hours=7), crew="E1", status=CrewState.AVAILABLE)
    await connection.execute(
        """INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body) VALUES ('dispatch', $1, 'R1', $2, 7, $3, $4)""",
        late.id,
        ms("31:00"),
        CREW_STATUS.name,
        encode(late),
    )
    await deciding.decide(connection, "R1", 8, ms("31:00"))
    gone = "SELECT count(*) FROM entity WHERE stage = 'dispatch' AND id = ANY($1::text[])"
    assert await connection.fetchval(gone, [SAFE, hazard_job("H-1"), "I-4"]) == 0
    assert await connection.fetchval('SELECT state FROM crew_order WHERE "order" = $1', SAFE) == "done"
    assert await violations(connection, RULES) == {}


REWRITE = "UPDATE entity SET body = (body::jsonb || '{}')::json WHERE stage = 'dispatch' AND kind = '{}' AND id = '{}'"
CHANGE = "UPDATE dispatch_order SET {} WHERE \"order\" = '{}'"
AGAIN = order_id("I-2", 2)
LONG_AGO = ms("06:00") - 16 * 3_600_000 - 1


@pytest.mark.parametrize(
    ("damage", "rule", "row"),
    [
        (CHANGE.format("crew = 'W1'", AGAIN), "crewWithOneOrder", ["W1", sorted([FIRST, AGAIN])]),
        (CHANGE.format("incident = 'I-1'", AGAIN), "workWithOneLeadingOrder", ["I-1", sorted([FIRST, AGAIN])]),
        (CHANGE.format("assists = 'nobody'", HELP), "helperHelps", [HELP, "nobody", None]),
        (CHANGE.format("state = 'done', ended_at_ms = changed_at_ms", FIRST), "helperHelps", [HELP, FIRST, "done"]),
        (REWRITE.format('{"order": null}', "crew", "W1"), "crewHoldsItsOrder", ["W1", None, FIRST]),
        (
            CHANGE.format("state = 'done', ended_at_ms = changed_at_ms", FIRST),
            "crewHoldsItsOrder",
            ["W1", FIRST, None],
        ),
        (REWRITE.format('{"order": null}', "job", "I-2"), "jobHoldsItsOrder", ["I-2", None, AGAIN]),
        (REWRITE.format('{"state": "enroute"}', "order", AGAIN), "orderAsDecided", [AGAIN, "W2", "enroute"]),
        (
            f"DELETE FROM journal WHERE subject = '{FIRST}' AND became = 'accepted'",
            "orderReasoned",
            [FIRST, "accepted", derived("orderChanged", FIRST, "accepted")],
        ),
        (
            f"UPDATE journal SET reason = 'because' WHERE subject = '{AGAIN}'",
            "orderReasoned",
            [AGAIN, "sent", derived("orderChanged", AGAIN, "sent")],
        ),
        (
            f"DELETE FROM outbox WHERE id = '{derived('orderChanged', AGAIN, 'sent')}'",
            "orderPublished",
            [AGAIN, "sent", "W2", "I-2", None],
        ),
        (CHANGE.format("state = 'enroute'", AGAIN), "orderPublished", [AGAIN, "enroute", "W2", "I-2", None]),
        ("DELETE FROM crew WHERE crew = 'W1' AND version = 2", "skillsKept", [FIRST, "W1", ["line"], None]),
        (
            "UPDATE crew SET skills = '{service}' WHERE crew = 'W1' AND version = 2",
            "skillsKept",
            [FIRST, "W1", ["line"], ["service"]],
        ),
        (
            CHANGE.format(f"on_duty_since_ms = {LONG_AGO}", SAFE),
            "restKept",
            [SAFE, "E1", LONG_AGO, ms("06:00"), None],
        ),
        (CHANGE.format("crew = 'W4'", AGAIN), "signedOffStaysFree", [AGAIN, "W4", "said-W4-offDuty"]),
        (
            "UPDATE inbox SET decided = 1 WHERE id = 'said-W2-available'",
            "silentStaysUnreachable",
            [AGAIN, "W2", SECOND],
        ),
        ("DELETE FROM entity WHERE kind = 'job' AND id = 'I-3'", "openWorkHasJob", ["I-3", "predicted", 1, None]),
        (REWRITE.format('{"state": "over"}', "job", "I-3"), "openWorkHasJob", ["I-3", "predicted", 1, "over"]),
        (
            REWRITE.format('{"state": "done"}', "job", hazard_job("H-1")),
            "openWorkHasJob",
            [hazard_job("H-1"), "madeSafe", 2, "done"],
        ),
        (REWRITE.format(f'{{"changed_at": {ms("06:06") + 1}}}', "job", "I-3"), "waitingReasoned", ["I-3"]),
    ],
)
async def test_damage_is_found_by_its_rule_which_names_the_row(
    connection: Connection, damage: str, rule: str, row: list[object]
) -> None:
    await morning(connection)
    assert (await connection.execute(damage)).split()[-1] == "1"
    assert row in (await violations(connection, RULES))[rule]
