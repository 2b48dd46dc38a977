"""The operator's SMPP 3.4 server: sessions of clients that send texts and take receipts."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from services.drill import smpp_pdu
from services.drill.smpp_pdu import (
    CUT,
    HEADER,
    NO_ANSWER,
    RESPONSE,
    Command,
    Inbound,
    Malformed,
    Receipt,
    Status,
    Submit,
)

NAME: Final = "LAMPLIGHT-DRILL"
"""What this operator calls itself (SMPP allows 15 characters). A drill binds to nobody else, and nobody else to it."""

DELIVER_S: Final = 10.0
RECEIPTS_AT_ONCE: Final = 64

log = structlog.get_logger(__name__)

TakeText = Callable[[Submit], Awaitable[tuple[int, str]]]
"""Stores a text and returns the command status, or `NO_ANSWER` or `CUT`, and the operator's id of it (empty: not taken)."""

TellOf = Callable[[str], Awaitable[tuple[int, int] | None]]
"""Returns state and network error of a text by the operator's id of it; None: it does not tell."""


class Session:
    """One connected client. Its texts are answered when they are stored, in whatever order."""

    def __init__(self, server: SmppServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.bound = False

    async def run(self) -> None:
        """Serve the client until it leaves or its line dies."""
        try:
            while await self._one():
                pass
        except (OSError, EOFError, Malformed) as error:
            log.info("drill.session_over", cause=type(error).__name__)
        finally:
            self.close()

    def close(self) -> None:
        """Cut the line; what waits for an answer learns it."""
        self.bound = False
        self._writer.close()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the client is gone"))
        self._waiting.clear()

    def give_up(self) -> list[asyncio.Task[None]]:
        """Cut the line and forget the texts that were not answered yet; return what is still ending."""
        self.close()
        for task in self._tasks:
            task.cancel()
        return list(self._tasks)

    async def deliver(self, said: Receipt | Inbound, at: str) -> int | None:
        """Send a receipt or a text; return the client's answer, a command status; None when the line died before it."""
        sequence = next(self._numbers)
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = answer
        if isinstance(said, Inbound):
            self._writer.write(smpp_pdu.deliver_text(sequence, said))
        else:
            self._writer.write(smpp_pdu.deliver(sequence, said, at))
        try:
            async with asyncio.timeout(DELIVER_S):
                await self._writer.drain()
                return await answer
        except OSError as error:  # a time-out is one too
            if isinstance(error, TimeoutError):
                self.close()
            return None
        finally:
            self._waiting.pop(sequence, None)
            if answer.done() and not answer.cancelled():
                answer.exception()

    async def _one(self) -> bool:
        head = smpp_pdu.header(await self._reader.readexactly(HEADER.size))
        body = await self._reader.readexactly(head.length - HEADER.size)
        if head.command & RESPONSE:
            answer = self._waiting.get(head.sequence)
            if answer is not None and not answer.done():
                answer.set_result(head.status)
        elif head.command == Command.SUBMIT:
            self._start(self._submit(head.sequence, body))
        elif head.command == Command.QUERY:
            self._start(self._query(head.sequence, body))
        elif head.command == Command.ENQUIRE_LINK:
            self._answer(head.command, head.sequence)
        elif head.command == Command.BIND_TRANSCEIVER:
            return self._bind(head.sequence, body)
        elif head.command in {Command.BIND_RECEIVER, Command.BIND_TRANSMITTER}:
            self._answer(head.command, head.sequence, status=Status.BIND_FAILED)
        elif head.command == Command.UNBIND:
            self._answer(head.command, head.sequence)
            await self._writer.drain()
            return False
        else:
            self._writer.write(smpp_pdu.message(Command.NACK, head.sequence, status=Status.INVALID_COMMAND))
        return True

    def _bind(self, sequence: int, body: bytes) -> bool:
        self.bound = smpp_pdu.bind(body) == self._server.client
        status = Status.OK if self.bound else Status.INVALID_PASSWORD
        self._answer(Command.BIND_TRANSCEIVER, sequence, smpp_pdu.text_field(self._server.name), status)
        if self.bound:
            self._server.arrived.set()
        return self.bound

    async def _submit(self, sequence: int, body: bytes) -> None:
        try:
            text = smpp_pdu.submit(body)
        except Malformed:
            status, operator_id = int(Status.INVALID_OPTIONS), ""
        else:
            status, operator_id = (int(Status.NOT_BOUND), "") if not self.bound else await self._server.take(text)
        if status == CUT:
            self.close()
        elif status != NO_ANSWER:
            self._answer(Command.SUBMIT, sequence, smpp_pdu.text_field(operator_id) if operator_id else b"", status)

    async def _query(self, sequence: int, body: bytes) -> None:
        try:
            operator_id = smpp_pdu.query(body)
        except Malformed:
            self._answer(Command.QUERY, sequence, status=Status.INVALID_OPTIONS)
            return
        found = await self._server.tell(operator_id) if self.bound and self._server.tell is not None else None
        if found is None:
            self._answer(Command.QUERY, sequence, status=Status.QUERY_FAILED)
        else:
            self._answer(Command.QUERY, sequence, smpp_pdu.told(operator_id, *found))

    def _answer(self, command: int, sequence: int, body: bytes = b"", status: int = Status.OK) -> None:
        if not self._writer.is_closing():
            self._writer.write(smpp_pdu.message(command | RESPONSE, sequence, body, status))

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class SmppServer:
    """Listens for clients. `client` is the one account (name, password); `arrived` is set when somebody binds."""

    def __init__(
        self, client: tuple[str, str], take: TakeText, name: str = NAME, *, tell: TellOf | None = None
    ) -> None:
        self.client = client
        self.name = name
        self.take = take
        self.tell = tell
        self.arrived = asyncio.Event()
        self._sessions: dict[Session, asyncio.Task[None] | None] = {}
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen and return the port. Raises `OSError` when it is taken."""
        self._server = await asyncio.start_server(self._serve, host, port)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        """Cut every line and stop listening."""
        if self._server is not None:
            self._server.close()
        tasks = [task for task in self._sessions.values() if task is not None]
        for session in list(self._sessions):
            tasks += session.give_up()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    def receiver(self) -> Session | None:
        """Return a client that can take receipts: the one that bound last."""
        return next((session for session in reversed(self._sessions) if session.bound), None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self, reader, writer)
        self._sessions[session] = asyncio.current_task()
        try:
            await session.run()
        finally:
            del self._sessions[session]
