"""The gateways to other providers than an SMPP operator, as the settings name them; a part of `streams.gateways`.

Nothing here is built in an exercise but what goes to the drill's own operator.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from schemas.events import TextReceipt
from schemas.ids import derived
from schemas.topics import NOTICE_RECEIPTS
from services.clock import from_ms
from services.database.pool import Pool
from services.drill import operator_store as drill_operator
from services.engine import clock, direct
from services.engine.gateway import Gateway
from services.notices import store_channels, store_receipts
from services.notices.gateways import voice_notice
from services.notices.gateways.callbacks import HOST, Callbacks, OnTold, Told
from services.notices.gateways.email import EmailGateway, MailServer
from services.notices.gateways.http import Account, HttpGateway
from services.notices.gateways.kannel import Boxes, KannelGateway
from services.notices.gateways.voice_notice import VoiceNoticeGateway
from services.notices.gateways.webhook import LOOPBACK, WebhookGateway
from services.notices.moments import TextBody
from services.notices.parts import Part
from services.notices.store_receipts import Named
from services.settings import Settings, SettingsError
from streams.together import Together

OPERATOR = "operator"
"""Who speaks in receipts."""

QUEUED_S, FEWEST_QUEUED = 2.0, 20
"""How much may wait in Kannel: what its operator takes in so many seconds, and so many texts at least."""

PhoneOf = Callable[[TextBody], Awaitable[str | None]]
OnInbound = Callable[[Part], Awaitable[None]]


def told(settings: Settings, pool: Pool) -> OnTold:
    """Return what stores what providers tell of notices: a fact, where it is a final word. Many are stored in one transaction."""

    async def take(many: Sequence[Told]) -> list[bool]:
        named = [Named(gateway="", reference=said.reference, key=said.key) for said in many]
        async with pool.acquire() as connection, connection.transaction():
            stands = await clock.standing(connection)
            if stands is None:
                raise LookupError("the clock was not set yet: it has to come again")
            notices = await store_receipts.matched(connection, named)
            known = [(notice, said) for notice, said in zip(notices, many, strict=True) if notice is not None]
            await store_receipts.found(
                connection, stands.now_ms, [(notice.key, said.reference) for notice, said in known]
            )
            events = [
                TextReceipt(
                    id=derived("receipt", notice.key, said.outcome),
                    at=from_ms(stands.now_ms),
                    exercise=settings.exercise,
                    notice=notice.key,
                    area=notice.area,
                    outcome=said.outcome,
                    operator_code=said.code,
                )
                for notice, said in known
                if said.outcome is not None
            ]
            if events:
                await direct.publish_all(
                    connection, OPERATOR, NOTICE_RECEIPTS, [(event.notice, event) for event in events]
                )
        return [notice is not None for notice in notices]

    return Together[Told, bool](take).one


def chosen(settings: Settings) -> list[str]:
    """Return by which ways texts leave, the preferred one first: `smpp`, `kannel`, `http`. In an exercise by SMPP alone."""
    if settings.exercise:
        return ["smpp"]
    second = [] if settings.texts_second_gateway == "none" else [settings.texts_second_gateway]
    return list(dict.fromkeys([settings.texts_gateway, *second]))


def check(settings: Settings) -> None:
    """Raise `SettingsError` where a way out is chosen and its settings lack something. Kannel's own boxes come by themselves."""
    if settings.exercise:
        return
    ways = chosen(settings)
    if "kannel" in ways and settings.kannel_url is not None:
        _boxes(settings)
    if "http" in ways:
        _account(settings)
    _mail_server(settings)
    _voice_secret(settings)


def texts_by(
    way: str, settings: Settings, *, phone_of: PhoneOf, on_told: OnTold, on_inbound: OnInbound
) -> KannelGateway | HttpGateway:
    """Return the gateway of one of the ways `kannel` and `http`. Raises `SettingsError` where its settings lack something."""
    if settings.exercise:
        raise SettingsError("an exercise has no real provider")
    if way == "http":
        return HttpGateway(_account(settings), phone_of=phone_of, on_told=on_told, on_inbound=on_inbound)
    return KannelGateway(
        _boxes(settings),
        sender=settings.smpp_sender,
        exercise=False,
        callback_url=f"http://{HOST}:{settings.texts_callback_port}",
        most_queued=max(FEWEST_QUEUED, round(QUEUED_S * settings.texts_per_s)),
        phone_of=phone_of,
        on_told=on_told,
        on_inbound=on_inbound,
    )


def _boxes(settings: Settings) -> Boxes:
    if settings.kannel_url is None:
        raise SettingsError("kannel_url is not set: Kannel's own boxes are started by `lamplighter up`")
    if not settings.kannel_password.get_secret_value():
        raise SettingsError("kannel_password is not set")
    return Boxes(
        url=settings.kannel_url,
        user=settings.kannel_user,
        password=settings.kannel_password.get_secret_value(),
        smsc=settings.kannel_smsc,
        status_url=settings.kannel_status_url,
        status_password=settings.kannel_status_password.get_secret_value(),
    )


def _account(settings: Settings) -> Account:
    url, token = settings.http_texts_url, settings.http_texts_token.get_secret_value()
    if url is None or not (settings.http_texts_account and token and settings.http_texts_sender):
        raise SettingsError(
            "http_texts_url, http_texts_account, http_texts_token and http_texts_sender belong together"
        )
    return Account(
        url=url,
        user=settings.http_texts_account,
        token=token,
        sender=settings.http_texts_sender,
        callback_url=settings.http_texts_callback_url or "",
    )


def callbacks(settings: Settings, texts: Sequence[Gateway], on_told: OnTold) -> Callbacks | None:
    """Return the server of what the providers of these settings tell us; None where none of them does."""
    routes: list[web.AbstractRouteDef] = []
    for gateway in texts:
        if isinstance(gateway, KannelGateway | HttpGateway):
            routes += gateway.routes()
    if not settings.exercise and settings.voice_notice_url is not None:
        routes += voice_notice.routes(_voice_secret(settings), on_told)
    return Callbacks(settings.texts_callback_port, routes) if routes else None


def mails(settings: Settings, pool: Pool) -> Gateway | None:
    """Return the gateway for letters; None without a mail server. Raises `SettingsError` where settings contradict each other."""
    server = None if settings.exercise else _mail_server(settings)
    return None if server is None else EmailGateway(server, exercise=False, address_of=_address_of(pool, "email"))


def _mail_server(settings: Settings) -> MailServer | None:
    if settings.email_host is None:
        return None
    if "@" not in settings.email_sender:
        raise SettingsError("email_sender, the address from which letters come, is not set")
    if settings.email_security == "none" and settings.email_user and settings.email_host not in LOOPBACK:
        raise SettingsError("email_security none would send the password in clear: choose starttls or tls")
    return MailServer(
        host=settings.email_host,
        port=settings.email_port,
        security=settings.email_security,
        sender=settings.email_sender,
        sender_shown=settings.email_sender_shown,
        unsubscribe=settings.email_unsubscribe,
        user=settings.email_user,
        password=settings.email_password.get_secret_value(),
    )


def webhooks(settings: Settings, pool: Pool) -> Gateway | None:
    """Return the gateway for webhooks; None without a secret to sign with."""
    if settings.exercise or settings.webhook_secret is None:
        return None
    return WebhookGateway(
        secret=settings.webhook_secret.get_secret_value(),
        plain=settings.webhook_plain_hosts,
        exercise=False,
        address_of=_address_of(pool, "webhook"),
    )


def voice_notices(settings: Settings, pool: Pool) -> Gateway | None:
    """Return the gateway for spoken notices; None without a service. Raises `SettingsError` without the secret shared with it."""
    if settings.exercise or settings.voice_notice_url is None:
        return None
    return VoiceNoticeGateway(
        settings.voice_notice_url,
        secret=_voice_secret(settings),
        callback_url=settings.voice_notice_callback_url or "",
        exercise=False,
        phone_of=_spoken_to(pool),
    )


def _voice_secret(settings: Settings) -> str:
    secret = settings.voice_notice_secret.get_secret_value()
    if settings.voice_notice_url is not None and not secret:
        raise SettingsError("voice_notice_secret is not set")
    return secret


async def of_the_drill(pool: Pool) -> list[Gateway]:
    """Return the gateways of an exercise for the channels beside texts that its utility has contacts for.

    All go to the drill's operator, whatever address a contact has. Raises `LookupError` where that was never started.
    """
    async with pool.acquire() as connection:
        channels = await store_channels.channels(connection)
        place = await drill_operator.endpoint(connection)
    base = f"http://{place.host}:{place.http_port}"
    letters = MailServer(host=place.host, port=place.smtp_port, security="none", sender="exercise@lamplighter.invalid")

    async def there(_: TextBody) -> str:
        return f"{base}/webhooks"

    gateways: dict[str, Gateway] = {
        "email": EmailGateway(letters, exercise=True, address_of=_address_of(pool, "email")),
        "webhook": WebhookGateway(secret=place.password, plain=(), exercise=True, address_of=there),
        "voice": VoiceNoticeGateway(
            f"{base}/voice-notices", secret=place.password, callback_url="", exercise=True, phone_of=_spoken_to(pool)
        ),
    }
    return [gateway for channel, gateway in gateways.items() if channel in channels]


def _address_of(pool: Pool, channel: str) -> Callable[[TextBody], Awaitable[str | None]]:
    async def address_of(text: TextBody) -> str | None:
        async with pool.acquire() as connection:
            return await store_channels.address_of(connection, text.contact, channel)

    return address_of


def _spoken_to(pool: Pool) -> Callable[[TextBody], Awaitable[tuple[str, str] | None]]:
    async def spoken_to(text: TextBody) -> tuple[str, str] | None:
        async with pool.acquire() as connection:
            return await store_channels.spoken_to(connection, text.contact)

    return spoken_to
