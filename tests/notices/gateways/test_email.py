"""The mail gateway against a real SMTP server."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from services.engine.gateway import GatewayAway, Result
from services.notices.gateways.email import EmailGateway, MailServer, message_id
from services.notices.gateways.email_codes import REFUSALS, RETRY_MS, refusal_of
from services.notices.gateways.smpp_codes import Blame
from services.notices.moments import Moment, TextBody

SENDER, READER = "notices@utility.example", "reader@home.example"
LATER = Result(state="later", reason="mailboxBusy", retry_after_ms=RETRY_MS)


class Mailbox:
    """What a real server does with letters: `to_rcpt` and `to_data` are its replies; None: it takes them."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, list[str], bytes]] = []
        self.sessions: set[int] = set()
        self.signed_in: list[object] = []
        self.to_rcpt: str | None = None
        self.to_data: str | None = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def handle_RCPT(  # noqa: N802 (the server's form)
        self, _server: object, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.sessions.add(id(session))
        self.signed_in.append(session.auth_data)
        if self.to_rcpt is not None:
            return self.to_rcpt
        envelope.rcpt_tos.append(address)
        return "250 go on"

    async def handle_DATA(self, _server: object, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (as above)
        if self.to_data is not None:
            return self.to_data
        assert isinstance(envelope.content, bytes)
        self.letters.append((str(envelope.mail_from), list(envelope.rcpt_tos), envelope.content))
        await self.may_answer.wait()
        return "250 2.0.0 Ok: queued as 4B1D"

    def letter(self, number: int = 0) -> EmailMessage:
        found = message_from_bytes(self.letters[number][2], policy=policy.SMTP)
        assert isinstance(found, EmailMessage)
        return found


class Server:
    """A real SMTP server on a socket of this machine, in this loop."""

    def __init__(self, mailbox: Mailbox, **options: Any) -> None:
        self._mailbox = mailbox
        self._options = options
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self._mailbox, loop=loop, **self._options), "127.0.0.1", self.port
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._mailbox.may_answer.set()
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()


@pytest.fixture
async def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
async def server(mailbox: Mailbox) -> AsyncIterator[Server]:
    made = Server(mailbox)
    await made.start()
    yield made
    await made.stop()


async def _address(text: TextBody) -> str | None:
    return {"": None, "broken": "a\r\nBcc: b@c.example"}.get(text.contact, READER)


@pytest.fixture
async def gateway(server: Server) -> AsyncIterator[EmailGateway]:
    made = EmailGateway(plain(server.port), exercise=False, address_of=_address, answer_s=5, letter_s=1)
    await made.start()
    yield made
    await made.stop()


def plain(port: int, **more: Any) -> MailServer:
    return MailServer(host="127.0.0.1", port=port, security="none", sender=SENDER, **more)


def body(words: str = "Power is back.", subject: str = "Power is back", contact: str = "c1") -> bytes:
    return msgspec.json.encode(
        TextBody(customer="C1", moment=Moment.POWER_RESTORED, words=words, subject=subject, contact=contact)
    )


async def test_a_letter_arrives_whole_and_says_how_to_get_no_more(mailbox: Mailbox, gateway: EmailGateway) -> None:
    result = await gateway.perform("key-1", "A1", body("Güle.\n.dot\n您的住址已恢复供电。", "恢复供电"))
    assert result == Result(state="done", reason="accepted", reference="4B1D")
    (sender, readers, _), letter = mailbox.letters[0], mailbox.letter()
    assert (sender, readers) == (SENDER, [READER])
    assert letter.get_content().replace("\r\n", "\n").rstrip("\n") == "Güle.\n.dot\n您的住址已恢复供电。"
    assert (letter["From"], letter["To"], letter["Subject"]) == (SENDER, READER, "恢复供电")
    assert letter["Message-ID"] == message_id("key-1", SENDER)
    assert letter["List-Unsubscribe"] == f"<mailto:{SENDER}?subject=unsubscribe>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content_type() == "text/plain"
    assert letter["Date"] is not None


async def test_the_same_letter_again_has_the_same_message_id(mailbox: Mailbox, gateway: EmailGateway) -> None:
    for _ in range(2):
        await gateway.perform("key-1", "A1", body())
    await gateway.perform("key-2", "A1", body())
    first, again, other = (mailbox.letter(number)["Message-ID"] for number in range(3))
    assert first == again != other


async def test_all_letters_go_over_one_connection_until_the_server_closes_it(
    mailbox: Mailbox, gateway: EmailGateway
) -> None:
    results = await asyncio.gather(*(gateway.perform(f"key-{n}", "A1", body()) for n in range(5)))
    assert {result.state for result in results} == {"done"}
    assert (len(mailbox.letters), len(mailbox.sessions)) == (5, 1)
    assert gateway._link is not None
    gateway._link.close()
    assert (await gateway.perform("key-6", "A1", body())).state == "done"
    assert len(mailbox.letters) == 6


@pytest.mark.parametrize("place", ["to_rcpt", "to_data"])
@pytest.mark.parametrize("code", sorted(set(REFUSALS) - {421, 530, 534, 535, 538}))
async def test_a_refusal_means_what_the_table_says(
    mailbox: Mailbox, gateway: EmailGateway, place: str, code: int
) -> None:
    setattr(mailbox, place, f"{code} no")
    refusal = REFUSALS[code]
    with structlog.testing.capture_logs() as logs:
        result = await gateway.perform("key-1", "A1", body())
    temporary = refusal.blame is Blame.TEMPORARY
    retry = RETRY_MS if temporary else None
    assert result == Result(state="later" if temporary else "failed", reason=refusal.reason, retry_after_ms=retry)
    assert [line["event"] for line in logs] == ["notices.operator_refuses_ours"] * (refusal.blame is Blame.OURS)
    setattr(mailbox, place, None)
    assert (await gateway.perform("key-1", "A1", body())).state == "done"


def test_a_code_in_no_table_means_what_its_first_digit_says() -> None:
    later, never = refusal_of(471), refusal_of(571)
    assert later is not None
    assert never is not None
    assert (later.blame, never.blame) == (Blame.TEMPORARY, Blame.PERMANENT)
    assert refusal_of(777) is None


@pytest.mark.parametrize("code", [421, 530])
async def test_a_server_that_speaks_of_us_and_not_of_the_letter_was_given_nothing(
    mailbox: Mailbox, gateway: EmailGateway, code: int
) -> None:
    mailbox.to_rcpt = f"{code} not you"
    with pytest.raises(GatewayAway):
        await gateway.perform("key-1", "A1", body())
    assert mailbox.letters == []


async def test_a_letter_whose_taking_is_not_answered_is_unknown_and_not_repeated(
    mailbox: Mailbox, gateway: EmailGateway
) -> None:
    mailbox.may_answer.clear()
    assert await gateway.perform("key-1", "A1", body()) == Result(state="unknown", reason="noAnswer")
    assert len(mailbox.letters) == 1
    assert await gateway.look_up("key-1") == Result(state="unknown", reason="noLookUp")
    mailbox.may_answer.set()
    assert (await gateway.perform("key-2", "A1", body())).state == "done"


async def test_a_server_that_is_away_was_given_nothing(server: Server, gateway: EmailGateway) -> None:
    await server.stop()
    assert gateway._link is not None
    gateway._link.close()
    with pytest.raises(GatewayAway):
        await gateway.perform("key-1", "A1", body())


async def test_an_address_that_is_gone_or_broken_fails(mailbox: Mailbox, gateway: EmailGateway) -> None:
    assert await gateway.perform("key-1", "A1", body(contact="")) == Result(state="failed", reason="noContact")
    with structlog.testing.capture_logs() as logs:
        result = await gateway.perform("key-1", "A1", body(contact="broken"))
    assert result == Result(state="failed", reason="notSendable")
    assert [line["event"] for line in logs] == ["notices.text_not_sendable"]
    assert mailbox.letters == []


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server shows, and what trusts it."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here to make a certificate with")
    key, shown = tmp_path / "key.pem", tmp_path / "shown.pem"
    asked = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [*asked.split(), "-keyout", str(key), "-out", str(shown)],
        check=True,
        capture_output=True,
    )
    shows = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shows.load_cert_chain(shown, key)
    return shows, ssl.create_default_context(cafile=str(shown))


async def test_we_sign_in_over_starttls_and_a_wrong_password_gets_nowhere(
    mailbox: Mailbox, certificate: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    shows, trusts = certificate

    def authenticate(_server: object, _session: object, _envelope: object, _how: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"us", b"secret"), auth_data=data.login)

    server = Server(mailbox, tls_context=shows, require_starttls=True, authenticator=authenticate, auth_required=True)
    await server.start()
    try:
        for password, trusted, taken in (("secret", trusts, True), ("guess", trusts, False), ("secret", None, False)):
            account = MailServer(
                host="127.0.0.1",
                port=server.port,
                security="starttls",
                sender=SENDER,
                user="us",
                password=password,
                trusted=trusted,
            )
            gateway = EmailGateway(account, exercise=False, address_of=_address, answer_s=5, letter_s=5)
            if not taken:
                with pytest.raises(GatewayAway):
                    await gateway.start()
                continue
            await gateway.start()
            assert (await gateway.perform("key-1", "A1", body())).state == "done"
            await gateway.stop()
    finally:
        await server.stop()
    assert mailbox.signed_in == [b"us"]
