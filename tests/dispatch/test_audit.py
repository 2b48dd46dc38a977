from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from schemas.events import CrewReported, CrewState, IncidentState, Place
from schemas.ids import derived
from schemas.topics import CREW_STATUS, OUTAGE_INCIDENTS
from services.dispatch.audit import RULES
from services.dispatch.roster import Crew, Depot
from services.dispatch.stage import DispatchStage
from services.dispatch.store import read_roster
from tests.dispatch.desk import incident_changed
from tests.stage_script import moment, ms, play, violations

if TYPE_CHECKING:
    import asyncpg

    Connection: TypeAlias = asyncpg.Connection[Any]

FIRST, SECOND = derived("order", "I-1", 1), derived("order", "I-2", 1)


async def morning(connection: Connection) -> None:
    """Let the engine play a morning: W1 works for I-1, W2 goes to I-2, I-3 waits, I-4 is over."""
    await connection.execute("INSERT INTO depot VALUES ('west', 11, 48), ('east', 11.4, 48)")
    await connection.execute("INSERT INTO crew VALUES ('W1', 'west'), ('W2', 'west')")
    states = {"I-1": IncidentState.CONFIRMED, "I-2": IncidentState.PREDICTED, "I-3": IncidentState.PREDICTED}
    changes = [
        incident_changed(incident, 1, state, at="06:00", since=f"05:{number}0")
        for number, (incident, state) in enumerate(states.items())
    ]
    changes.append(incident_changed("I-4", 1, IncidentState.DISMISSED, at="06:00"))
    said = [
        CrewReported(id=f"said-{status}", at=moment("06:01"), crew="W1", status=CrewState(status), order=FIRST)
        for status in ("accepted", "arrived")
    ]
    await play(
        connection,
        DispatchStage(await read_roster(connection)),
        [
            (ms("06:00"), [(OUTAGE_INCIDENTS, change) for change in changes]),
            (ms("06:01"), [(CREW_STATUS, report) for report in said]),
        ],
    )


async def test_the_roster_is_read_as_the_utility_has_it(connection: Connection) -> None:
    await connection.execute("INSERT INTO depot VALUES ('west', 11, 48)")
    await connection.execute("INSERT INTO crew VALUES ('W2', 'west'), ('W1', 'west')")
    known = await read_roster(connection)
    assert list(known.crews.values()) == [Crew("W1", "west"), Crew("W2", "west")]
    assert known.home("W1") == Depot("west", Place(11, 48))


async def test_what_the_engine_wrote_of_a_morning_keeps_every_promise(connection: Connection) -> None:
    await morning(connection)
    assert await violations(connection, RULES) == {}
    checked = {rule.name: await connection.fetchval(rule.checked_sql) for rule in RULES}
    assert checked == {
        "crewWithOneOrder": 2,
        "incidentWithOneOrder": 2,
        "crewHoldsItsOrder": 2,
        "jobHoldsItsOrder": 4,
        "orderReasoned": 4,
        "orderPublished": 2,
        "openIncidentHasJob": 4,
        "waitingReasoned": 1,
    }


async def test_the_views_show_orders_jobs_and_crews(connection: Connection) -> None:
    await morning(connection)
    await connection.execute("INSERT INTO crew VALUES ('E9', 'east')")
    orders = await connection.fetch('SELECT "order", crew, incident, state, active FROM crew_order ORDER BY incident')
    assert [tuple(row) for row in orders] == [
        (FIRST, "W1", "I-1", "arrived", True),
        (SECOND, "W2", "I-2", "sent", True),
    ]
    duties = await connection.fetch("SELECT crew, depot, state FROM crew_duty ORDER BY crew")
    assert [tuple(row) for row in duties] == [
        ("E9", "east", "available"),
        ("W1", "west", "onSite"),
        ("W2", "west", "ordered"),
    ]
    jobs = await connection.fetch('SELECT incident, state, "order" FROM dispatch_job ORDER BY incident')
    assert [tuple(row) for row in jobs] == [
        ("I-1", "ordered", FIRST),
        ("I-2", "ordered", SECOND),
        ("I-3", "waiting", None),
        ("I-4", "over", None),
    ]


REWRITE = "UPDATE entity SET body = (body::jsonb || '{}')::json WHERE stage = 'dispatch' AND kind = '{}' AND id = '{}'"


@pytest.mark.parametrize(
    ("damage", "rule", "row"),
    [
        (REWRITE.format('{"crew": "W1"}', "order", SECOND), "crewWithOneOrder", ["W1", sorted([FIRST, SECOND])]),
        (
            REWRITE.format('{"incident": "I-1"}', "order", SECOND),
            "incidentWithOneOrder",
            ["I-1", sorted([FIRST, SECOND])],
        ),
        (REWRITE.format('{"order": null}', "crew", "W1"), "crewHoldsItsOrder", ["W1", None, FIRST]),
        (REWRITE.format('{"state": "done"}', "order", FIRST), "crewHoldsItsOrder", ["W1", FIRST, None]),
        (REWRITE.format('{"order": null}', "job", "I-2"), "jobHoldsItsOrder", ["I-2", None, SECOND]),
        (
            f"DELETE FROM journal WHERE subject = '{FIRST}' AND became = 'accepted'",
            "orderReasoned",
            [FIRST, "accepted", derived("orderChanged", FIRST, "accepted")],
        ),
        (
            f"UPDATE journal SET reason = 'because' WHERE subject = '{SECOND}'",
            "orderReasoned",
            [SECOND, "sent", derived("orderChanged", SECOND, "sent")],
        ),
        (
            f"DELETE FROM outbox WHERE id = '{derived('orderChanged', SECOND, 'sent')}'",
            "orderPublished",
            [SECOND, "sent", "W2", "I-2"],
        ),
        (REWRITE.format('{"state": "enroute"}', "order", SECOND), "orderPublished", [SECOND, "enroute", "W2", "I-2"]),
        ("DELETE FROM entity WHERE kind = 'job' AND id = 'I-3'", "openIncidentHasJob", ["I-3", "predicted", 1, None]),
        (REWRITE.format('{"state": "over"}', "job", "I-3"), "openIncidentHasJob", ["I-3", "predicted", 1, "over"]),
        ("DELETE FROM journal WHERE subject = 'I-3' AND reason = 'noCrewIdle'", "waitingReasoned", ["I-3"]),
    ],
)
async def test_damage_is_found_by_its_rule_which_names_the_row(
    connection: Connection, damage: str, rule: str, row: list[object]
) -> None:
    await morning(connection)
    assert (await connection.execute(damage)).split()[-1] == "1"
    assert row in (await violations(connection, RULES))[rule]
