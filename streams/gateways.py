"""Which gateways an installation has. The only place that builds one.

An exercise gets gateways to its own operator and to nothing else: the address comes from the drill's own table, which holds
only loopback, and the settings of the real providers are not read at all.
"""

from __future__ import annotations

from schemas.events import TextOutcome, TextReceipt, TextReceived
from schemas.ids import derived
from schemas.topics import NOTICE_INBOUND, NOTICE_RECEIPTS
from services.clock import from_ms
from services.database.pool import Pool
from services.drill import operator_store as drill_operator
from services.engine import clock, direct
from services.engine.gateway import Gateway
from services.hotline.gateways.voice import VoiceGateway
from services.hotline.store import Contacts
from services.notices import store as notices
from services.notices.gateways.smpp import Endpoint, SmppGateway
from services.notices.moments import TextBody
from services.notices.parts import Part
from services.outages.gateways.pings import PingGateway
from services.settings import Settings

OPERATOR = "operator"
"""Who speaks in receipts, and brings us what people write."""


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


async def texts(settings: Settings, pool: Pool) -> Gateway:
    """Return the gateway for texts. Receipts and inbound texts become facts: stored before the operator is told so."""

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

    async def phone_of(text: TextBody) -> str | None:
        async with pool.acquire() as connection:
            return await notices.phone_of(connection, text)

    async def on_receipt(reference: str, outcome: TextOutcome, operator_code: str) -> None:
        async with pool.acquire() as connection:
            text = await notices.sent_text(connection, reference)
            stands = await clock.standing(connection)
            if text is None or stands is None:
                raise LookupError("a receipt for a text whose attempt is not settled yet: it has to come again")
            event = TextReceipt(
                id=derived("receipt", text.key, outcome),
                at=from_ms(stands.now_ms),
                exercise=settings.exercise,
                notice=text.key,
                area=text.area,
                outcome=outcome,
                operator_code=operator_code,
            )
            async with connection.transaction():
                await direct.publish(connection, OPERATOR, NOTICE_RECEIPTS, event.notice, event)

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
                )
                await direct.publish(connection, OPERATOR, NOTICE_INBOUND, event.phone, event)

    return SmppGateway(
        endpoint=endpoint,
        sender=settings.smpp_sender,
        exercise=settings.exercise,
        phone_of=phone_of,
        on_receipt=on_receipt,
        on_inbound=on_inbound,
    )
