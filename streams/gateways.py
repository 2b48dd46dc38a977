"""Which gateways an installation has. The only place that builds one.

An exercise gets gateways to its own operator and to nothing else: the address comes from the drill's own table, which holds
only loopback, and the settings of the real providers are not read at all.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Awaitable, Callable, Sequence

from schemas.events import TextReceived
from schemas.ids import derived
from schemas.topics import NOTICE_INBOUND
from services.clock import from_ms
from services.database.pool import Pool
from services.drill import operator_store as drill_operator
from services.engine import clock, direct
from services.engine.deathpoints import DeathPoints
from services.engine.gateway import Gateway
from services.hotline.gateways.voice import VoiceGateway
from services.hotline.store import Contacts
from services.notices import store as notices
from services.notices.gateways.callbacks import Callbacks
from services.notices.gateways.routes import Routes
from services.notices.gateways.smpp import DRILL_NAME, REAL_NAME, Endpoint, SmppGateway
from services.notices.moments import TextBody
from services.notices.parts import Part
from services.notices.store_numbers import numbers_of
from services.outages.gateways.pings import PingGateway
from services.settings import Settings
from streams import providers
from streams.receipts import OPERATOR, Receipts
from streams.together import Together


async def voice(settings: Settings, pool: Pool) -> Gateway | None:
    """Return the gateway for hotline calls; None when no provider is configured."""
    contacts = Contacts(pool)
    if settings.exercise:
        async with pool.acquire() as connection:
            place = await drill_operator.endpoint(connection)
        return VoiceGateway(f"http://{place.host}:{place.http_port}", contacts, name="drill:voice")
    if settings.voice_url is None:
        return None
    return VoiceGateway(settings.voice_url, contacts, name="voice")


async def pings(settings: Settings, pool: Pool) -> Gateway | None:
    """Return the gateway for pings of meters; None when no head-end is configured."""
    if settings.exercise:
        async with pool.acquire() as connection:
            place = await drill_operator.endpoint(connection)
        return PingGateway(f"http://{place.host}:{place.http_port}/pings", exercise=True, name="drill:pings")
    if settings.meter_ping_url is None:
        return None
    return PingGateway(settings.meter_ping_url, exercise=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Texts:
    """The ways by which texts leave, and the server of what their providers tell us over HTTP, where one of them does."""

    routes: Routes
    callbacks: Callbacks | None


async def texts(settings: Settings, pool: Pool) -> Texts:
    """Return the ways out for texts. Receipts and inbound texts become facts: stored before their provider is told so.

    Raises `SettingsError` where a way was chosen whose settings lack something.
    """
    phone_of = _phone_of(pool)
    on_inbound = _on_inbound(settings, pool)
    on_told = providers.told(settings, pool)
    gateways: list[Gateway] = []
    for way in providers.chosen(settings):
        if way == "smpp":
            gateways.append(_smpp(settings, pool, phone_of, on_inbound))
        else:
            gateways.append(
                providers.texts_by(way, settings, phone_of=phone_of, on_told=on_told, on_inbound=on_inbound)
            )
    return Texts(Routes(gateways), providers.callbacks(settings, gateways, on_told))


def _phone_of(pool: Pool) -> Callable[[TextBody], Awaitable[str | None]]:
    async def numbers(texts: Sequence[TextBody]) -> list[str | None]:
        async with pool.acquire() as connection:
            return await numbers_of(connection, texts)

    return Together[TextBody, str | None](numbers).one


def _on_inbound(settings: Settings, pool: Pool) -> Callable[[Part], Awaitable[None]]:
    async def on_inbound(part: Part) -> None:
        async with pool.acquire() as connection, connection.transaction():
            stands = await clock.standing(connection)
            if stands is None:
                raise LookupError("the clock was not set yet: the text has to come again")
            for text in await notices.collect(connection, part, stands.now_ms):
                event = TextReceived(
                    id=text.id,
                    at=from_ms(stands.now_ms),
                    exercise=settings.exercise,
                    phone=text.phone,
                    words=text.words,
                    # In an exercise nothing is to be kept from anybody, and everything is to be the same again.
                    nonce=derived("nonce", text.id) if settings.exercise else secrets.token_hex(12),
                )
                await direct.publish(connection, OPERATOR, NOTICE_INBOUND, event.phone, event)

    return on_inbound


def _smpp(
    settings: Settings,
    pool: Pool,
    phone_of: Callable[[TextBody], Awaitable[str | None]],
    on_inbound: Callable[[Part], Awaitable[None]],
) -> SmppGateway:
    async def endpoint() -> Endpoint:
        if not settings.exercise:
            return Endpoint(
                host=settings.smpp_host,
                port=settings.smpp_port,
                system_id=settings.smpp_system_id,
                password=settings.smpp_password.get_secret_value(),
                lookup_url=settings.smpp_lookup_url,
            )
        async with pool.acquire() as connection:
            place = await drill_operator.endpoint(connection)
        return Endpoint(
            host=place.host,
            port=place.smpp_port,
            system_id=place.system_id,
            password=place.password,
            lookup_url=f"http://{place.host}:{place.http_port}",
        )

    receipts = Receipts(
        pool,
        DRILL_NAME if settings.exercise else REAL_NAME,
        exercise=settings.exercise,
        deaths=DeathPoints(settings.death_dir),
    )
    return SmppGateway(
        endpoint=endpoint,
        sender=settings.smpp_sender,
        exercise=settings.exercise,
        phone_of=phone_of,
        on_receipt=receipts.take,
        on_inbound=on_inbound,
        window=settings.smpp_window,
        answer_s=settings.smpp_answer_s,
    )
