"""Kannel's real boxes between our gateway and the drill's operator: real sockets, a real database for the operator."""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import structlog

from deploy.kannel import PLACES, Kannel
from deploy.parts import Ports
from deploy.supervisor import Supervisor
from schemas.topics import NOTICE_INBOUND
from services.database.pool import Wakeups
from services.drill.messages import Texted
from services.drill.operator import serve
from services.engine.gateway import GatewayAway, Result
from services.notices.gateways.callbacks import Callbacks
from services.notices.gateways.kannel import Boxes, KannelGateway
from services.settings import load_settings
from tests.notices.gateways.desk import CHINESE, WORDS, Desk, body

T0 = 1_772_388_000_000
ACCEPTED = Result(state="done", reason="accepted")
SHORT_S = 1.5

pytestmark = pytest.mark.skipif(
    shutil.which("bearerbox", path=PLACES) is None,
    reason="Kannel is not installed (apt-get install --no-install-recommends kannel)",
)


@dataclasses.dataclass
class Running:
    """The boxes, their supervisor, the gateway, the operator's database."""

    supervisor: Supervisor
    boxes: Kannel
    gateway: KannelGateway
    desk: Desk
    connection: asyncpg.Connection[asyncpg.Record]
    dsn: str
    operator: asyncio.Task[None]
    moved: Wakeups

    async def connected(self) -> None:
        reason = "nobody asked"
        try:
            async with asyncio.timeout(60):
                while True:
                    try:
                        return await self.gateway.start()
                    except GatewayAway as away:
                        reason = str(away)
                        await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"Kannel stays away: {reason}, {self.supervisor.states()}") from None

    async def attempt(self, key: str, what: bytes) -> Result:
        """Attempt until Kannel is not away; `GatewayAway` promises that nothing happened."""
        async with asyncio.timeout(30):
            while True:
                try:
                    return await self.gateway.perform(key, "A1", what)
                except GatewayAway:
                    await asyncio.sleep(0.1)

    async def away(self) -> str:
        """Return why nothing can be handed over, as soon as that is known."""
        async with asyncio.timeout(30):
            while self.gateway._stands.away is None:
                await asyncio.sleep(0.05)
        with pytest.raises(GatewayAway) as found:
            await self.gateway.perform("never", "A1", body())
        return str(found.value)

    def smsboxes(self) -> list[int]:
        """Return the processes that are a smsbox with our configuration, whoever started them."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                name, words = (place / "comm").read_text(encoding="utf-8"), (place / "cmdline").read_bytes()
            except OSError:
                continue
            if name == "smsbox\n" and str(self.boxes._configuration).encode() in words:
                found.append(int(place.name))
        return found

    async def let_receipts_come(self) -> None:
        await self.connection.execute("UPDATE clock SET n = n + 1, now_ms = now_ms + 60000")
        await self.connection.execute("SELECT pg_notify('clock', '')")

    async def handset(self) -> list[tuple[str, str, str]]:
        rows = await self.connection.fetch("SELECT reference, phone, words FROM drill.handset_text ORDER BY reference")
        return [tuple(row) for row in rows]

    async def somebody_writes(self, name: str, words: str) -> None:
        import msgspec  # noqa: PLC0415

        await self.connection.execute(
            "INSERT INTO drill.schedule (id, at_ms, channel, topic, key, body) VALUES ($1, $2, 'smpp', $3, 'x', $4)",
            name,
            T0,
            NOTICE_INBOUND.name,
            msgspec.json.encode(Texted(phone="+99900000007", words=words)),
        )
        await self.connection.execute("SELECT pg_notify('clock', '')")


async def _operator(dsn: str) -> asyncio.Task[None]:
    ready = asyncio.Event()
    task = asyncio.create_task(serve(dsn, system_id="lamplighter", password="secret", announce=ready.set))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    assert ready.is_set(), task
    return task


@pytest.fixture
async def running(
    dsn: str, connection: asyncpg.Connection[asyncpg.Record], tmp_path: Path, desk: Desk
) -> AsyncIterator[Running]:
    await connection.execute("INSERT INTO instance (exercise, topic_prefix) VALUES (true, 'test.')")
    await connection.execute("INSERT INTO clock (mode, n, now_ms) VALUES ('lockstep', 1, $1)", T0)
    await connection.execute(
        "INSERT INTO drill.scenario (storm, seed, utility, starts_at_ms, made) VALUES ('tiny', 7, 'test', $1, '{}')", T0
    )
    operator = await _operator(dsn)
    port = await connection.fetchval("SELECT smpp_port FROM drill.operator")
    moved = await Wakeups.listen(dsn, "moved")
    async with Supervisor(tmp_path) as supervisor:
        with Ports() as ports:
            boxes = Kannel(
                tmp_path / "kannel",
                port=ports.row(23_000, 3),
                callback_port=ports.take(28_642),
                operator=("127.0.0.1", port, "lamplighter", "secret"),
                sender="LAMPLIGHT",
            )
            reached = boxes.reached_by(load_settings())
            assert reached.kannel_url is not None
            gateway = KannelGateway(
                Boxes(
                    url=reached.kannel_url,
                    user=reached.kannel_user,
                    password=reached.kannel_password.get_secret_value(),
                    smsc="operator",
                    status_url=reached.kannel_status_url,
                    status_password=reached.kannel_status_password.get_secret_value(),
                ),
                sender="LAMPLIGHT",
                exercise=True,
                callback_url=f"http://127.0.0.1:{boxes._callback_port}",
                phone_of=desk.phone_of,
                on_told=desk.on_told,
                on_inbound=desk.on_inbound,
                answer_s=SHORT_S,
            )
            callbacks = Callbacks(boxes._callback_port, gateway.routes())
            await callbacks.start()
            await asyncio.gather(*(supervisor.start(part) for part in boxes.parts()))
            made = Running(supervisor, boxes, gateway, desk, connection, dsn, operator, moved)
            await made.connected()
            yield made
            await gateway.stop()
    await callbacks.stop()
    made.operator.cancel()
    await asyncio.gather(made.operator, return_exceptions=True)
    await moved.close()


async def test_texts_arrive_in_both_alphabets_with_our_key_and_what_becomes_of_them_is_told(running: Running) -> None:
    assert await running.gateway.perform("key-1", "A1", body()) == ACCEPTED
    assert await running.gateway.perform("key-2", "A1", body(words=CHINESE)) == ACCEPTED
    desk = running.desk
    await desk.wait(lambda: len(desk.told) == 2)
    assert (desk.of("key-1"), desk.of("key-2")) == ([(None, "taken")], [(None, "taken")])
    assert await running.handset() == [("key-1", "+99900000001", WORDS), ("key-2", "+99900000001", CHINESE)]
    await running.let_receipts_come()
    await desk.wait(lambda: len(desk.told) == 4)
    for key in ("key-1", "key-2"):
        assert desk.of(key)[1] == ("delivered", "DELIVRD:000")
    taken = await running.connection.fetch("SELECT operator_id FROM drill.handset_text")
    assert {said.reference for said in desk.told} == {row["operator_id"] for row in taken}


@pytest.mark.parametrize(
    ("ending", "told", "alarm"),
    [
        ("90", [(None, "taken"), ("failed", "UNDELIV:027")], []),
        ("91", [(None, "taken"), ("expired", "EXPIRED:000")], []),
        ("93", [("failed", "NACK:0x0b")], []),
        ("94", [("failed", "NACK:0x401")], ["notices.operator_code_unknown"]),
    ],
    ids=["undeliverable", "expired", "refused", "code of its own"],
)
async def test_however_a_text_ends_it_is_told(
    running: Running, ending: str, told: list[tuple[str | None, str]], alarm: list[str]
) -> None:
    running.desk.numbers["C1"] = f"+999000000{ending}"
    with structlog.testing.capture_logs() as logs:
        assert await running.gateway.perform("key-1", "A1", body()) == ACCEPTED
        await running.desk.wait(lambda: bool(running.desk.told))
        await running.let_receipts_come()
        await running.desk.wait(lambda: len(running.desk.told) == len(told))
    assert running.desk.of("key-1") == told
    assert [line["event"] for line in logs if line["log_level"] == "error"] == alarm


async def test_what_people_write_comes_in_and_comes_again_until_it_is_stored(running: Running) -> None:
    running.desk.refuse = 1
    await running.somebody_writes("in-1", "OUT {€} àé")
    await running.desk.wait(lambda: len(running.desk.inbound) == 1)
    await running.somebody_writes("in-2", "停电")
    await running.desk.wait(lambda: len(running.desk.inbound) == 2)
    assert running.desk.refused == 1
    assert running.desk.read() == [("+99900000007", "OUT {€} àé"), ("+99900000007", "停电")]
    assert len({part.operator_id for part in running.desk.inbound}) == 2


async def test_what_people_write_to_boxes_that_take_nothing_waits_for_those_that_do(running: Running) -> None:
    await running.supervisor.stop()
    deaf = dataclasses.replace(running, boxes=running.boxes.without_inbound())
    await asyncio.gather(*(running.supervisor.start(part) for part in deaf.boxes.parts()))
    await running.somebody_writes("in-1", "OUT")
    async with asyncio.timeout(30):
        while not await running.connection.fetchval("SELECT sent FROM drill.schedule WHERE id = 'in-1'"):
            await running.moved.wait(0.1)
    await running.supervisor.stop()
    assert running.desk.inbound == []
    await asyncio.gather(*(running.supervisor.start(part) for part in running.boxes.parts()))
    await running.desk.wait(lambda: bool(running.desk.inbound))
    assert running.desk.read() == [("+99900000007", "OUT")]


async def test_nothing_is_given_to_boxes_whose_operator_is_away(running: Running) -> None:
    running.operator.cancel()
    await asyncio.gather(running.operator, return_exceptions=True)
    assert await running.away() == "notBound"
    running.operator = await _operator(running.dsn)
    assert await running.attempt("key-1", body()) == ACCEPTED
    await running.desk.wait(lambda: bool(running.desk.told))
    assert [reference for reference, _, _ in await running.handset()] == ["key-1"]


async def test_an_attempt_that_boxes_did_not_answer_is_unknown_until_they_tell_of_it(running: Running) -> None:
    running.supervisor.kill("kannel-bearerbox", signal.SIGSTOP)
    attempt = running.gateway.perform("key-1", "A1", body())
    assert await attempt == Result(state="unknown", reason="noAnswer")
    assert await running.gateway.look_up("key-1") == Result(state="unknown", reason="noLookUp")
    running.supervisor.kill("kannel-bearerbox", signal.SIGCONT)
    await running.desk.wait(lambda: running.desk.of("key-1") == [(None, "taken")])
    assert [reference for reference, _, _ in await running.handset()] == ["key-1"]


async def test_a_receipt_is_told_though_the_boxes_were_killed_meanwhile(running: Running) -> None:
    assert await running.gateway.perform("key-1", "A1", body()) == ACCEPTED
    await running.desk.wait(lambda: bool(running.desk.told))
    for name in ("kannel-bearerbox", "kannel-smsbox"):
        running.supervisor.kill(name)
    for name in ("kannel-bearerbox", "kannel-smsbox"):
        await running.supervisor.wait_ready(name)
    await running.let_receipts_come()
    await running.desk.wait(lambda: ("delivered", "DELIVRD:000") in running.desk.of("key-1"), within_s=40)
    assert [reference for reference, _, _ in await running.handset()] == ["key-1"]


async def test_after_the_bearerbox_died_there_is_one_smsbox_and_it_is_the_supervisors(running: Running) -> None:
    running.supervisor.kill("kannel-bearerbox")
    async with asyncio.timeout(30):
        while not running.supervisor.restarts()["kannel-smsbox"]:
            await asyncio.sleep(0.05)
    for name in ("kannel-bearerbox", "kannel-smsbox"):
        await running.supervisor.wait_ready(name)
    async with asyncio.timeout(30):
        while running.smsboxes() != [running.supervisor.pids()["kannel-smsbox"]]:
            await asyncio.sleep(0.05)
    assert await running.attempt("key-1", body()) == ACCEPTED
    assert running.supervisor.restarts()["kannel-smsbox"] == 1


async def test_the_boxes_write_neither_numbers_nor_words_into_their_logs(running: Running, tmp_path: Path) -> None:
    assert await running.gateway.perform("key-1", "A1", body()) == ACCEPTED
    await running.somebody_writes("in-1", "OUT")
    await running.desk.wait(lambda: bool(running.desk.inbound and running.desk.told))
    await running.supervisor.stop()
    written = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "logs").glob("kannel-*.log"))
    assert "999000" not in written
    assert "power" not in written
