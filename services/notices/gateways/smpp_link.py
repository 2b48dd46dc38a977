"""One bound connection to an SMPP operator, on aiosmpplib 0.7.4; a link that died is thrown away, never bound again.

What the library is used for: binding, building and reading messages, the GSM alphabet, keeping the link alive.
What it is kept from, and why:
- its queue, which would hold texts over from a dying link: a text is written at once by whoever waits for its answer;
- its store of open requests, which it searches whole at every message, and which it fills only after writing;
- its logs, which hold texts and numbers;
- ending the link at a command status or a receipt it does not know: such a status is taken from the raw bytes, and
  receipts are read here;
- acknowledging receipts one after another: each is acknowledged when what it says has been stored;
- reading the texts that people send: it knows neither their parts nor all of their alphabets.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import re
import struct
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from aiosmpplib import (
    ESME,
    AbstractBroker,
    AbstractHook,
    BindTransceiverResp,
    DeliverSm,
    DeliverSmResp,
    GenericNack,
    PduHeader,
    PhoneNumber,
    SmppCommand,
    SmppCommandStatus,
    SmppMessage,
    SubmitSm,
    SubmitSmResp,
)

from services.notices.gateways import smpp_inbound, smpp_query
from services.notices.gateways.smpp_codes import STATES
from services.notices.gateways.smpp_inbound import Malformed
from services.notices.gateways.smpp_kept_from import NoStore, NoThrottle, OnlyOnce, Over
from services.notices.gateways.smpp_query import Queried
from services.notices.numbers import international
from services.notices.parts import Part

MAX_PDU: Final = 70_000
HEADER: Final = struct.Struct("!IIII")
ENQUIRE_S: Final = 20.0
SOCKET_S: Final = 10.0
RECEIPTS_AT_ONCE: Final = 128

RECEIPTED_MESSAGE_ID, MESSAGE_STATE = 0x001E, 0x0427
OPTION_REFERENCE: Final = 0x1501
"""The vendor option that carries our key; an operator that knows it gives it back in receipts."""
_ID, _STATE, _ERROR = (re.compile(rf"\b{word}:\s*(\S+)", re.IGNORECASE) for word in ("id", "stat", "err"))

_WRITTEN_TO_A_DEAD_LINK: Final = (OSError, AssertionError, RuntimeError)
"""What writing to a link that has just died may raise: of the network, of the library, of the event loop."""

log = structlog.get_logger(__name__)


class LinkRefused(Exception):
    """The operator, or our check of it, refused to bind. `reason` is a stable code."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class LinkLost(Exception):
    """The link died. `handed_over`: the text may have reached the operator."""

    def __init__(self, *, handed_over: bool) -> None:
        super().__init__("the link to the operator died")
        self.handed_over = handed_over


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """The operator's answer to a text: the raw command status, and its id for the text (empty when not taken)."""

    status: int
    operator_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as it came: the operator's id of the text, its state word, its error code; empty where missing.

    `key` is ours, where the operator gives back what we sent along; `phone` the number that the text went to.
    """

    operator_id: str
    state: str
    error: str
    key: str = ""
    phone: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Whom to bind to, as whom. `must_be` / `must_not_be`: what the operator may call itself in its bind response.

    After `enquire_s` without a word the operator is asked whether it is there, and has `socket_s` to say so (seconds).
    """

    host: str
    port: int
    system_id: str
    password: str
    must_be: str | None = None
    must_not_be: str | None = None
    enquire_s: float = ENQUIRE_S
    socket_s: float = SOCKET_S


class Link(ESME):  # type: ignore[misc]  # the library ships no types
    """One connection. `take_receipt` is awaited before a receipt is acknowledged; if it raises, it comes again.

    So is `take_text` before a text that somebody sent us, or a part of one.
    """

    def __init__(
        self,
        peer: Peer,
        take_receipt: Callable[[Receipt], Awaitable[None]],
        take_text: Callable[[Part], Awaitable[None]],
    ) -> None:
        super().__init__(
            smsc_host=peer.host,
            smsc_port=peer.port,
            system_id=peer.system_id,
            password=peer.password,
            enquire_link_interval=peer.enquire_s,
            socket_timeout=peer.socket_s,
            log_level=logging.CRITICAL,
            hook=_Hook(self),
            broker=_NoQueue(self),
            correlator=NoStore(),
            throttle_handler=NoThrottle(),
            retry_timer=OnlyOnce(),
        )
        self.bound = asyncio.Event()
        self.dead = asyncio.Event()
        self._peer = peer
        self._take_receipt = take_receipt
        self._take_text = take_text
        self._stream: asyncio.StreamWriter | None = None
        self._asked: dict[str, asyncio.Future[Answer]] = {}
        self._unanswered: dict[int, asyncio.Future[Answer]] = {}
        self._queried: dict[int, asyncio.Future[Queried]] = {}
        self._receipts: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(RECEIPTS_AT_ONCE)
        self._storing = True

    async def serve(self) -> None:
        """Bind and stay bound until the link dies. Raises `LinkRefused` when one side refuses the other."""
        try:
            with contextlib.suppress(Over):
                await self.start()
        finally:
            self.fail()
            for task in self._receipts:
                task.cancel()
            await asyncio.gather(*self._receipts, return_exceptions=True)
            if self._stream is not None:
                self._stream.close()
                with contextlib.suppress(OSError):
                    await self._stream.wait_closed()

    async def leave(self) -> None:
        """Say good-bye and end; `serve` returns soon after."""
        if self.bound.is_set() and not self.dead.is_set():
            self._is_shutting_down = True
            await self._disconnect()
        self.fail()

    def fail(self) -> None:
        """Give up: whoever waits for an answer learns that its text may have reached the operator."""
        self.dead.set()
        unanswered, self._unanswered = self._unanswered, {}
        for answer in unanswered.values():
            if not answer.done():
                answer.set_exception(LinkLost(handed_over=True))

    async def submit(self, message: SubmitSm, wait_s: float) -> Answer:
        """Hand a text over (its `log_id` must be its key) and return the operator's answer.

        Raises `LinkLost`, `TimeoutError` when no answer came in `wait_s`, `ValueError` for a text that cannot be built.
        """
        if self.dead.is_set() or not self.bound.is_set():
            raise LinkLost(handed_over=False)
        key = message.log_id
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[key] = answer
        message.set_encoding_info(self.default_encoding, self.custom_codecs)
        try:
            await self._send_data(message)
            async with asyncio.timeout(wait_s):
                return await answer
        except _WRITTEN_TO_A_DEAD_LINK as error:
            if isinstance(error, TimeoutError):
                raise
            raise LinkLost(handed_over=key not in self._asked) from error
        finally:
            self._asked.pop(key, None)
            self._unanswered.pop(message.sequence_num, None)
            if answer.done() and not answer.cancelled():
                answer.exception()  # seen: it may have failed while the text was still being written

    async def query(self, reference: str, sender: PhoneNumber, wait_s: float) -> Queried:
        """Ask what became of the text that the operator calls `reference`. Raises `LinkLost`, `TimeoutError` without an answer."""
        if self.dead.is_set() or not self.bound.is_set() or self._stream is None:
            raise LinkLost(handed_over=False)
        sequence = self.sequence_generator.next_sequence()
        answer: asyncio.Future[Queried] = asyncio.get_running_loop().create_future()
        self._queried[sequence] = answer
        dying = asyncio.create_task(self.dead.wait())
        try:
            try:
                self._stream.write(
                    smpp_query.query(sequence, reference, sender.number, int(sender.ton), int(sender.npi))
                )
            except _WRITTEN_TO_A_DEAD_LINK as error:
                raise LinkLost(handed_over=False) from error
            waits: set[asyncio.Future[Any]] = {answer, dying}
            await asyncio.wait(waits, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
            raise LinkLost(handed_over=False) if self.dead.is_set() else TimeoutError
        finally:
            dying.cancel()
            del self._queried[sequence]

    def handing_over(self, message: SmppMessage) -> None:
        """Note that a message is about to be written: from here on it may have reached the operator."""
        if isinstance(message, SubmitSm) and (answer := self._asked.pop(message.log_id, None)) is not None:
            self._unanswered[message.sequence_num] = answer

    def answered(self, message: SmppMessage | None, pdu: bytes) -> None:
        """Take what came from the operator: a response to our bind or to a text. Raises `LinkRefused`."""
        _, command, status, sequence = HEADER.unpack_from(pdu)
        if command == SmppCommand.BIND_TRANSCEIVER_RESP:
            self._check_peer(message, status)
        elif sequence in self._queried and command in {smpp_query.QUERY_RESPONSE, SmppCommand.GENERIC_NACK}:
            if not self._queried[sequence].done():
                self._queried[sequence].set_result(smpp_query.read_answer(pdu))
        elif command in {SmppCommand.SUBMIT_SM_RESP, SmppCommand.GENERIC_NACK}:
            answer = self._unanswered.pop(sequence, None)
            if answer is not None and not answer.done():
                operator_id = message.message_id if isinstance(message, SubmitSmResp) else ""
                answer.set_result(Answer(status, operator_id))

    def _check_peer(self, message: SmppMessage | None, status: int) -> None:
        if status != SmppCommandStatus.ESME_ROK:
            raise LinkRefused("bindRefused", f"command status {status:#x}")
        name = message.system_id if isinstance(message, BindTransceiverResp) else None
        if self._peer.must_be is not None and name != self._peer.must_be:
            raise LinkRefused("notTheDrill", "an exercise binds to the drill's operator only")
        if name is None or name == self._peer.must_not_be:
            raise LinkRefused("onlyADrill", "the drill's operator sends nothing to real people")

    async def connect(self) -> None:
        """Connect and bind; called by `start`."""
        try:
            await super().connect()
        finally:
            self._stream = self._writer
        self.bound.set()

    async def _get_pdu(self) -> tuple[bytes, PduHeader]:
        try:
            head = await self._reader.readexactly(HEADER.size)
            length, command, status, sequence = HEADER.unpack(head)
            if not HEADER.size <= length <= MAX_PDU:
                raise ConnectionError(f"a message of {length} bytes")
            body = await self._reader.readexactly(length - HEADER.size)
            known = SmppCommand(command)
        except (OSError, EOFError, ValueError):
            self.fail()
            raise
        try:
            meaning = SmppCommandStatus(status)
        except ValueError:  # an operator's own code; whoever reads the raw bytes knows it
            meaning = SmppCommandStatus.ESME_RUNKNOWNERR
        return head + body, PduHeader(length, known, meaning, sequence)

    async def _handle_request(self, pdu: bytes, header: PduHeader) -> SmppMessage | None:
        if header.smpp_command != SmppCommand.DELIVER_SM:
            return await super()._handle_request(pdu, header)
        try:
            part = smpp_inbound.read(pdu)
            message = None if part else DeliverSm.from_pdu(pdu, header, self.default_encoding, self.custom_codecs)
        except (Malformed, ValueError, KeyError, struct.error):
            log.warning("notices.delivery_unreadable", sequence=header.sequence_num)
            await self._send_data(GenericNack(header.sequence_num))
            return None
        await self._room.acquire()  # the operator has to wait when we cannot keep up
        task = asyncio.create_task(self._take(header.sequence_num, part or message))
        self._receipts.add(task)
        task.add_done_callback(self._taken)
        return None  # the library answers nothing: `_take` does, when what came has been stored

    def _taken(self, task: asyncio.Task[None]) -> None:
        self._receipts.discard(task)
        self._room.release()

    async def _take(self, sequence: int, came: Part | DeliverSm) -> None:
        try:
            taking = self._text_taken(came, sequence) if isinstance(came, Part) else self._receipt_taken(came)
            status = await taking
            self._storing = True
        except Exception as error:  # noqa: BLE001 (whatever it was: not stored, so not acknowledged)
            if self._storing:  # it comes again and again: the first says it
                log.warning("notices.delivery_not_stored", sequence=sequence, error=type(error).__name__)
            self._storing = False
            status = SmppCommandStatus.ESME_RX_T_APPN
        with contextlib.suppress(*_WRITTEN_TO_A_DEAD_LINK):  # the link died: it comes again on the next one
            await self._send_data(DeliverSmResp(sequence, status))

    async def _receipt_taken(self, message: DeliverSm) -> SmppCommandStatus:
        if not message.is_receipt():
            log.warning("notices.delivery_of_no_known_kind", sequence=message.sequence_num)
            return SmppCommandStatus.ESME_RX_P_APPN
        await self._take_receipt(read_receipt(message))
        return SmppCommandStatus.ESME_ROK

    async def _text_taken(self, part: Part, sequence: int) -> SmppCommandStatus:
        if part.phone:
            await self._take_text(part)
        else:  # an advertisement, a voice mail: no person who could be answered
            log.warning("notices.inbound_from_no_number", sequence=sequence)
        return SmppCommandStatus.ESME_ROK


def read_receipt(message: DeliverSm) -> Receipt:
    """Return what a receipt says. Its form is the operator's own: nothing in it is taken for granted."""
    words = message.short_message or message.message_payload
    options = {option.tag: option.value for option in message.optional_params or []}
    found = [pattern.search(words) for pattern in (_ID, _STATE, _ERROR)]
    operator_id, state, error = (match[1] if match else "" for match in found)
    return Receipt(
        operator_id=str(options.get(RECEIPTED_MESSAGE_ID, "")) or operator_id,
        state=state.upper() or STATES.get(options.get(MESSAGE_STATE, 0), ""),
        error=error,
        key=str(options.get(OPTION_REFERENCE, "")).rstrip("\0"),
        phone=international(message.source.number) if message.source else "",
    )


class _Hook(AbstractHook):  # type: ignore[misc]
    def __init__(self, link: Link) -> None:
        self._link = link

    async def sending(self, smpp_message: SmppMessage, _pdu: bytes, _client_id: str) -> None:
        self._link.handing_over(smpp_message)

    async def received(self, smpp_message: SmppMessage | None, pdu: bytes, _client_id: str) -> None:
        self._link.answered(smpp_message, pdu)

    async def send_error(self, smpp_message: SmppMessage, error: Exception, client_id: str) -> None:
        """Nothing to do: only texts from the library's queue end here, and it stays empty."""


class _NoQueue(AbstractBroker):  # type: ignore[misc]
    def __init__(self, link: Link) -> None:
        self._link = link

    async def enqueue(self, message: SmppMessage) -> None:
        raise NotImplementedError("texts are written by whoever waits for their answer")

    async def dequeue(self) -> SmppMessage:
        await self._link.dead.wait()
        raise ConnectionError("the link died")
