"""Letters, webhooks and spoken notices of an exercise: the product's gateways against the drill's operator, on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import httpx
import msgspec
import pytest

from schemas.codec import decode
from schemas.events import TextOutcome, TextReceipt
from schemas.topics import NOTICE_RECEIPTS
from services.database.pool import create_pool
from services.drill import operator_store
from services.drill.mail_server import read
from services.drill.operator import serve
from services.engine.gateway import Gateway
from services.notices.gateways.email import EmailGateway, MailServer
from services.notices.gateways.voice_notice import VoiceNoticeGateway
from services.notices.gateways.webhook import WebhookGateway
from services.notices.moments import Moment, TextBody
from streams import providers

T0 = 1_772_388_000_000
WORDS = "您的住址已恢复供电。\n.dot"


@pytest.fixture
async def place(dsn: str, connection: asyncpg.Connection[asyncpg.Record]) -> AsyncIterator[operator_store.Place]:
    """Where the drill's operator listens."""
    await connection.execute("INSERT INTO instance (exercise, topic_prefix) VALUES (true, 'test.')")
    await connection.execute("INSERT INTO clock (mode, n, now_ms) VALUES ('lockstep', 1, $1)", T0)
    await connection.execute(
        "INSERT INTO drill.scenario (storm, seed, utility, starts_at_ms, made) VALUES ('tiny', 7, 'test', $1, '{}')", T0
    )
    ready = asyncio.Event()
    task = asyncio.create_task(serve(dsn, system_id="lamplighter", password="secret", announce=ready.set))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    assert ready.is_set(), task
    yield await operator_store.endpoint(connection)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _to_reader(_: TextBody) -> str:
    return "reader@home.example"


async def _spoken(text: TextBody) -> tuple[str, str]:
    return text.customer, "zh"


def letters(place: operator_store.Place) -> EmailGateway:
    server = MailServer(host=place.host, port=place.smtp_port, security="none", sender="exercise@lamplighter.invalid")
    return EmailGateway(server, exercise=True, address_of=_to_reader)


def webhooks(place: operator_store.Place) -> WebhookGateway:
    async def there(_: TextBody) -> str:
        return f"http://{place.host}:{place.http_port}/webhooks"

    return WebhookGateway(secret=place.password, plain=(), exercise=True, address_of=there)


def voice(place: operator_store.Place) -> VoiceNoticeGateway:
    return VoiceNoticeGateway(
        f"http://{place.host}:{place.http_port}/voice-notices",
        secret=place.password,
        callback_url="",
        exercise=True,
        phone_of=_spoken,
    )


def body(customer: str) -> bytes:
    return msgspec.json.encode(
        TextBody(customer=customer, moment=Moment.POWER_RESTORED, words=WORDS, subject="恢复供电", contact="c1")
    )


async def told(connection: asyncpg.Connection[asyncpg.Record]) -> list[tuple[str, ...]]:
    rows = await connection.fetch("SELECT key, channel, address, subject, words, times FROM drill.told ORDER BY key")
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (letters, ("k", "email", "reader@home.example", "恢复供电", WORDS, 2)),
        (webhooks, ("k", "webhook", "+99900000001", "恢复供电", WORDS, 2)),
        (voice, ("k", "voice", "+99900000001", "", WORDS, 2)),
    ],
    ids=["email", "webhook", "voice"],
)
async def test_a_notice_reaches_the_drill_whole_and_twice_is_seen_to_be_the_same(
    connection: asyncpg.Connection[asyncpg.Record],
    place: operator_store.Place,
    make: type[Gateway],
    expected: tuple[str, ...],
) -> None:
    gateway = make(place)  # type: ignore[call-arg]
    await gateway.start()
    for _ in range(2):
        assert (await gateway.perform("k", "A1", body("+99900000001"))).state == "done"
    await gateway.stop()
    assert await told(connection) == [expected]
    assert gateway.name.startswith("drill:")


@pytest.mark.parametrize(("ending", "outcome"), [("01", "delivered"), ("90", "failed"), ("91", "expired")])
async def test_how_a_spoken_notice_ended_is_told_once_by_the_last_digits_of_the_number(
    connection: asyncpg.Connection[asyncpg.Record], place: operator_store.Place, ending: str, outcome: str
) -> None:
    await connection.execute(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body, state, attempts)
           VALUES ('k', 'voiceNotice', 'notify', 'A1', 0, $1, '{}', 'attempting', 1)""",
        T0,
    )
    gateway = voice(place)
    await gateway.start()
    for _ in range(2):
        await gateway.perform("k", "A1", body(f"+999000000{ending}"))
    await gateway.stop()
    (row,) = await connection.fetch("SELECT channel, at_ms, body FROM drill.schedule")
    receipt = decode(row["body"], NOTICE_RECEIPTS)
    assert isinstance(receipt, TextReceipt)
    assert (row["channel"], receipt.notice, receipt.area, receipt.exercise) == ("kafka", "k", "A1", True)
    assert receipt.outcome is TextOutcome(outcome)
    assert row["at_ms"] > T0


@pytest.mark.parametrize(
    ("path", "content", "headers", "status"),
    [
        ("voice-notices", b"{}", {}, 401),
        ("webhooks", b"{}", {"Lamplighter-Timestamp": "1", "Lamplighter-Signature": "sha256=00"}, 401),
    ],
)
async def test_the_drill_refuses_what_is_not_signed(
    place: operator_store.Place, path: str, content: bytes, headers: dict[str, str], status: int
) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"http://{place.host}:{place.http_port}/{path}", content=content, headers=headers)
    assert answer.status_code == status


async def test_what_is_not_marked_as_an_exercise_is_refused_by_the_drill(
    connection: asyncpg.Connection[asyncpg.Record], place: operator_store.Place
) -> None:
    gateway = VoiceNoticeGateway(
        f"http://{place.host}:{place.http_port}/voice-notices",
        secret=place.password,
        callback_url="",
        exercise=False,
        phone_of=_spoken,
    )
    await gateway.start()
    assert (await gateway.perform("k", "A1", body("+99900000001"))).reason == "refused422"
    await gateway.stop()
    assert await told(connection) == []


async def test_only_channels_that_the_utility_has_contacts_for_are_served(
    dsn: str, connection: asyncpg.Connection[asyncpg.Record], place: operator_store.Place
) -> None:
    pool = await create_pool(dsn, 1)
    try:
        assert await providers.of_the_drill(pool) == []
    finally:
        await pool.close()
    assert await connection.fetchval("SELECT smtp_port FROM drill.operator") == place.smtp_port > 0


def test_a_letter_is_read_as_it_was_written() -> None:
    written = b"Lamplighter-Notice: k\r\nSubject: S\r\n\r\none\r\n..two\r\n.\r\n"
    letter = read("a@b.example", written)
    assert (letter.key, letter.address, letter.subject, letter.words) == ("k", "a@b.example", "S", "one\n.two")
