"""The drill's mail server: takes letters over SMTP (RFC 5321) on a socket of this machine, without encryption or sign-in."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import Awaitable, Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final

MAX_LETTER: Final = 1_000_000
LINE_S: Final = 60.0
_PATH = re.compile(rb"\A(?:FROM|TO):\s*<([^<>]*)>", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it came: our key (of its header), to whom, subject, words."""

    key: str
    address: str
    subject: str
    words: str


class MailServer:
    """Listens for letters. `take` stores one before it is acknowledged; if it raises, the client is told to come again."""

    def __init__(self, take: Callable[[Letter], Awaitable[None]]) -> None:
        self._take = take
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen and return the port. Raises `OSError` when it is taken."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=MAX_LETTER)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        """Cut every line and stop listening."""
        if self._server is None:
            return
        self._server.close()
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = asyncio.current_task()
        assert session is not None
        self._sessions.add(session)
        try:
            await self._session(reader, writer)
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            pass
        finally:
            self._sessions.discard(session)
            writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")

        address = ""
        say("220 drill.lamplighter.invalid ready")
        while True:
            async with asyncio.timeout(LINE_S):
                line = await reader.readuntil(b"\r\n")
            word, _, rest = line.strip().partition(b" ")
            path = _PATH.match(rest.strip())
            match word.upper():
                case b"EHLO" | b"HELO":
                    say("250 drill.lamplighter.invalid")
                case b"MAIL" if path:
                    address = ""
                    say("250 go on")
                case b"RCPT" if path:
                    address = path[1].decode("utf-8", "replace")
                    say("250 go on")
                case b"DATA" if address:
                    say("354 the letter, and a dot")
                    async with asyncio.timeout(LINE_S):
                        written = await reader.readuntil(b"\r\n.\r\n")
                    say(await self._taken(address, written))
                    address = ""
                case b"RSET" | b"NOOP":
                    address = ""
                    say("250 as you wish")
                case b"QUIT":
                    say("221 good-bye")
                    return
                case _:
                    say("503 not now")

    async def _taken(self, address: str, written: bytes) -> str:
        try:
            await self._take(read(address, written))
        except Exception:  # noqa: BLE001 (not stored: the client keeps it)
            return "451 not now"
        return "250 taken"


def read(address: str, written: bytes) -> Letter:
    """Return a letter, from the bytes between DATA and the dot."""
    plain = written[: -len(b".\r\n")].replace(b"\r\n..", b"\r\n.")
    letter = message_from_bytes(plain, policy=policy.SMTP)
    assert isinstance(letter, EmailMessage)
    return Letter(
        key=str(letter["Lamplighter-Notice"] or ""),
        address=address,
        subject=str(letter["Subject"] or ""),
        words=str(letter.get_content()).replace("\r\n", "\n").rstrip("\n"),
    )
