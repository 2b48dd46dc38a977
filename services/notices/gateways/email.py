"""Letters through a mail server, over SMTP: plain text in UTF-8, one connection for all of them.

A letter's Message-ID is made from our key, so that a reader who gets it twice sees it once. A server that was given the words and
has not answered may have the letter: that attempt is not repeated. Whether a letter arrived nobody tells: it is done when the
server has taken it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import ssl
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr
from typing import Final, Literal

import aiosmtplib
import msgspec
import structlog

from schemas.ids import derived
from services.clock import from_ms, wall_ms
from services.engine.gateway import GatewayAway, Result
from services.notices.gateways.email_codes import RETRY_MS, refusal_of
from services.notices.gateways.smpp_codes import Blame
from services.notices.moments import TextBody

KIND: Final = "email"
"""The kind of effect that a letter is."""
REAL_NAME, DRILL_NAME = "email", "drill:email"

ANSWER_S: Final = 30.0
LETTER_S: Final = 120.0
"""How long a server may take for a letter once it has the words."""
SUBJECT_LENGTH: Final = 120
_CLOSING, _NOT_LET_IN = 421, frozenset({530, 534, 535, 538})
_AWAY = (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError)

log = structlog.get_logger(__name__)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """The server that takes our letters, and as whom we write. An empty `user`: it lets us in without.

    `unsubscribe` is the address to which people write who want no more letters.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    sender: str
    sender_shown: str = ""
    unsubscribe: str = ""
    user: str = ""
    password: str = ""
    trusted: ssl.SSLContext | None = None


class EmailGateway:
    """Hands letters to a mail server, one after the other. `address_of` returns where a letter goes, at the time of sending."""

    kind: str = KIND

    def __init__(
        self,
        server: MailServer,
        *,
        exercise: bool,
        address_of: Callable[[TextBody], Awaitable[str | None]],
        answer_s: float = ANSWER_S,
        letter_s: float = LETTER_S,
    ) -> None:
        self.name: str = DRILL_NAME if exercise else REAL_NAME
        self._server = server
        self._address_of = address_of
        self._answer_s = answer_s
        self._letter_s = letter_s
        self._one = asyncio.Lock()
        self._link: aiosmtplib.SMTP | None = None

    async def start(self) -> None:
        """Connect and sign in. Raises `GatewayAway` when that cannot be done."""
        async with self._one:
            await self._connected()

    async def stop(self) -> None:
        """Let the letter that is under way come to its end, then leave."""
        async with self._one:
            link, self._link = self._link, None
            if link is not None:
                await _goodbye(link)

    async def perform(self, key: str, shard: str, body: bytes) -> Result:  # noqa: ARG002 (the port's form)
        """Hand a letter over. Raises `GatewayAway` when the server is away and was given nothing."""
        text = msgspec.json.decode(body, type=TextBody)
        address = await self._address_of(text)
        if address is None:
            return Result(state="failed", reason="noContact")
        try:
            letter = self._letter(key, address, text).as_bytes()
        except ValueError:
            log.error("notices.text_not_sendable", key=key)  # noqa: TRY400 (the trace would show the address)
            return Result(state="failed", reason="notSendable")
        async with self._one:
            return await self._hand_over(key, address, letter)

    async def look_up(self, key: str) -> Result | None:  # noqa: ARG002 - a mail server does not tell of single letters
        """Say that nobody knows what became of an attempt: it is not repeated."""
        return Result(state="unknown", reason="noLookUp")

    async def _hand_over(self, key: str, address: str, letter: bytes) -> Result:
        link = await self._connected()
        try:
            await link.mail(self._server.sender)
            await link.rcpt(address)
        except aiosmtplib.SMTPResponseException as said:
            return await self._refused(link, said.code, key)
        except _AWAY as error:
            await self._drop(link)
            raise GatewayAway(type(error).__name__) from error
        except ValueError:  # an address in letters that this server does not take
            await self._drop(link)
            return Result(state="failed", reason="invalidAddress")
        try:
            answer = await link.data(letter, timeout=self._letter_s)
        except aiosmtplib.SMTPResponseException as said:
            return await self._refused(link, said.code, key)
        except _AWAY:
            await self._drop(link)
            return Result(state="unknown", reason="noAnswer")
        return Result(
            state="done", reason="accepted", reference=answer.message.split()[-1][:64] if answer.message else None
        )

    async def _connected(self) -> aiosmtplib.SMTP:
        """Return the connection that stands, else a new one: a server may close an idle one at any time."""
        if self._link is not None and self._link.is_connected:
            try:
                await self._link.rset()
            except (*_AWAY, aiosmtplib.SMTPResponseException):
                await self._drop(self._link)
            else:
                return self._link
        server = self._server
        link = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=self._answer_s,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=server.trusted if server.security != "none" else None,
        )
        try:
            await link.connect()
            if server.user:
                await link.login(server.user, server.password)
        except aiosmtplib.SMTPAuthenticationError as error:
            await self._drop(link)
            log.error("notices.login_refused", gateway=self.name)  # noqa: TRY400 (the trace may show whom it was)
            raise GatewayAway("loginRefused") from error
        except (aiosmtplib.SMTPException, ssl.SSLError, OSError, ValueError) as error:
            await self._drop(link)
            raise GatewayAway(type(error).__name__) from error
        self._link = link
        return link

    async def _refused(self, link: aiosmtplib.SMTP, code: int, key: str) -> Result:
        """Return what a reply means. Raises `GatewayAway` when it speaks of us and not of the letter."""
        if code in _NOT_LET_IN or code == _CLOSING:
            await self._drop(link)
            if code in _NOT_LET_IN:
                log.error("notices.login_refused", gateway=self.name)
            raise GatewayAway("loginRefused" if code in _NOT_LET_IN else "serverClosing")
        refusal = refusal_of(code)
        if refusal is None:
            await self._drop(link)
            log.error("notices.operator_code_unknown", key=key, code=str(code))
            return Result(state="unknown", reason=f"serverSaid{code}")
        if refusal.blame is Blame.TEMPORARY:
            return Result(state="later", reason=refusal.reason, retry_after_ms=RETRY_MS)
        if refusal.blame is Blame.OURS:
            log.error("notices.operator_refuses_ours", key=key, reason=refusal.reason)
        return Result(state="failed", reason=refusal.reason)

    async def _drop(self, link: aiosmtplib.SMTP) -> None:
        if link is self._link:
            self._link = None
        link.close()

    def _letter(self, key: str, address: str, text: TextBody) -> EmailMessage:
        """Return a letter. Raises `ValueError` for an address or a subject that no header may hold."""
        server = self._server
        letter = EmailMessage(policy=SMTP_POLICY)
        letter["From"] = formataddr((server.sender_shown, server.sender))
        letter["To"] = address
        letter["Subject"] = (text.subject or text.words.partition("\n")[0])[:SUBJECT_LENGTH]
        letter["Date"] = format_datetime(from_ms(wall_ms()))
        letter["Message-ID"] = message_id(key, server.sender)
        letter["Lamplighter-Notice"] = key
        letter["Auto-Submitted"] = "auto-generated"
        letter["List-Unsubscribe"] = f"<mailto:{server.unsubscribe or server.sender}?subject=unsubscribe>"
        letter.set_content(text.words, charset="utf-8", cte=None if text.words.isascii() else "base64")
        return letter


def message_id(key: str, sender: str) -> str:
    """Return the Message-ID of the letter of a key: the same however often it is handed over."""
    return f"<{derived('email', key)}@{sender.rpartition('@')[2]}>"


async def _goodbye(link: aiosmtplib.SMTP) -> None:
    try:
        await link.quit(timeout=2.0)
    except (aiosmtplib.SMTPException, OSError):
        link.close()
