"""The part of the bench `texts` that goes through Kannel: its real boxes between the sender and an operator of ours."""

from __future__ import annotations

import asyncio
import collections
from typing import Any

from pydantic import SecretStr

from deploy.installation import Backends, process
from deploy.kannel import Kannel, program
from deploy.parts import HOST, PartError, Ports
from deploy.supervisor import Supervisor
from schemas.ids import derived
from services.database.pool import connect
from services.drill.smpp_pdu import Receipt, Submit
from services.drill.smpp_server import SmppServer
from services.engine import clock
from services.settings import Settings
from tests.benchmarks.parts.texts_world import Teller, install, outage, world

NAME, ACCOUNT = "BENCH-OPERATOR", ("lamplighter", "bench")
CONTRACT_PER_S = 600.0
RECEIPT_AFTER_S, LOOK_S, WITHIN_S = 1.0, 0.5, 900.0


class Operator:
    """A mobile operator over real SMPP: it takes every text at once, and a second later says that it was delivered."""

    def __init__(self) -> None:
        self._server = SmppServer(ACCOUNT, self._take, name=NAME)
        self._telling: set[asyncio.Task[None]] = set()
        self.taken: dict[str, list[tuple[str, str]]] = collections.defaultdict(list)

    async def start(self) -> int:
        """Listen, and return the port."""
        return await self._server.start(HOST, 0)

    async def stop(self) -> None:
        """Stop listening."""
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)
        await self._server.stop()

    async def _take(self, text: Submit) -> tuple[int, str]:
        got = self.taken[text.reference]
        got.append((text.phone, text.words))
        name = derived("operator", text.reference, len(got))[:16].upper()
        task = asyncio.create_task(self._tell(Receipt(name, text.sender, text.phone, "DELIVRD", 2, 0)))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        return 0, name

    async def _tell(self, receipt: Receipt) -> None:
        await asyncio.sleep(RECEIPT_AFTER_S)
        while (session := self._server.receiver()) is None or await session.deliver(receipt, "2603010800") != 0:
            await asyncio.sleep(RECEIPT_AFTER_S)


async def through_kannel(supervisor: Supervisor, settings: Settings, found: Backends, texts: int) -> dict[str, Any]:
    """Send so many texts through Kannel and return what came of it; why not, where it is not installed."""
    try:
        program("bearerbox")
    except PartError:
        return {"skipped": "Kannel is not installed"}
    made, operator = world("A", texts), Operator()
    with Ports() as ports:
        boxes_port, callback_port = ports.row(13_000, 3), ports.take(8_642)
    placed = await install(settings, found, "kannel", made.folder, exercise=False)
    own = placed.model_copy(
        update={
            "texts_gateway": "kannel",
            "texts_callback_port": callback_port,
            "kannel_port": boxes_port,
            "smpp_host": HOST,
            "smpp_port": await operator.start(),
            "smpp_system_id": ACCOUNT[0],
            "smpp_password": SecretStr(ACCOUNT[1]),
            "texts_per_s": CONTRACT_PER_S,
            "metrics_port": 0,
        }
    )
    boxes = Kannel.of(own)
    parts = [
        process(own, "relay", "streams.relay"),
        process(own, "worker-1", "streams.worker", "--name", "worker-1", "--stages", "notify"),
        process(boxes.reached_by(own), "texts", "streams.texts"),
        *boxes.parts(),
    ]
    teller = Teller(found.bootstrap, own.topic_prefix)
    assert own.postgres_dsn is not None, "it was placed"
    connection = await connect(own.postgres_dsn.get_secret_value())
    try:
        # The boxes wait for each other, in whatever order they are started.
        await asyncio.gather(*(supervisor.start(part) for part in parts))
        await teller.start()
        stands = await clock.standing(connection)
        assert stands is not None, "the clock runs"
        begun = asyncio.get_running_loop().time()
        for event in outage(made, "large", made.many, stands.now_ms, exercise=False):
            await teller.tell(event, made.area)
        async with asyncio.timeout(WITHIN_S):
            while await connection.fetchval(
                "SELECT count(*) FILTER (WHERE effect_state IN ('done', 'unknown')) < $1 FROM notice", texts
            ):
                await asyncio.sleep(LOOK_S)
            handed_s = asyncio.get_running_loop().time() - begun
            while await connection.fetchval(
                "SELECT count(*) FROM notice WHERE receipt IS NULL AND effect_state <> 'unknown'"
            ):
                await asyncio.sleep(LOOK_S)
        rows = await connection.fetch(
            """SELECT e.key, n.state, e.body ->> 'words' AS words, e.body ->> 'customer' AS customer
               FROM notice n JOIN effects e ON e.key = n.key"""
        )
        taken = operator.taken
        return {
            "texts": len(rows),
            "texts_per_s": round(texts / handed_s),
            "doubled": sum(len(taken[row["key"]]) > 1 for row in rows),
            "missing": sum(not taken[row["key"]] for row in rows if row["state"] != "unknown"),
            "differing": sum(
                each != (made.phones[row["customer"]], row["words"]) for row in rows for each in taken[row["key"]]
            ),
            "unknown": sum(row["state"] == "unknown" for row in rows),
            "unaccounted": sum(row["state"] not in {"delivered", "unknown"} for row in rows),
        }
    finally:
        await connection.close()
        await teller.stop()
        await supervisor.stop(*(part.name for part in reversed(parts)))
        await operator.stop()
