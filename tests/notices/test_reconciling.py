"""What is done about a text that sticks: every state has a way out, and what is given up has its reason."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import TypeAlias

import asyncpg
import pytest
import structlog

from schemas.codec import decode
from schemas.events import TextOutcome, TextReceipt
from schemas.topics import NOTICE_RECEIPTS
from services.database.pool import create_pool
from services.engine import clock, effects
from services.engine.gateway import GatewayAway, Result
from services.notices.gateways.routes import Routes
from services.notices.reconciling import (
    AGAIN_MS,
    EVERY_MS,
    GIVEN_UP_MS,
    GRACE_MS,
    NO_GATEWAY,
    SOON_MS,
    Fate,
    Step,
    Stuck,
    step,
)
from streams.reconcile import Reconciling

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

NOW = 1_772_388_000_000
TAKEN = Stuck(
    key="k", area="A1", gateway="drill:g", known=True, reason="accepted", reference="R", done_at=NOW,
    expires_at=NOW + 7_200_000, looked_at=None,
)  # fmt: skip
LOST = dataclasses.replace(TAKEN, known=False, reason="noLookUp", reference=None)
OVERDUE = TAKEN.expires_at + GRACE_MS


@pytest.mark.parametrize(
    ("text", "now", "tells", "expected"),
    [
        (TAKEN, OVERDUE - 1, True, Step.WAIT),
        (TAKEN, OVERDUE, True, Step.ASK),
        (TAKEN, OVERDUE, False, Step.GIVE_UP),
        (dataclasses.replace(TAKEN, reference=None), OVERDUE, True, Step.GIVE_UP),
        (dataclasses.replace(TAKEN, looked_at=OVERDUE), OVERDUE + AGAIN_MS - 1, True, Step.WAIT),
        (dataclasses.replace(TAKEN, looked_at=OVERDUE), OVERDUE + AGAIN_MS, True, Step.ASK),
        (TAKEN, TAKEN.expires_at + GIVEN_UP_MS, True, Step.GIVE_UP),
        (LOST, NOW + SOON_MS - 1, True, Step.WAIT),
        (LOST, NOW + SOON_MS, False, Step.LOOK_UP),
        (dataclasses.replace(LOST, looked_at=NOW), NOW + SOON_MS, False, Step.WAIT),
        (dataclasses.replace(LOST, reference="R"), NOW + SOON_MS, True, Step.ASK),
        (dataclasses.replace(LOST, reason="operatorCode0x401"), NOW + SOON_MS, False, Step.WAIT),
        (LOST, LOST.expires_at + GIVEN_UP_MS, False, Step.WAIT),
    ],
)  # fmt: skip
def test_each_state_has_its_step(text: Stuck, now: int, tells: bool, expected: Step) -> None:
    assert step(text, now, tells=tells) is expected


class Operator:
    """An operator that can be asked, and says what the test says."""

    kind = "text"
    name = "drill:g"

    def __init__(self) -> None:
        self.fates: dict[str, Fate | GatewayAway | None] = {}
        self.has: dict[str, Result | None] = {}
        self.asked: list[str] = []

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def perform(self, key: str, shard: str, body: bytes) -> Result:
        raise NotImplementedError

    async def look_up(self, key: str) -> Result | None:
        self.asked.append(key)
        return self.has[key]

    async def fate_of(self, reference: str) -> Fate | None:
        self.asked.append(reference)
        found = self.fates[reference]
        if isinstance(found, GatewayAway):
            raise found
        return found


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Pool]:
    made = await create_pool(dsn, 2)
    yield made
    await made.close()


@pytest.fixture
async def house(connection: Connection) -> Connection:
    """A database whose clock stands at the moment at which a text of two hours is overdue."""
    await clock.set_lockstep(connection, now_ms=OVERDUE)
    await connection.execute("UPDATE clock SET n = 9")
    return connection


async def put(
    house: Connection, key: str, state: str, reason: str, *, reference: str | None = None, kind: str = "text"
) -> None:
    await house.execute(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, expires_at_ms, body, state, reason, gateway,
                                gateway_reference, attempts, done_at_ms, wall_attempted)
           VALUES ($1, $6, 'notify', 'A1', 1, $2, $3, '{}', $4, $5, 'drill:g', $7, 1,
                   CASE WHEN $4 IN ('due', 'attempting') THEN NULL ELSE $2::bigint END, clock_timestamp() - interval '1 hour')""",
        key,
        NOW,
        TAKEN.expires_at,
        state,
        reason,
        kind,
        reference,
    )
    await house.execute(
        """INSERT INTO notice_decided (key, area, incident, customer, customers, handle, moment, tick, decided_at_ms, expires_at_ms)
           VALUES ($1, 'A1', 'I', 'C', '{C}', 'h', 'powerOut', 1, $2, $3)""",
        key,
        NOW,
        TAKEN.expires_at,
    )


@pytest.fixture
def operator() -> Operator:
    return Operator()


@pytest.fixture
def reconciling(operator: Operator, pool: Pool) -> Reconciling:
    routes = Routes([operator])
    routes.connected(operator)
    return Reconciling(routes, pool, exercise=True)


async def states(house: Connection) -> dict[str, tuple[str, str | None]]:
    return {row["key"]: (row["state"], row["reason"]) for row in await house.fetch("SELECT * FROM effects")}


async def facts(house: Connection) -> list[tuple[str, TextOutcome, str | None, bool]]:
    rows = await house.fetch("SELECT body FROM outbox WHERE topic = 'notice.receipts' ORDER BY key")
    events = [decode(row["body"], NOTICE_RECEIPTS) for row in rows]
    return [(e.notice, e.outcome, e.operator_code, e.exercise) for e in events if isinstance(e, TextReceipt)]


async def test_an_operator_that_gave_no_receipt_is_asked_and_what_it_says_is_a_fact(
    house: Connection, operator: Operator, reconciling: Reconciling
) -> None:
    await put(house, "told", "done", "accepted", reference="R1")
    await put(house, "underWay", "done", "accepted", reference="R2")
    await put(house, "cannotTell", "done", "accepted", reference="R3")
    await put(house, "away", "done", "accepted", reference="R4")
    operator.fates = {
        "R1": Fate(TextOutcome.FAILED, "UNDELIV:027"), "R2": Fate(None, "ENROUTE:000"), "R3": None, "R4": GatewayAway("cut"),
    }  # fmt: skip
    with structlog.testing.capture_logs() as logs:
        await reconciling()
    assert await facts(house) == [("told", TextOutcome.FAILED, "query:UNDELIV:027", True)]
    assert (await states(house))["cannotTell"] == ("done", "noReceipt")
    assert sorted(operator.asked) == ["R1", "R2", "R3", "R4"]
    assert logs == []
    await reconciling()
    assert len(operator.asked) == 4, "once a minute of the clock"
    await house.execute("UPDATE clock SET now_ms = now_ms + $1", EVERY_MS)
    operator.asked.clear()
    await reconciling()
    assert operator.asked == ["R4"], "who was asked is let be for half an hour"


async def test_without_an_answer_for_a_day_a_text_has_no_receipt(
    house: Connection, operator: Operator, reconciling: Reconciling
) -> None:
    await put(house, "k", "done", "accepted", reference="R1")
    await house.execute("UPDATE clock SET now_ms = $1", TAKEN.expires_at + GIVEN_UP_MS)
    with structlog.testing.capture_logs() as logs:
        await reconciling()
    assert await states(house) == {"k": ("done", "noReceipt")}
    assert [line["event"] for line in logs] == ["notices.no_receipt"]
    assert operator.asked == []
    await house.execute("UPDATE clock SET now_ms = now_ms + $1", EVERY_MS)
    with structlog.testing.capture_logs() as logs:
        await reconciling()
    assert logs == []


async def test_an_unknown_outcome_is_asked_for_again(
    house: Connection, operator: Operator, reconciling: Reconciling
) -> None:
    await put(house, "named", "unknown", "operatorCode0x401", reference="R1")
    await put(house, "there", "unknown", "noLookUp")
    await put(house, "nowhere", "unknown", "noAnswer")
    await put(house, "stays", "unknown", "noLookUp")
    await put(house, "meaningless", "unknown", "operatorCode0x401")
    operator.fates = {"R1": Fate(TextOutcome.DELIVERED, "DELIVRD:000")}
    operator.has = {
        "there": Result(state="done", reason="foundByLookUp", reference="R9"), "nowhere": None,
        "stays": Result(state="unknown", reason="noLookUp"),
    }  # fmt: skip
    await reconciling()
    assert await states(house) == {
        "named": ("done", "foundByQuery"),
        "there": ("done", "foundByLookUp"),
        "nowhere": ("due", "notHandedOver"),
        "stays": ("unknown", "noLookUp"),
        "meaningless": ("unknown", "operatorCode0x401"),
    }
    assert await facts(house) == [("named", TextOutcome.DELIVERED, "query:DELIVRD:000", True)]


async def test_what_nobody_does_any_more_is_settled(house: Connection, reconciling: Reconciling) -> None:
    await put(house, "due", "due", "notHandedOver")
    await put(house, "letter", "attempting", "", kind="email")
    await put(house, "posted", "attempting", "", kind="webhook")
    async with house.transaction():  # somebody works on webhooks
        await house.execute("SELECT pg_advisory_xact_lock(7240026)")
        with structlog.testing.capture_logs() as logs:
            await reconciling()
    assert await states(house) == {
        "due": ("expired", "pastExpiry"),
        "letter": ("unknown", "gatewayGone"),
        "posted": ("attempting", ""),
    }
    assert [(line["event"], line["expired"], line["abandoned"]) for line in logs] == [("notices.reconciled", 1, 1)]


async def test_what_no_gateway_is_configured_for_fails_at_once_and_nothing_else_does(house: Connection) -> None:
    await put(house, "letter", "due", "", kind="email")
    await put(house, "text", "due", "")
    assert await effects.fail_unserved(house, ["email", "webhook"], NO_GATEWAY) == 1
    assert await states(house) == {"letter": ("failed", "noGateway"), "text": ("due", "")}
    assert await effects.fail_unserved(house, ["email", "webhook"], NO_GATEWAY) == 0


async def test_texts_that_are_put_off_for_ever_are_an_alarm_once(house: Connection, reconciling: Reconciling) -> None:
    await put(house, "k", "due", "throttled")
    await house.execute("UPDATE effects SET attempts = 30, expires_at_ms = expires_at_ms * 2")
    events = []
    for _ in range(2):
        with structlog.testing.capture_logs() as logs:
            await reconciling()
        events.append([(line["event"], line["log_level"]) for line in logs])
        await house.execute("UPDATE clock SET now_ms = now_ms + $1", EVERY_MS)
    assert events == [[("notices.put_off_long", "error")], []]
