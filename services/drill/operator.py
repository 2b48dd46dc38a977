"""The simulated operator of a drill: texts over SMPP, calls and questions over HTTP, on real sockets of this machine.

All it knows is in `drill.*` tables before it answers, so that a kill loses nothing that was acknowledged.
When PostgreSQL is away it ends; its supervisor starts it again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog
from aiohttp import web

from schemas.events import TextOutcome
from services.clock import from_ms
from services.database.pool import Pool, Wakeups, create_pool
from services.drill import operator_store as store
from services.drill.mail_server import Letter, MailServer
from services.drill.messages import Texted
from services.drill.operator_channels import Spoken, take_told
from services.drill.operator_store import Call, CannotTell, ReceiptDue
from services.drill.smpp_pdu import USER_DATA_HEADER, Inbound, Receipt, Status, Submit
from services.drill.smpp_server import RECEIPTS_AT_ONCE, SmppServer
from services.drill.voice import notice_routes, routes

TEXTS_AT_ONCE: Final = 256
RECEIPTS_A_PASS: Final = 512
REFUSALS_BORNE: Final = 400
"""How often a client may refuse one receipt, some 100 s at least; after that it is not offered again."""
LOOK_S: Final = 0.25
REST_S: Final = 0.25

RECEIVER: Final = "lamplighter"
"""The number of ours that customers write to."""

_STATES: Final = {
    TextOutcome.DELIVERED: ("DELIVRD", 2, 0),
    TextOutcome.FAILED: ("UNDELIV", 5, 27),
    TextOutcome.EXPIRED: ("EXPIRED", 3, 0),
}

_ENROUTE: Final = 1
_WRITTEN: Final = (int(Status.OK), "")
"""What whoever waits for the texts before it in the queue is told."""

log = structlog.get_logger(__name__)


async def serve(
    dsn: str,
    *,
    host: str = "127.0.0.1",
    smpp_port: int = 0,
    http_port: int = 0,
    system_id: str,
    password: str,
    announce: Callable[[], None],
) -> None:
    """Be the operator until cancelled; `announce` is called once both servers listen and their place is written down.

    A port of 0 means the one it had before, if it is free, else any. Raises what PostgreSQL raises when it is away.
    """
    pool = await create_pool(dsn, 4)
    try:
        operator = Operator(pool, await store.seed(pool), (system_id, password))
        before = await store.standing_ports(pool)
        smpp = await operator.start_smpp(host, [smpp_port] if smpp_port else [*(before or ())[:1], 0])
        http = await operator.start_http(host, [http_port] if http_port else [*(before or ())[1:2], 0])
        smtp = await operator.start_smtp(host, [*(before or ())[2:], 0])
        wakeups = await Wakeups.listen(dsn, "clock", "target")
        try:
            await store.write_endpoint(
                pool,
                host=host,
                smpp_port=smpp,
                http_port=http,
                system_id=system_id,
                password=password,
                smtp_port=smtp,
            )
            log.info("drill.operator_listens", smpp_port=smpp, http_port=http)
            announce()
            await _first_end(operator.write_texts(), operator.deliver_receipts(wakeups))
        finally:
            await operator.stop()
            await wakeups.close()
    finally:
        pool.terminate()


async def _first_end(*works: Coroutine[Any, Any, None]) -> None:
    """Run these until the first of them ends, which none does but by an exception, and raise that."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _said(row: str, what: ReceiptDue | Texted) -> Receipt | Inbound:
    """Return what a row of the schedule delivers."""
    if isinstance(what, Texted):
        return Inbound(operator_id=row, phone=what.phone, receiver=RECEIVER, words=what.words)
    state, number, error = _STATES[what.outcome]
    return Receipt(what.operator_id, what.sender, what.phone, state, number, error)


class Operator:
    """Its servers and the two tasks behind them: texts into the tables, receipts out of them."""

    def __init__(self, pool: Pool, seed: int, client: tuple[str, str]) -> None:
        self._pool = pool
        self._seed = seed
        self._smpp = SmppServer(client, self._take, tell=self._state)
        self._mails = MailServer(self._letter)
        self._secret = client[1]
        self._http: web.AppRunner | None = None
        self._refused: Counter[str] = Counter()
        self._texts: asyncio.Queue[tuple[Submit | None, asyncio.Future[tuple[int, str]]]] = asyncio.Queue()

    async def start_smpp(self, host: str, ports: list[int]) -> int:
        """Listen on the first of these ports that is free and return it."""
        for port in ports[:-1]:
            with contextlib.suppress(OSError):
                return await self._smpp.start(host, port)
        return await self._smpp.start(host, ports[-1])

    async def start_http(self, host: str, ports: list[int]) -> int:
        """Listen on the first of these ports that is free and return it."""
        app = web.Application()
        app.add_routes(routes(place=self._place, text=self._text, call=self._call, ping=self._ping))
        app.add_routes(notice_routes(secret=self._secret, told=self._told))
        self._http = web.AppRunner(app, access_log=None)
        await self._http.setup()
        for port in ports[:-1]:
            with contextlib.suppress(OSError):
                await web.TCPSite(self._http, host, port).start()
                return int(self._http.addresses[0][1])
        await web.TCPSite(self._http, host, ports[-1]).start()
        return int(self._http.addresses[0][1])

    async def start_smtp(self, host: str, ports: list[int]) -> int:
        """Listen for letters on the first of these ports that is free and return it."""
        for port in ports[:-1]:
            with contextlib.suppress(OSError):
                return await self._mails.start(host, port)
        return await self._mails.start(host, ports[-1])

    async def stop(self) -> None:
        """Cut every line and stop listening."""
        await self._smpp.stop()
        await self._mails.stop()
        if self._http is not None:
            await self._http.cleanup()

    async def write_texts(self) -> None:
        """Write the texts that came, as many as wait in one transaction, and only then let them be answered."""
        while True:
            batch = [await self._texts.get()]
            while len(batch) < TEXTS_AT_ONCE and not self._texts.empty():
                batch.append(self._texts.get_nowait())
            texts = [text for text, _ in batch if text is not None]
            taken: list[tuple[int, str]] = []
            if texts:
                async with self._pool.acquire() as connection:
                    taken = await store.take_texts(connection, self._seed, texts)
            results = iter(taken)
            for text, answer in batch:
                result = _WRITTEN if text is None else next(results)
                if not answer.done():
                    answer.set_result(result)

    async def deliver_receipts(self, wakeups: Wakeups) -> None:
        """Deliver the receipts that are due; one that its client did not acknowledge is delivered again."""
        while True:
            async with self._pool.acquire() as connection:
                due = await store.receipts_due(connection, RECEIPTS_A_PASS)
            taken = await self._deliver(due) if due else []
            if taken:
                async with self._pool.acquire() as connection:
                    await store.mark_delivered(connection, taken)
            if len(taken) < len(due):  # nobody is bound, or somebody could not take them now
                self._smpp.arrived.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(REST_S):
                        await self._smpp.arrived.wait()
            elif len(due) < RECEIPTS_A_PASS:
                await wakeups.wait(LOOK_S)

    async def _deliver(self, due: list[tuple[str, int, ReceiptDue | Texted]]) -> list[str]:
        session = self._smpp.receiver()
        if session is None:
            return []
        room = asyncio.Semaphore(RECEIPTS_AT_ONCE)

        async def one(row: str, at: int, what: ReceiptDue | Texted) -> bool:
            async with room:
                answer = await session.deliver(_said(row, what), f"{from_ms(at):%y%m%d%H%M}") if session.bound else None
            return answer == Status.OK or (answer is not None and self._give_up(row))

        taken = await asyncio.gather(*(one(row, at, what) for row, at, what in due))
        return [row for (row, _, _), ok in zip(due, taken, strict=True) if ok]

    def _give_up(self, row: str) -> bool:
        self._refused[row] += 1
        if self._refused[row] < REFUSALS_BORNE:
            return False
        log.error("drill.delivery_given_up", row=row)
        return True

    async def _take(self, text: Submit) -> tuple[int, str]:
        if text.esm_class & USER_DATA_HEADER:  # our texts take one segment each
            return Status.INVALID_CLASS, ""
        answer: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._texts.put_nowait((text, answer))
        return await answer

    async def _text(self, reference: str) -> dict[str, str | int] | None:
        # Who asks wants to know of a text that may lie in a socket or in our queue still: first read and write those.
        for _ in range(3):
            await asyncio.sleep(0)
        written: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._texts.put_nowait((None, written))
        await written
        async with self._pool.acquire() as connection:
            try:
                return await store.text_of(connection, reference)
            except CannotTell:
                raise web.HTTPNotImplemented from None

    async def _state(self, operator_id: str) -> tuple[int, int] | None:
        async with self._pool.acquire() as connection:
            found = await store.told_of(connection, operator_id)
        if isinstance(found, bool):
            return (_ENROUTE, 0) if found else None
        _, number, error = _STATES[found]
        return number, error

    async def _place(self, call: Call) -> bool:
        async with self._pool.acquire() as connection:
            return await store.take_call(connection, self._seed, call)

    async def _ping(self, name: str, meter: str) -> bool | None:
        async with self._pool.acquire() as connection:
            return await store.take_ping(connection, name, meter)

    async def _told(self, notice: Spoken) -> bool:
        async with self._pool.acquire() as connection:
            return await take_told(connection, notice)

    async def _letter(self, letter: Letter) -> None:
        await self._told(
            Spoken(
                channel="email",
                key=letter.key,
                address=letter.address,
                subject=letter.subject,
                words=letter.words,
            )
        )

    async def _call(self, key: str) -> dict[str, str | int | bool] | None:
        async with self._pool.acquire() as connection:
            return await store.call_of(connection, key)
