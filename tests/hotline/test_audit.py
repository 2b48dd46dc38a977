from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import pytest

from schemas.events import CallAnswered, LargeCustomerOut, LargeCustomerRestored
from schemas.ids import derived
from schemas.topics import HOTLINE_ANSWERS, HOTLINE_PRIORITY
from services.hotline.audit import RULES
from services.hotline.entities import call_key
from services.hotline.stage import EscalateStage
from services.hotline.store import Contacts, read_accounts
from tests.stage_script import moment, ms, play, violations

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[Any]


def out(account: str, outage: str, at: str) -> LargeCustomerOut:
    return LargeCustomerOut(
        id=derived("out", outage), at=moment(at), account=account, customer="C", outage=outage, reason="asReported"
    )


def back(account: str, outage: str, at: str) -> LargeCustomerRestored:
    return LargeCustomerRestored(
        id=derived("back", outage), at=moment(at), account=account, customer="C", outage=outage
    )


async def morning(connection: Connection) -> None:
    """Let the engine play a morning: MILL acknowledges its second call, DAIRY is being called, FARM was back soon."""
    await connection.execute(
        """INSERT INTO hotline_account (account, customer, contact_phone, name)
           VALUES ('MILL', 'C-1', '+99901', 'a'), ('DAIRY', 'C-2', '+99902', 'b'), ('FARM', 'C-3', '+99903', 'c')"""
    )
    answered = CallAnswered(
        id="said", at=moment("06:03"), call=call_key("MILL", "O-1", 2), account="MILL", outage="O-1", acknowledged=True
    )
    await play(
        connection,
        EscalateStage(await read_accounts(connection)),
        [
            (ms("06:00"), [(HOTLINE_PRIORITY, out("MILL", "O-1", "06:00"))]),
            (ms("06:02"), [(HOTLINE_PRIORITY, out("DAIRY", "O-2", "06:02"))]),
            (
                ms("06:03"),
                [
                    (HOTLINE_ANSWERS, answered),
                    (HOTLINE_PRIORITY, out("FARM", "O-3", "06:02")),
                    (HOTLINE_PRIORITY, back("FARM", "O-3", "06:03")),
                ],
            ),
            (ms("06:10"), [(HOTLINE_PRIORITY, back("MILL", "O-1", "06:10"))]),
        ],
    )


async def test_what_the_engine_wrote_of_a_morning_keeps_every_promise(connection: Connection) -> None:
    await morning(connection)
    assert await violations(connection, RULES) == {}
    checked = {rule.name: await connection.fetchval(rule.checked_sql) for rule in RULES}
    assert checked == {
        "largeOutageCalled": 3,
        "callingGoesOn": 1,
        "escalationHasItsCalls": 3,
        "callReasoned": 4,
        "stoppedForAReason": 2,
    }


async def test_the_views_show_escalations_and_calls(connection: Connection) -> None:
    await morning(connection)
    escalations = await connection.fetch("SELECT account, outage, state, calls FROM hotline_escalation ORDER BY outage")
    assert [tuple(row) for row in escalations] == [
        ("MILL", "O-1", "over", 2),
        ("DAIRY", "O-2", "calling", 2),
        ("FARM", "O-3", "over", 0),
    ]
    calls = await connection.fetch("SELECT outage, attempt, state FROM hotline_call ORDER BY outage, attempt")
    assert [tuple(row) for row in calls] == [
        ("O-1", 1, "due"),
        ("O-1", 2, "due"),
        ("O-2", 1, "due"),
        ("O-2", 2, "due"),
    ]


async def test_no_phone_lies_in_effects_entities_or_journal(connection: Connection) -> None:
    await morning(connection)
    for table in ("effects", "entity", "journal", "outbox"):
        rows = await connection.fetch(f"SELECT t::text AS row FROM {table} t")
        assert not [row for row in rows if "+999" in row["row"]]


REWRITE = "UPDATE entity SET body = (body::jsonb || '{}')::json WHERE stage = 'escalate' AND id = '{}'"
SECOND = call_key("DAIRY", "O-2", 2)


@pytest.mark.parametrize(
    ("damage", "rule", "row"),
    [
        ("DELETE FROM effects WHERE body ->> 'outage' = 'O-2'", "largeOutageCalled", ["DAIRY", "O-2"]),
        ("DELETE FROM journal WHERE reason = 'backBeforeCall'", "largeOutageCalled", ["FARM", "O-3"]),
        (
            REWRITE.format('{"next_call_at": null}', "O-2"),
            "callingGoesOn",
            ["DAIRY", "O-2", None, ms("06:12")],
        ),
        (
            "UPDATE turns SET wake_at_ms = NULL WHERE stage = 'escalate' AND shard = 'DAIRY'",
            "callingGoesOn",
            ["DAIRY", "O-2", ms("06:12"), None],
        ),
        (f"DELETE FROM effects WHERE key = '{call_key('DAIRY', 'O-2', 1)}'", "escalationHasItsCalls", ["O-2", 2, 1]),
        (f"UPDATE effects SET state = 'failed' WHERE key = '{SECOND}'", "callReasoned", ["O-2", SECOND, "failed"]),
        (f"DELETE FROM journal WHERE subject = '{SECOND}'", "callReasoned", ["O-2", SECOND, "due"]),
        (REWRITE.format('{"state": "acknowledged"}', "O-2"), "stoppedForAReason", ["DAIRY", "O-2", "acknowledged"]),
        (f"DELETE FROM inbox WHERE id = '{derived('back', 'O-3')}'", "stoppedForAReason", ["FARM", "O-3", "over"]),
    ],
)
async def test_damage_is_found_by_its_rule_which_names_the_row(
    connection: Connection, damage: str, rule: str, row: list[object]
) -> None:
    await morning(connection)
    assert int((await connection.execute(damage)).split()[-1]) > 0
    assert row in (await violations(connection, RULES))[rule]


async def test_phones_are_read_anew_for_each_call(connection: Connection, dsn: str) -> None:
    await connection.execute("INSERT INTO hotline_account VALUES ('MILL', 'C-1', '+99901', 'a')")
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool:
        contacts = Contacts(pool)
        assert await contacts.phone_of("MILL") == "+99901"
        await connection.execute("UPDATE hotline_account SET contact_phone = '+99902'")
        assert await contacts.phone_of("MILL") == "+99902"
        assert await contacts.phone_of("NOBODY") is None
