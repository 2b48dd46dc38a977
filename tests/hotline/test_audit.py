from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import pytest

from schemas.events import CallAnswered, HotlineReported, LargeCustomerOut, LargeCustomerRestored, ReportKind
from schemas.ids import derived
from schemas.topics import HOTLINE_ANSWERS, HOTLINE_PRIORITY, HOTLINE_REPORTS
from services.engine import direct
from services.hotline import store
from services.hotline.audit import RULES
from services.hotline.entities import call_key
from services.hotline.stage import EscalateStage
from services.hotline.store import read_accounts
from tests.hotline.accounts import import_accounts
from tests.stage_script import moment, ms, play, violations

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[Any]

REPORTED = derived("escalation", "MILL", "C-4", "gasp")


def out(account: str, outage: str, at: str, customer: str, **given: Any) -> LargeCustomerOut:
    return LargeCustomerOut(
        id=derived("out", outage, at),
        at=moment(at),
        account=account,
        customer=customer,
        outage=outage,
        reason="asReported",
        **given,
    )


def back(account: str, outage: str, at: str, customer: str) -> LargeCustomerRestored:
    return LargeCustomerRestored(
        id=derived("back", outage), at=moment(at), account=account, customer=customer, outage=outage
    )


def report(name: str, at: str, customer: str) -> HotlineReported:
    return HotlineReported(id=name, at=moment(at), account="MILL", kind=ReportKind.LAST_GASP, customer=customer)


async def morning(connection: Connection) -> None:
    """Let the engine play a morning.

    MILL reports C-4 and acknowledges the second call about C-1; DAIRY is being called; FARM was back soon, and is told of
    announced work later.
    """
    await import_accounts(connection)
    answered = CallAnswered(
        id="said", at=moment("06:03"), call=call_key("MILL", "O-1", 2), account="MILL", outage="O-1", acknowledged=True
    )
    await play(
        connection,
        EscalateStage(*await read_accounts(connection)),
        [
            (ms("06:00"), [(HOTLINE_PRIORITY, out("MILL", "O-1", "06:00", "C-1"))]),
            (
                ms("06:01"),
                [
                    (HOTLINE_REPORTS, report("gasp", "06:01", "C-4")),
                    (HOTLINE_REPORTS, report("stray", "06:01", "C-99")),
                ],
            ),
            (ms("06:02"), [(HOTLINE_PRIORITY, out("DAIRY", "O-2", "06:02", "C-2"))]),
            (
                ms("06:03"),
                [
                    (HOTLINE_ANSWERS, answered),
                    (HOTLINE_PRIORITY, out("FARM", "O-3", "06:02", "C-3")),
                    (HOTLINE_PRIORITY, back("FARM", "O-3", "06:03", "C-3")),
                ],
            ),
            (
                ms("06:10"),
                [
                    (HOTLINE_PRIORITY, back("MILL", "O-1", "06:10", "C-1")),
                    (HOTLINE_PRIORITY, out("FARM", "O-4", "06:10", "C-3", window="W-1")),
                ],
            ),
            (ms("06:12"), []),
        ],
    )
    api = report("by-api", "06:13", "C-1")
    await store.remember(
        connection, "MILL", "key-1", digest="x", event=api.id, topic=HOTLINE_REPORTS.name, at_ms=ms("06:13")
    )
    await direct.take_directly(connection, "escalate", "MILL", HOTLINE_REPORTS, api)
    await direct.publish(connection, "hotline", HOTLINE_REPORTS, "MILL", api)
    await store.change_contacts(
        connection, "MILL", [("K-2", "+99905555555"), ("K-1", None)], at_ms=ms("06:14"), key_id="k"
    )


@pytest.fixture
async def played(connection: Connection) -> Connection:
    await connection.execute("INSERT INTO clock (mode, n, now_ms) VALUES ('lockstep', 6, $1)", ms("06:12"))
    await morning(connection)
    return connection


async def test_what_the_engine_wrote_of_a_morning_keeps_every_promise(played: Connection) -> None:
    assert await violations(played, RULES) == {}
    checked = {rule.name: await played.fetchval(rule.checked_sql) for rule in RULES}
    assert checked == {
        "largeOutageCalled": 4,
        "escalationLedToACall": 5,
        "hotlineFactsAnswered": 9,
        "callingGoesOn": 2,
        "escalationHasItsCalls": 5,
        "callReasoned": 12,
        "ladderKept": 12,
        "stoppedForAReason": 3,
        "nobodyCalledAfterwards": 12,
        "toldByApiStored": 1,
        "toldByApiHeardByAll": 1,
        "contactChangesKept": 3,
    }


async def test_the_views_show_escalations_and_calls(played: Connection) -> None:
    escalations = await played.fetch(
        "SELECT account, outage, state, calls, source FROM hotline_escalation ORDER BY out_since_ms, outage"
    )
    assert [tuple(row) for row in escalations] == [
        ("MILL", "O-1", "over", 3, "inference"),
        ("MILL", REPORTED, "calling", 5, "report"),
        ("DAIRY", "O-2", "calling", 3, "inference"),
        ("FARM", "O-3", "over", 0, "inference"),
        ("FARM", "O-4", "told", 1, "inference"),
    ]
    calls = await played.fetch("SELECT attempt, contact, state FROM hotline_call WHERE outage = 'O-1' ORDER BY attempt")
    assert [tuple(row) for row in calls] == [(1, "K-1", "due"), (2, "K-2", "due"), (3, "K-1", "superseded")]


async def test_no_phone_lies_in_effects_entities_or_journal(played: Connection) -> None:
    for table in ("effects", "entity", "journal", "outbox", "inbox"):
        rows = await played.fetch(f"SELECT t::text AS row FROM {table} t")
        assert not [row for row in rows if "+999" in row["row"]]


REWRITE = "UPDATE entity SET body = (body::jsonb || '{}')::json WHERE stage = 'escalate' AND kind = 'escalation' AND id = '{}'"
SECOND = call_key("DAIRY", "O-2", 2)
MILLS_SECOND = call_key("MILL", "O-1", 2)


@pytest.mark.parametrize(
    ("damage", "rule", "row"),
    [
        ("DELETE FROM entity WHERE id = 'O-2'", "largeOutageCalled", ["DAIRY", "O-2"]),
        ("DELETE FROM effects WHERE body ->> 'outage' = 'O-2'", "escalationLedToACall", ["DAIRY", "O-2"]),
        ("DELETE FROM journal WHERE reason = 'backBeforeCall'", "escalationLedToACall", ["FARM", "O-3"]),
        ("DELETE FROM journal WHERE 'stray' = ANY (facts)", "hotlineFactsAnswered", ["MILL", "stray"]),
        (
            REWRITE.format('{"next_call_at": null}', "O-2"),
            "callingGoesOn",
            ["DAIRY", "O-2", None, ms("06:14")],
        ),
        (
            "UPDATE turns SET wake_at_ms = NULL WHERE stage = 'escalate' AND shard = 'DAIRY'",
            "callingGoesOn",
            ["DAIRY", "O-2", ms("06:14"), None],
        ),
        (f"DELETE FROM effects WHERE key = '{call_key('DAIRY', 'O-2', 1)}'", "escalationHasItsCalls", ["O-2", 3, 2]),
        (f"UPDATE effects SET state = 'failed' WHERE key = '{SECOND}'", "callReasoned", ["O-2", SECOND, "failed"]),
        (f"DELETE FROM journal WHERE subject = '{SECOND}'", "callReasoned", ["O-2", SECOND, "due"]),
        (
            f"UPDATE journal SET reason = 'noAnswer' WHERE subject = '{SECOND}'",
            "ladderKept",
            ["DAIRY", "O-2", "K-1", 2],
        ),
        (
            f"UPDATE effects SET body = (body::jsonb || '{{\"contact\": \"K-1\"}}')::json WHERE key = '{MILLS_SECOND}'",
            "ladderKept",
            ["MILL", "O-1", "K-1", 2],
        ),
        (REWRITE.format('{"state": "acknowledged"}', "O-2"), "stoppedForAReason", ["DAIRY", "O-2", "acknowledged"]),
        (f"DELETE FROM inbox WHERE id = '{derived('back', 'O-3')}'", "stoppedForAReason", ["FARM", "O-3", "over"]),
        ("DELETE FROM journal WHERE reason = 'plannedTold'", "stoppedForAReason", ["FARM", "O-4", "told"]),
        (
            "UPDATE effects SET tick = 6 WHERE body ->> 'outage' = 'O-1' AND body ->> 'attempt' = '2'",
            "nobodyCalledAfterwards",
            ["MILL", "O-1", 2],
        ),
        ("DELETE FROM outbox WHERE id = 'by-api'", "toldByApiStored", ["MILL", "by-api", "hotline.reports"]),
        ("DELETE FROM inbox WHERE id = 'by-api'", "toldByApiStored", ["MILL", "by-api", "hotline.reports"]),
        (
            "UPDATE outbox SET sent = true WHERE id = 'by-api'",
            "toldByApiHeardByAll",
            ["MILL", "by-api", "hotline.reports"],
        ),
        ("UPDATE hotline_contact_override SET phone = '+99909999999'", "contactChangesKept", ["MILL", "K-2", "phone"]),
        ("DELETE FROM hotline_contact_change WHERE field = 'place'", "contactChangesKept", ["MILL", "K-1", "place"]),
    ],
)
async def test_damage_is_found_by_its_rule_which_names_the_row(
    played: Connection, damage: str, rule: str, row: list[object]
) -> None:
    assert int((await played.execute(damage)).split()[-1]) > 0
    assert row in (await violations(played, RULES))[rule]


async def test_what_intake_has_not_taken_yet_is_no_loss(played: Connection) -> None:
    await played.execute("UPDATE outbox SET sent = true WHERE id = 'by-api'")
    await played.execute("INSERT INTO heads VALUES ('hotline.reports', 0, 1)")
    assert await violations(played, RULES) == {}
