"""The ways out that are no SMPP: what providers tell becomes facts, settings that lack something are refused, a drill has none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import asyncpg
import pytest
from pydantic import SecretStr

from schemas.codec import decode
from schemas.events import TextOutcome, TextReceipt
from schemas.topics import NOTICE_RECEIPTS
from services.database.pool import create_pool
from services.engine import clock
from services.notices.gateways.callbacks import Told
from services.notices.gateways.email import EmailGateway
from services.notices.gateways.http import HttpGateway
from services.notices.gateways.kannel import KannelGateway
from services.notices.gateways.voice_notice import VoiceNoticeGateway
from services.notices.gateways.webhook import WebhookGateway
from services.settings import SettingsError, load_settings
from streams import gateways, providers

NOW = 1_772_388_000_000
HTTP = {
    "texts_gateway": "http",
    "http_texts_url": "https://192.0.2.7/Messages.json",
    "http_texts_account": "AC1",
    "http_texts_token": "t",
    "http_texts_sender": "+15550006",
}
KANNEL = {"texts_gateway": "kannel", "kannel_url": "http://127.0.0.1:13013/cgi-bin/sendsms", "kannel_password": "p"}
BESIDE = {
    "email_host": "192.0.2.8",
    "email_sender": "notices@utility.example",
    "webhook_secret": "s",
    "voice_notice_url": "https://192.0.2.9/notices",
    "voice_notice_secret": "s",
}


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[asyncpg.Pool[asyncpg.Record]]:
    made = await create_pool(dsn, 2)
    yield made
    await made.close()


@pytest.fixture
async def unknown(connection: asyncpg.Connection[asyncpg.Record]) -> asyncpg.Connection[asyncpg.Record]:
    """A database with one text whose outcome nobody knows."""
    await clock.set_lockstep(connection, now_ms=NOW)
    await connection.execute("UPDATE clock SET n = 3")
    await connection.execute(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body, state, attempts, gateway, reason, done_at_ms)
           VALUES ('k', 'text', 'notify', 'A1', 1, $1, '{}', 'unknown', 1, 'http', 'noAnswer', $1)""",
        NOW,
    )
    return connection


async def stands(connection: asyncpg.Connection[asyncpg.Record]) -> tuple[str, str | None]:
    row = await connection.fetchrow("SELECT state, gateway_reference FROM effects")
    assert row is not None
    return row["state"], row["gateway_reference"]


async def facts(connection: asyncpg.Connection[asyncpg.Record]) -> list[TextReceipt]:
    found = [
        decode(row["body"], NOTICE_RECEIPTS) for row in await connection.fetch("SELECT body FROM outbox ORDER BY seq")
    ]
    return [event for event in found if isinstance(event, TextReceipt)]


async def test_the_first_thing_a_provider_tells_resolves_an_unknown_outcome(
    unknown: asyncpg.Connection[asyncpg.Record], pool: asyncpg.Pool[asyncpg.Record]
) -> None:
    told = providers.told(load_settings(exercise=False), pool)
    assert await told(Told(key="k", outcome=None, code="queued", reference="SM1"))
    assert await stands(unknown) == ("done", "SM1")
    assert await facts(unknown) == []


async def test_a_final_word_becomes_one_fact_however_often_it_is_told(
    unknown: asyncpg.Connection[asyncpg.Record], pool: asyncpg.Pool[asyncpg.Record]
) -> None:
    told = providers.told(load_settings(exercise=False), pool)
    for _ in range(2):
        assert await told(Told(key="k", outcome=TextOutcome.DELIVERED, code="delivered", reference="SM1"))
    (event,) = await facts(unknown)
    assert (event.notice, event.area, event.outcome, event.operator_code) == ("k", "A1", "delivered", "delivered")
    assert await stands(unknown) == ("done", "SM1")


async def test_of_a_notice_that_is_none_of_ours_nothing_is_kept(
    unknown: asyncpg.Connection[asyncpg.Record], pool: asyncpg.Pool[asyncpg.Record]
) -> None:
    told = providers.told(load_settings(exercise=False), pool)
    assert not await told(Told(key="other", outcome=TextOutcome.DELIVERED, code="delivered"))
    assert await facts(unknown) == []
    assert await stands(unknown) == ("unknown", None)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"texts_gateway": "http"}, "http_texts_url"),
        (HTTP | {"http_texts_token": ""}, "http_texts_token"),
        (KANNEL | {"kannel_password": ""}, "kannel_password"),
        ({"texts_second_gateway": "http"}, "belong together"),
        ({"email_host": "mail"}, "email_sender"),
        ({"email_host": "mail", "email_sender": "a@b", "email_security": "none", "email_user": "u"}, "in clear"),
        ({"voice_notice_url": "https://v"}, "voice_notice_secret"),
    ],
)
def test_a_way_that_is_chosen_and_lacks_something_is_refused(given: Mapping[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        providers.check(load_settings(**given))


@pytest.mark.parametrize("given", [{}, HTTP, KANNEL, BESIDE, {"texts_gateway": "kannel"}])
def test_what_is_whole_is_not_refused(given: Mapping[str, str]) -> None:
    providers.check(load_settings(**given))


@pytest.mark.parametrize(
    ("first", "second", "ways"),
    [
        ("smpp", "none", ["smpp"]),
        ("kannel", "http", ["kannel", "http"]),
        ("http", "http", ["http"]),
    ],
)
def test_the_ways_are_tried_in_the_order_of_the_settings(first: str, second: str, ways: list[str]) -> None:
    chosen = load_settings(texts_gateway=first, texts_second_gateway=second)
    assert providers.chosen(chosen) == ways
    assert providers.chosen(chosen.model_copy(update={"exercise": True})) == ["smpp"]


async def test_each_way_is_built_as_the_settings_say(pool: asyncpg.Pool[asyncpg.Record]) -> None:
    real = load_settings(**(HTTP | KANNEL | BESIDE | {"texts_gateway": "kannel", "texts_second_gateway": "http"}))
    texts = await gateways.texts(real, pool)
    assert [type(gateway) for gateway in texts.routes.gateways] == [KannelGateway, HttpGateway]
    assert texts.callbacks is not None
    beside = (providers.mails(real, pool), providers.webhooks(real, pool), providers.voice_notices(real, pool))
    assert [type(gateway) for gateway in beside] == [EmailGateway, WebhookGateway, VoiceNoticeGateway]
    none = load_settings()
    assert (await gateways.texts(none, pool)).callbacks is None
    assert [providers.mails(none, pool), providers.webhooks(none, pool), providers.voice_notices(none, pool)] == [
        None
    ] * 3


async def test_an_exercise_reads_none_of_the_real_providers(
    connection: asyncpg.Connection[asyncpg.Record], pool: asyncpg.Pool[asyncpg.Record]
) -> None:
    await connection.execute(
        """INSERT INTO drill.operator (host, smpp_port, http_port, system_id, password, smtp_port)
           VALUES ('127.0.0.1', 31775, 31780, 'lamplighter', 'drill', 31725)"""
    )
    drill = load_settings(**(HTTP | KANNEL | BESIDE | {"exercise": True, "texts_second_gateway": "http"}))
    texts = await gateways.texts(drill, pool)
    assert [gateway.name for gateway in texts.routes.gateways] == ["drill:smpp"]
    assert texts.callbacks is None
    assert [providers.mails(drill, pool), providers.webhooks(drill, pool), providers.voice_notices(drill, pool)] == [
        None
    ] * 3
    for way in ("kannel", "http"):
        with pytest.raises(SettingsError, match="exercise"):
            providers.texts_by(way, drill, phone_of=_nobody, on_told=_nothing, on_inbound=_nobody)


def test_no_secret_of_a_provider_is_shown() -> None:
    chosen = load_settings(**(HTTP | KANNEL | BESIDE | {"http_texts_token": "hidden", "webhook_secret": "hidden"}))
    assert isinstance(chosen.http_texts_token, SecretStr)
    assert "hidden" not in repr(chosen)


async def _nobody(_: object) -> None:
    return None


async def _nothing(_: object) -> bool:
    return False
