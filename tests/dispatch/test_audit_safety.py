"""The audit knows who may be sent where and for how long, what is held because of safety, and how clearances stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from schemas.events import (
    ClearanceSet,
    CrewReported,
    CrewState,
    DispatchMode,
    Event,
    HoursExtended,
    IncidentState,
    WorkHeld,
)
from schemas.topics import CREW_ACTIONS, CREW_STATUS, OUTAGE_INCIDENTS, Topic
from services.dispatch.audit import RULES
from services.dispatch.rules import Rules
from services.dispatch.stage import DispatchStage
from services.dispatch.store import DispatchStore, read_roster
from services.dispatch.store_rules import set_dispatch_rules
from services.engine.replaying import replay_shard
from tests.dispatch.desk import NEAR_EAST, NEAR_WEST, incident_changed, order_id
from tests.stage_script import moment, ms, play, violations

if TYPE_CHECKING:
    import asyncpg

    Connection: TypeAlias = asyncpg.Connection[Any]

FIRST, SECOND, THIRD = order_id("I-1", 1), order_id("I-2", 1), order_id("I-3", 1)
RULES_THEN = Rules(mode=DispatchMode.NEAREST_DEPOT, most_on_duty_h=4, clearance_for=("breaker",))
UTILITY = """
    INSERT INTO utility_version (digest, name, time_zone, attribution, current) VALUES ('now', 'Now', 'UTC', '', true);
    INSERT INTO utility_region SELECT version, 'R1', '' FROM utility_version;
    INSERT INTO depot (version, depot, lon, lat)
        SELECT version, depot, lon, 48 FROM utility_version, (VALUES ('west', 11), ('east', 11.4)) AS d (depot, lon);
    INSERT INTO crew (version, crew, depot, skills, members, barred)
        SELECT version, c.crew, c.depot, '{line}', 2, c.barred::text[] FROM utility_version,
            (VALUES ('W1', 'west', '{}'), ('W2', 'west', '{48.0/11.35/900}'), ('E1', 'east', '{}')) AS c (crew, depot, barred);
"""


async def evening(connection: Connection) -> None:
    """Let the engine play an evening by rules of four hours on duty: W1 got more, and works at a breaker under a clearance.

    W2 does not answer for I-2 and is called again; I-3 is held because of safety, E1 was under way to it.
    """
    await connection.execute(UTILITY)
    await set_dispatch_rules(connection, {"R1": RULES_THEN})

    def said(crew: str, status: str, at: str, order: str | None = None, **given: Any) -> tuple[Topic, Event]:
        report = CrewReported(
            id=f"said-{crew}-{status}", at=moment(at), crew=crew, status=CrewState(status), order=order, **given
        )
        return CREW_STATUS, report

    def changed(incident: str, at: str, **given: Any) -> tuple[Topic, Event]:
        return OUTAGE_INCIDENTS, incident_changed(incident, 1, IncidentState.CONFIRMED, at=at, **given)

    by: dict[str, Any] = {"region": "R1", "by": "ann"}
    more = HoursExtended(id="more", at=moment("09:30"), crew="W1", until=moment("12:00"), **by)
    clear = ClearanceSet(id="clear", at=moment("10:31"), order=FIRST, given=True, **by)
    held = WorkHeld(id="held", at=moment("10:33"), incident="I-3", held=True, safety=True, **by)
    await play(
        connection,
        DispatchStage(await read_roster(connection)),
        [
            (ms("06:00"), [said("W1", "signedOn", "06:00")]),
            (ms("09:30"), [(CREW_ACTIONS, more)]),
            (ms("10:30"), [changed("I-1", "10:30", device_class="breaker", place=NEAR_WEST)]),
            (ms("10:31"), [said("W1", "arrived", "10:31", FIRST), (CREW_ACTIONS, clear)]),
            (
                ms("10:32"),
                [
                    said("W1", "cleared", "10:32", FIRST),
                    changed("I-2", "10:32", place=NEAR_WEST),
                    changed("I-3", "10:32", place=NEAR_EAST),
                ],
            ),
            (ms("10:33"), [said("E1", "enroute", "10:33", THIRD), (CREW_ACTIONS, held)]),
            (ms("10:35"), []),
            (ms("10:36"), [said("W1", "repaired", "10:36", FIRST, found="FUSE-1")]),
        ],
        DispatchStore(),
    )


async def test_an_evening_keeps_every_promise_and_each_rule_has_looked_at_something(connection: Connection) -> None:
    await evening(connection)
    assert await violations(connection, RULES) == {}
    checked = {rule.name: await connection.fetchval(rule.checked_sql) for rule in RULES}
    names = (
        "restKept",
        "nobodyAloneOnTheLine",
        "nobodyWhereBarred",
        "safetyHoldKept",
        "clearanceAsked",
        "calledAgainOnce",
    )
    assert {name: checked[name] for name in names if checked[name] == 0} == {}
    rows = await connection.fetch('SELECT crew, state, reason, clearance FROM dispatch_order ORDER BY "order"')
    assert sorted(tuple(row) for row in rows) == [
        ("E1", "revoked", "safetyHeld", "notNeeded"),
        ("W1", "repaired", "crewReported", "taken"),
        ("W2", "sent", "nearestDepot", "notNeeded"),
    ]


async def test_an_evening_replays_to_the_same_bytes(connection: Connection) -> None:
    await evening(connection)
    stage = DispatchStage(await read_roster(connection))
    assert (await replay_shard(connection, stage, DispatchStore(), "R1", exercise=False))[1] == []


@pytest.mark.parametrize(
    ("damage", "rule", "row"),
    [
        (
            "UPDATE journal SET reason = 'nothingToChange' WHERE reason = 'hoursExtended'",
            "restKept",
            [FIRST, "W1", ms("06:00"), ms("10:30"), None],
        ),
        (
            """UPDATE dispatch_rules_set SET rules = rules || '{"fewest_on_line": 3}'""",
            "nobodyAloneOnTheLine",
            [FIRST, "W1", 2],
        ),
        ("UPDATE crew SET members = 1 WHERE crew = 'E1'", "nobodyAloneOnTheLine", [THIRD, "E1", 1]),
        (
            "UPDATE crew SET barred = '{48.0/11.05/900}' WHERE crew = 'W1'",
            "nobodyWhereBarred",
            [FIRST, "W1", "48.0/11.05/900"],
        ),
        (
            """UPDATE entity SET body = (body::jsonb || '{"held_for_safety": true}')::json WHERE kind = 'job' AND id = 'I-2'""",
            "safetyHoldKept",
            ["I-2", SECOND, "W2", "sent"],
        ),
        (
            "UPDATE journal SET reason = 'crewReported' WHERE reason = 'clearanceHeld'",
            "clearanceAsked",
            [FIRST, "W1", "repaired", "taken"],
        ),
        (
            "UPDATE journal SET reason = 'crewReported' WHERE reason = 'calledAgain'",
            "calledAgainOnce",
            [SECOND, "W2", ms("10:35"), None, 0],
        ),
    ],
)
async def test_damage_is_found_by_its_rule_which_names_the_row(
    connection: Connection, damage: str, rule: str, row: list[object]
) -> None:
    await evening(connection)
    assert (await connection.execute(damage)).split()[-1] == "1"
    assert row in (await violations(connection, RULES))[rule]
