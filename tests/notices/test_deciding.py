"""The stage in the engine, on a real database: what is decided is written, and a fresh process goes on from there."""
# ruff: noqa: RUF001 (as Chinese is written)

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import msgspec

from schemas.codec import decode, encode
from schemas.events import Event, IncidentChanged, IncidentState, Place, TextOutcome, TextReceipt, TextReceived
from schemas.ids import derived
from schemas.topics import NOTICE_CONSENTS
from services.clock import from_ms
from services.engine.deciding import Deciding
from services.notices import store
from services.notices.audit import RULES
from services.notices.moments import TextBody
from services.notices.stage import NotifyStage
from services.notices.store import NotifyStore
from tests.notices.storm import DAY_AND_NIGHT, each_alone, phone

if TYPE_CHECKING:
    from services.engine.taking import Connection

T0 = 1_772_388_000_000


def incident(revision: int, state: IncidentState, *, out: str = "", back: str = "") -> IncidentChanged:
    return IncidentChanged(
        id=derived("incidentChanged", "I", revision), at=from_ms(T0 + revision), exercise=True, incident="I", area="A1",
        revision=revision, state=state, device="D1", place=Place(lon=1.0, lat=2.0), started_at=from_ms(T0),
        reason="test", customers_out=0, out=list(out), restored=list(back),
    )  # fmt: skip


async def taken(connection: Connection, tick: int, topic: str, event: Event) -> None:
    await connection.execute(
        """INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body) VALUES ('notify', $1, 'A1', $2, $3, $4, $5)
           ON CONFLICT DO NOTHING""",
        event.id,
        T0 + tick,
        tick,
        topic,
        encode(event),
    )


def fresh() -> Deciding:
    network = cast("Any", SimpleNamespace(areas=(SimpleNamespace(id="A1"),), area_of=lambda _: "A1", customers=()))
    return Deciding(NotifyStage(network, each_alone("ab"), DAY_AND_NIGHT), NotifyStore(), exercise=True)


async def test_notices_and_their_texts_are_written_together_and_survive_the_process(connection: Connection) -> None:
    await connection.execute("INSERT INTO instance (exercise, topic_prefix) VALUES (true, 'drill.')")
    await connection.execute("INSERT INTO turns (stage, shard) VALUES ('notify', 'A1')")
    opened = incident(1, IncidentState.PREDICTED, out="abc")
    await taken(connection, 1, "outage.incidents", opened)
    await fresh().decide(connection, "A1", 2, T0)
    await taken(connection, 2, "outage.incidents", opened)  # a copy
    await taken(connection, 2, "outage.incidents", incident(2, IncidentState.RESTORED, back="abc"))
    await fresh().decide(connection, "A1", 3, T0 + 60_000)
    rows = await connection.fetch("SELECT customer, moment, state, tick FROM notice ORDER BY tick, customer")
    assert [tuple(row) for row in rows] == [
        ("a", "powerOut", "superseded", 2),
        ("b", "powerOut", "superseded", 2),
        ("a", "powerRestored", "due", 3),
        ("b", "powerRestored", "due", 3),
    ]
    key = await connection.fetchval("SELECT key FROM notice WHERE customer = 'a' AND moment = 'powerRestored'")
    receipt = TextReceipt(
        id="r1", at=from_ms(T0), exercise=True, notice=key, area="A1", outcome=TextOutcome.FAILED, operator_code="X"
    )
    await taken(connection, 3, "notice.receipts", receipt)
    await fresh().decide(connection, "A1", 4, T0 + 90_000)
    assert await connection.fetchval("SELECT state FROM notice WHERE key = $1", key) == "failed"
    held = {rule.name: await connection.fetch(rule.violations_sql) for rule in RULES}
    assert held.pop("notices.receiptHasItsText") != []  # the receipt was made up: its text never went out
    assert not any(held.values()), held


async def test_a_return_that_was_not_sent_before_power_failed_again_is_never_sent(connection: Connection) -> None:
    await connection.execute("INSERT INTO instance (exercise, topic_prefix) VALUES (true, 'drill.')")
    await connection.execute("INSERT INTO turns (stage, shard) VALUES ('notify', 'A1')")
    story = (
        incident(1, IncidentState.PREDICTED, out="a"),
        incident(2, IncidentState.PARTIALLY_RESTORED, back="a"),
        incident(3, IncidentState.PARTIALLY_RESTORED, out="a"),
    )
    for tick, event in enumerate(story, start=1):
        await taken(connection, tick, "outage.incidents", event)
        await fresh().decide(connection, "A1", tick + 1, T0 + tick * 60_000)
    rows = await connection.fetch("SELECT moment, state, effect_reason FROM notice ORDER BY tick")
    assert [tuple(row) for row in rows] == [
        ("powerOut", "superseded", "newerNotice"),
        ("powerRestored", "superseded", "newerNotice"),
        ("powerOut", "due", None),
    ]
    for rule in RULES:
        assert await connection.fetch(rule.violations_sql) == [], rule.name


async def test_stop_is_heard_answered_and_kept_to(connection: Connection) -> None:
    await connection.execute("INSERT INTO instance (exercise, topic_prefix) VALUES (true, 'drill.')")
    await connection.execute("INSERT INTO turns (stage, shard) VALUES ('notify', 'A1')")
    stop = TextReceived(id="t1", at=from_ms(T0), exercise=True, phone=phone("a"), words="退订")
    await taken(connection, 1, "notice.inbound", stop)
    await fresh().decide(connection, "A1", 2, T0)
    text = await connection.fetchrow("SELECT phone, state, reason, answer FROM inbound_text WHERE id = 't1'")
    assert text is not None
    assert tuple(text)[:3] == (phone("a"), "stopped", "stopWord")
    body = await connection.fetchval("SELECT body FROM effects WHERE key = $1", text["answer"])
    answer = msgspec.json.decode(body, type=TextBody)
    assert await store.phone_of(connection, answer) == phone("a")
    assert answer.words == "【演练】您已退订停电短信。如需再次接收，请回复恢复。"
    published = await connection.fetchrow("SELECT topic, key, body FROM outbox")
    assert published is not None
    assert tuple(published)[:2] == ("notice.consents", "A1")
    await taken(connection, 2, "notice.consents", decode(published["body"], NOTICE_CONSENTS))
    await taken(connection, 2, "outage.incidents", incident(1, IncidentState.PREDICTED, out="ab"))
    await fresh().decide(connection, "A1", 3, T0 + 1)
    assert await connection.fetchval("SELECT array_agg(customers) FROM notice") == [["b"]]
    for rule in RULES:
        assert await connection.fetch(rule.violations_sql) == [], rule.name


async def test_a_receipt_finds_its_text_by_an_index(connection: Connection) -> None:
    await connection.execute(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body, state, gateway_reference)
           SELECT 'k' || n, 'text', 'notify', 'A1', 1, 1, '{}', 'done', 'OP' || n FROM generate_series(1, 20000) AS n"""
    )
    await connection.execute("ANALYZE effects")
    plan = await connection.fetch(
        "EXPLAIN SELECT key, shard FROM effects WHERE gateway_reference = 'OP77' AND kind = 'text'"
    )
    assert any("effects_by_reference" in row[0] for row in plan), plan
