"""Records of the stage in the database: notices, receipts in any order, texts by the operator's id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from services.notices import store
from services.notices.moments import Moment, NoticeDecided, NoticeReceipted

if TYPE_CHECKING:
    from services.engine.taking import Connection

NOTICE = NoticeDecided(key="k1", incident="I", customer="C1", moment=Moment.POWER_OUT, expires_at=9000)


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
    assert await store.sent_text(connection, "OP1") == store.SentText("k1", "A1")
    assert await store.sent_text(connection, "OP2") is None


@pytest.mark.parametrize("order", [("delivered", "failed", "expired"), ("expired", "failed", "delivered")])
async def test_a_receipt_never_undoes_one_that_says_more(connection: Connection, order: tuple[str, ...]) -> None:
    await store.NotifyStore().save(connection, "A1", 5, 1000, [NOTICE])
    for tick, outcome in enumerate(order, start=6):
        await store.NotifyStore().save(connection, "A1", tick, 1000 * tick, [receipt(outcome, tick)])
    assert await connection.fetchval("SELECT receipt FROM notice_decided") == "delivered"


async def test_numbers_are_those_of_the_current_version_of_the_utility(connection: Connection) -> None:
    for version, current, phone in ((1, False, "+99911111111"), (2, True, "+99922222222")):
        await connection.execute(
            """INSERT INTO utility_version (version, digest, name, time_zone, attribution, current)
               OVERRIDING SYSTEM VALUE VALUES ($1, $2, 'U', 'UTC', '', $3)""",
            version,
            str(version),
            current,
        )
        for customer, number in (("C1", phone), ("C2", None)):
            await connection.execute(
                """INSERT INTO customer (version, customer, node, transformer, feeder, level, class, active, meter, phone)
                   VALUES ($1, $2, 'N', 'T', 'F', 'LV', '', true, $2, $3)""",
                version,
                customer,
                number,
            )
    assert await store.reachable(connection) == {"C1"}
    assert await store.phone_of(connection, "C1") == "+99922222222"
    assert await store.phone_of(connection, "C2") is None
    assert await store.phone_of(connection, "C3") is None
