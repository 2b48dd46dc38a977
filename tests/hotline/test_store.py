from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from schemas.events import OutageAcknowledged
from schemas.topics import HOTLINE_ANSWERS
from services.engine import direct
from services.engine.deciding import Deciding, InboxStore
from services.hotline import store
from services.hotline.accounts import Contact, Hours, Premise
from services.hotline.entities import call_key
from services.hotline.store import Contacts
from tests.hotline.accounts import begin, import_accounts
from tests.hotline.test_audit import out
from tests.stage_script import moment, ms

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[Any]


async def test_accounts_are_read_with_premises_contacts_rosters_and_the_zone(connection: Connection) -> None:
    with pytest.raises(LookupError):
        await store.read_accounts(connection)
    await import_accounts(connection)
    accounts, zone = await store.read_accounts(connection)
    assert zone == ZoneInfo("Europe/Berlin")
    assert [account.id for account in accounts] == ["DAIRY", "FARM", "MILL"]
    mill = accounts[2]
    assert mill.premises == (Premise(customer="C-1", meter="M-1"), Premise(customer="C-4", meter="M-4"))
    roster = (Hours(1, dt.time(8), dt.time(17)), Hours(7, dt.time(0), dt.time(0)))
    assert mill.contacts == (
        Contact(id="K-1", rank=1, wait_ms=60_000, language="en"),
        Contact(id="K-2", rank=2, wait_ms=60_000, language="en", roster=roster),
    )
    assert accounts[0].contacts[0].language == "zh"
    assert await store.accounts_by_customer(connection) == {"C-1": "MILL", "C-2": "DAIRY", "C-3": "FARM", "C-4": "MILL"}


async def test_a_changed_phone_goes_before_the_imported_one_and_outlives_an_import(
    connection: Connection, dsn: str
) -> None:
    await import_accounts(connection)
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool:
        contacts = Contacts(pool)
        assert await contacts.phone_of("MILL", "K-1") == "+99901111111"
        wanted = [("K-1", "+99906666666"), ("K-2", None)]
        assert await store.change_contacts(connection, "MILL", wanted, at_ms=1, key_id="k") is None
        await import_accounts(connection, "d2", phone="+99907777777")
        assert await contacts.phone_of("MILL", "K-1") == "+99906666666"
        await store.change_contacts(connection, "MILL", [("K-1", None), ("K-2", None)], at_ms=2, key_id="k")
        assert await contacts.phone_of("MILL", "K-1") == "+99907777777"
        assert await contacts.phone_of("MILL", "K-9") is None
    trail = await connection.fetch("SELECT number, contact, field, was, became, at_ms FROM hotline_contact_change")
    assert [tuple(row) for row in trail] == [
        (1, "K-1", "phone", None, "+99906666666", 1),
        (2, "K-1", "phone", "+99906666666", None, 2),
    ]


async def test_a_call_that_was_stopped_at_an_earlier_tick_is_not_wanted_any_more(
    connection: Connection, dsn: str
) -> None:
    stage = await begin(connection, now_ms=ms("06:00"))
    deciding = Deciding(stage, InboxStore("escalate"), exercise=False)
    outage = out("MILL", "O-1", "06:00", "C-1")
    await direct.take_directly(connection, "escalate", "MILL", HOTLINE_ANSWERS, outage)
    await connection.execute("UPDATE inbox SET topic = 'hotline.priority'")
    await deciding.decide(connection, "MILL", 2, ms("06:00"))
    said = OutageAcknowledged(id="said", at=moment("06:00"), account="MILL", outage="O-1")
    await direct.take_directly(connection, "escalate", "MILL", HOTLINE_ANSWERS, said)
    await deciding.decide(connection, "MILL", 3, ms("06:00"))
    call = call_key("MILL", "O-1", 1)
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool:
        contacts = Contacts(pool)
        wanted = []
        for tick in (2, 3, 4):
            await connection.execute("UPDATE clock SET n = $1", tick)
            wanted.append(await contacts.wanted(call))
    assert wanted == [True, True, False]


async def test_the_calls_of_an_outage_are_found_by_their_index_among_many_texts(connection: Connection) -> None:
    await connection.execute(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body)
           SELECT 'e' || n, CASE WHEN n % 50 = 0 THEN 'call' ELSE 'text' END, 's', 's', 1, 0,
                  json_build_object('outage', 'O-' || n, 'account', 'MILL', 'attempt', 1)
           FROM generate_series(1, 20000) n"""
    )
    await connection.execute("ANALYZE effects")
    plan = await connection.fetch("EXPLAIN SELECT * FROM hotline_call WHERE account = 'MILL' AND outage = 'O-500'")
    assert "effects_calls" in "\n".join(row[0] for row in plan)
    assert len(await store.calls(connection, "MILL", "O-500")) == 1
