"""Records of the stage in the database: notices, receipts in any order, texts by the operator's id."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from schemas.ids import derived
from services.notices import store
from services.notices.moments import (
    Channel,
    ConsentTaken,
    InboundState,
    InboundTaken,
    Kind,
    Moment,
    NoticeDecided,
    NoticeReceipted,
    TextBody,
)
from services.notices.parts import Part
from services.notices.people import Manners, Reached
from services.utility.folder import read_folder
from services.utility.store import save
from tests.utility.valley import write

if TYPE_CHECKING:
    from pathlib import Path

    from services.engine.taking import Connection

NOTICE = NoticeDecided(
    key="k1", handle="H", incident="I", customers=("C1", "C2"), moment=Moment.POWER_OUT, estimate=7000, expires_at=9000
)


def receipt(outcome: str, at: int) -> NoticeReceipted:
    return NoticeReceipted(key="k1", outcome=outcome, operator_code=outcome.upper(), at=at)


async def test_a_notice_is_read_with_the_state_of_its_text(connection: Connection) -> None:
    await store.NotifyStore().save(connection, "A1", 5, 1000, [NOTICE])
    await connection.execute(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body, state, reason, gateway_reference)
           VALUES ('k1', 'text', 'notify', 'A1', 5, 1000, '{}', 'done', 'accepted', 'OP1')"""
    )
    read: Any = await connection.fetchrow("SELECT area, customer, moment, state, effect_reason, receipt FROM notice")
    assert tuple(read) == ("A1", "C1", "powerOut", "done", "accepted", None)
    await store.NotifyStore().save(connection, "A1", 6, 2000, [receipt("delivered", 1900)])
    read = await connection.fetchrow("SELECT state, receipt, receipt_at_ms, operator_code FROM notice")
    assert tuple(read) == ("delivered", "delivered", 1900, "DELIVERED")


@pytest.mark.parametrize("order", [("delivered", "failed", "expired"), ("expired", "failed", "delivered")])
async def test_a_receipt_never_undoes_one_that_says_more(connection: Connection, order: tuple[str, ...]) -> None:
    await store.NotifyStore().save(connection, "A1", 5, 1000, [NOTICE])
    for tick, outcome in enumerate(order, start=6):
        await store.NotifyStore().save(connection, "A1", tick, 1000 * tick, [receipt(outcome, tick)])
    assert await connection.fetchval("SELECT receipt FROM notice_decided") == "delivered"


async def test_an_inbound_text_and_the_receipt_of_its_answer_are_kept(connection: Connection) -> None:
    text = InboundTaken(
        id="t1",
        phone="+9990000001",
        handle="H",
        words="停电",
        at=900,
        state=InboundState.REPORTED,
        reason="outWord",
        answer="a1",
    )
    consent = ConsentTaken(id="c1", phone="+9990000001", handle="H", consents=False, at=900)
    await store.NotifyStore().save(connection, "A1", 5, 1000, [text, consent])
    answered = NoticeReceipted(key="a1", outcome="delivered", operator_code="DELIVRD", at=1900)
    await store.NotifyStore().save(connection, "A1", 6, 2000, [answered])
    read: Any = await connection.fetchrow("SELECT words, state, answer, receipt, tick FROM inbound_text")
    assert tuple(read) == ("停电", "reported", "a1", "delivered", 5)
    read = await connection.fetchrow("SELECT handle, consents, tick FROM consent_log")
    assert tuple(read) == ("H", False, 5)
    assert await store.phone_of(connection, TextBody(inbound="t1", moment=Moment.ANSWER, words="")) == "+9990000001"


async def test_people_are_those_of_the_current_version_of_the_utility(connection: Connection) -> None:
    for version, current, phone in ((1, False, "+99911111111"), (2, True, "+99922222222")):
        await connection.execute(
            """INSERT INTO utility_version (version, digest, name, time_zone, attribution, current, languages, quiet_from)
               OVERRIDING SYSTEM VALUE VALUES ($1, $2, 'U', 'Asia/Shanghai', '', $3, '{zh,en}', '21:30')""",
            version,
            str(version),
            current,
        )
        for customer, point in (("C1", ""), ("C2", "SP-2"), ("C3", "点三")):
            await connection.execute(
                """INSERT INTO customer (version, customer, node, transformer, feeder, level, class, active, meter,
                                         service_point, language, consent, life_support)
                   VALUES ($1, $2, 'N', 'T', 'F', 'LV', '', true, $2, $3, 'en', $2 = 'C1', $2 = 'C3')""",
                version,
                customer,
                point,
            )
            if customer != "C3":
                await connection.execute("INSERT INTO customer_phone VALUES ($1, $2, $3, 2)", version, customer, phone)
    await connection.execute(
        "INSERT INTO customer_phone VALUES (2, 'C2', '+99933333333', 1), (2, 'C3', '+99933333333', 1)"
    )
    assert await store.read_people(connection) == {
        "C1": Reached(phones=("+99922222222",), name="C1", language="en"),
        "C2": Reached(phones=("+99933333333", "+99922222222"), name="SP-2", language="en", consents=False),
        "C3": Reached(phones=("+99933333333",), name="C3", language="en", consents=False, life_support=True),
    }
    assert await store.read_manners(connection) == Manners(
        zone=ZoneInfo("Asia/Shanghai"), languages=("zh", "en"), quiet_from=dt.time(21, 30), quiet_until=dt.time(7)
    )

    async def phone_of(customer: str) -> str | None:
        return await store.phone_of(connection, TextBody(customer=customer, moment=Moment.POWER_OUT, words=""))

    assert [await phone_of(customer) for customer in ("C1", "C2", "C4")] == ["+99922222222", "+99933333333", None]


async def test_the_ways_and_the_manners_of_a_utility_are_read_as_its_folder_says_them(
    connection: Connection, tmp_path: Path
) -> None:
    await save(connection, read_folder(write(tmp_path)))
    people = await store.read_people(connection)
    assert {customer: (each.phones, each.tier) for customer, each in people.items()} == {
        "C1": (("+4915100000001", "+4915100000002"), "residential"),
        "C2": ((), "large"),
    }
    found = {(each.channel, each.address): each for reached in people.values() for each in reached.contacts}
    first = found[Channel.TEXT, "+4915100000001"]
    assert (first.language, first.quiet, first.kinds) == (
        "en",
        (dt.time(23), dt.time(5)),
        frozenset({Kind.OUTAGE, Kind.RESTORED}),
    )
    spoken = found[Channel.VOICE, "+4915100000013"]
    assert (spoken.language, spoken.quiet, spoken.kinds) == ("zh", None, frozenset({Kind.SAFETY}))
    assert sorted(channel for channel, _ in found) == ["email", "text", "voice", "webhook"]
    assert len({each.id for each in found.values()}) == 4
    manners = await store.read_manners(connection)
    assert manners.texts_a_day == 9
    assert manners.quiet_by == {
        (Kind.ESTIMATE, ""): (dt.time(20), dt.time(9)),
        (Kind.ESTIMATE, "large"): (dt.time(0), dt.time(0)),
        (Kind.PLANNED, ""): (dt.time(19), dt.time(8)),
    }
    for (channel, address), each in found.items():
        text = TextBody(customer="C1", moment=Moment.POWER_OUT, words="", contact=each.id)
        assert await store.phone_of(connection, text) == (address if channel is Channel.TEXT else None)


async def test_parts_are_kept_until_all_have_come_in_whatever_order(connection: Connection) -> None:
    pieces = [
        Part(
            phone="+9990000001", coding=8, body=body, reference="2a", total=3, number=number, operator_id=f"OP{number}"
        )
        for number, body in enumerate(
            ("停电了".encode("utf-16-be")[:3], "停电了".encode("utf-16-be")[3:], b"\0!"), start=1
        )
    ]
    assert await store.collect(connection, pieces[2], 1000) == []
    assert await store.collect(connection, pieces[2], 1100) == []
    assert await store.collect(connection, pieces[0], 1200) == []
    (whole,) = await store.collect(connection, pieces[1], 1300)
    assert (whole.phone, whole.words, whole.id) == (
        "+9990000001",
        "停电了!",
        derived("textReceived", "+9990000001", "OP1"),
    )
    assert await connection.fetchval("SELECT count(*) FROM inbound_part") == 0


async def test_parts_that_come_at_once_find_each_other(connection: Connection, dsn: str) -> None:
    first, second = (
        Part(phone="+9990000001", coding=0, body=body, reference="2a", total=2, number=number)
        for number, body in ((1, b"OU"), (2, b"T"))
    )
    other = await asyncpg.connect(dsn)

    async def collect_second() -> list[store.Whole]:
        async with other.transaction():
            return await store.collect(other, second, 1000)

    waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted)"
    async with connection.transaction():
        assert await store.collect(connection, first, 1000) == []
        collecting = asyncio.create_task(collect_second())
        while not collecting.done() and not await connection.fetchval(waits, other.get_server_pid()):
            await asyncio.sleep(0)
    assert [text.words for text in await collecting] == ["OUT"]
    await other.close()


async def test_a_text_whose_end_never_comes_is_taken_as_far_as_it_came(connection: Connection) -> None:
    lost = Part(phone="+9990000001", coding=0, body=b"OUT at", reference="2a", total=2, number=1)
    other = Part(phone="+9990000002", coding=0, body=b"Hel", reference="01", total=2, number=1)
    assert await store.collect(connection, lost, 1000) == []
    assert [text.words for text in await store.collect(connection, other, 1001 + store.PARTS_MS)] == ["OUT at"]


async def test_the_same_words_within_a_minute_are_one_text_that_came_again(connection: Connection) -> None:
    async def came(words: bytes, now: int) -> str:
        (whole,) = await store.collect(connection, Part(phone="+9990000001", coding=0, body=words), now)
        await connection.execute(
            """INSERT INTO outbox (id, stage, shard, tick, topic, key, headers, body)
               VALUES ($1, 'operator', '', 1, 'notice.inbound', '', '[]', '') ON CONFLICT DO NOTHING""",
            whole.id,
        )
        return whole.id

    minute = store.SAME_TEXT_MS
    first = await came(b"OUT", 10 * minute + 59_000)
    assert await came(b"OUT", 11 * minute + 1_000) == first
    assert await came(b"HELP", 11 * minute + 1_000) != first
    assert await came(b"OUT", 12 * minute + 1_000) != first
