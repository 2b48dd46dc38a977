"""An exercise has gateways to its own operator and to nothing else, whatever the settings of real providers say."""

from __future__ import annotations

import asyncpg
import pytest
from pydantic import SecretStr

from services.database.pool import create_pool
from services.hotline.gateways.voice import VoiceGateway
from services.notices.gateways.smpp import SmppGateway
from services.outages.gateways.pings import PingGateway
from services.settings import Settings
from streams import gateways

REAL = {
    "smpp_host": "192.0.2.7",
    "smpp_port": 2775,
    "smpp_password": SecretStr("real"),
    "smpp_lookup_url": "http://192.0.2.7/texts",
    "voice_url": "http://192.0.2.8/voice",
    "meter_ping_url": "http://192.0.2.9/pings",
}
"""Addresses that are reserved for documents: nobody is there."""


async def _operator_at(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    await connection.execute(
        """INSERT INTO drill.operator (host, smpp_port, http_port, system_id, password)
           VALUES ('127.0.0.1', 31775, 31780, 'lamplighter', 'drill')"""
    )


async def test_in_an_exercise_the_settings_of_real_providers_are_not_read(
    connection: asyncpg.Connection[asyncpg.Record], dsn: str, settings: Settings
) -> None:
    await _operator_at(connection)
    exercise = settings.model_copy(update={**REAL, "exercise": True})
    pool = await create_pool(dsn, 2)
    try:
        (texts,) = (await gateways.texts(exercise, pool)).routes.gateways
        assert isinstance(texts, SmppGateway)
        place = await texts._endpoint()
        assert (place.host, place.port, place.lookup_url) == ("127.0.0.1", 31775, "http://127.0.0.1:31780")
        assert texts.name == "drill:smpp"
        voice = await gateways.voice(exercise, pool)
        assert isinstance(voice, VoiceGateway)
        assert (voice.name, voice._base) == ("drill:voice", "http://127.0.0.1:31780")
        pings = await gateways.pings(exercise, pool)
        assert isinstance(pings, PingGateway)
        assert (pings.name, pings._url) == ("drill:pings", "http://127.0.0.1:31780/pings")
    finally:
        await pool.close()


async def test_in_real_life_the_drills_operator_is_not_read(
    connection: asyncpg.Connection[asyncpg.Record], dsn: str, settings: Settings
) -> None:
    await _operator_at(connection)
    real = settings.model_copy(update={**REAL, "exercise": False})
    pool = await create_pool(dsn, 2)
    try:
        (texts,) = (await gateways.texts(real, pool)).routes.gateways
        assert isinstance(texts, SmppGateway)
        place = await texts._endpoint()
        assert (place.host, place.port, place.lookup_url) == ("192.0.2.7", 2775, "http://192.0.2.7/texts")
        voice = await gateways.voice(real, pool)
        assert isinstance(voice, VoiceGateway)
        assert voice._base == "http://192.0.2.8/voice"
        pings = await gateways.pings(real, pool)
        assert isinstance(pings, PingGateway)
        assert (pings.name, pings._url) == ("pings", "http://192.0.2.9/pings")
    finally:
        await pool.close()


async def test_a_drills_operator_is_only_ever_on_loopback(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute(
            """INSERT INTO drill.operator (host, smpp_port, http_port, system_id, password)
               VALUES ('192.0.2.7', 2775, 80, 'lamplighter', 'drill')"""
        )


async def test_without_a_provider_there_is_no_gateway(dsn: str, settings: Settings) -> None:
    pool = await create_pool(dsn, 1)
    none = settings.model_copy(update={"exercise": False, "voice_url": None, "meter_ping_url": None})
    try:
        assert await gateways.voice(none, pool) is None
        assert await gateways.pings(none, pool) is None
    finally:
        await pool.close()
