"""The drill's operator as any client meets it: raw SMPP bytes, HTTP, and a database that remembers."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from schemas.codec import decode
from schemas.events import CallAnswered
from schemas.topics import HOTLINE_ANSWERS
from services.database.pool import LOST
from services.drill import store
from services.drill.messages import text_us
from services.drill.operator import serve
from services.drill.operator_fate import SURELY_FROM, acknowledges
from services.drill.smpp_pdu import HEADER, RESPONSE, Command, Status
from services.drill.store import WorldStore
from services.engine.taking import Connection
from services.notices.gateways import smpp_inbound
from services.notices.parts import words_of

T0 = 1_772_388_000_000
SEED = 7


@dataclasses.dataclass
class Client:
    """A client that speaks bytes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def bound(cls, port: int, password: bytes = b"secret") -> Client:
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        client.send(Command.BIND_TRANSCEIVER, 1, b"client\0" + password + b"\0\0\x34\0\0\0")
        return client

    def send(self, command: int, sequence: int, body: bytes = b"", status: int = 0) -> None:
        self.writer.write(HEADER.pack(16 + len(body), command, status, sequence) + body)

    def text(self, sequence: int, reference: str, phone: str = "99900000001", words: bytes = b"hello") -> None:
        option = reference.encode()
        self.send(
            Command.SUBMIT,
            sequence,
            b"\0\x05\0US\0\x01\x01" + phone.encode() + b"\0\0\0\0\0\0\x01\0\0\0" + bytes([len(words)]) + words
            + b"\x15\x01" + len(option).to_bytes(2) + option,
        )  # fmt: skip

    async def receive(self) -> tuple[int, int, int, bytes]:
        async with asyncio.timeout(10):
            length, command, status, sequence = HEADER.unpack(await self.reader.readexactly(16))
            return command, status, sequence, await self.reader.readexactly(length - 16)

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


@pytest.fixture
async def ports(dsn: str, connection: Connection) -> AsyncIterator[tuple[int, int]]:
    """The SMPP and the HTTP port of a running operator."""
    await connection.execute("INSERT INTO clock (mode, n, now_ms) VALUES ('lockstep', 1, $1)", T0)
    await connection.execute("INSERT INTO drill.scenario VALUES (true, 'tiny', $1, 'test', $2, '{}')", SEED, T0)
    ready = asyncio.Event()
    task = asyncio.create_task(serve(dsn, system_id="client", password="secret", announce=ready.set))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    assert ready.is_set(), task
    row = await connection.fetchrow("SELECT smpp_port, http_port FROM drill.operator")
    assert row is not None
    yield row["smpp_port"], row["http_port"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def client(ports: tuple[int, int]) -> AsyncIterator[Client]:
    made = await Client.bound(ports[0])
    assert await made.receive() == (Command.BIND_TRANSCEIVER | RESPONSE, Status.OK, 1, b"LAMPLIGHT-DRILL\0")
    yield made
    await made.close()


@pytest.fixture
async def http(ports: tuple[int, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{ports[1]}") as made:
        yield made


async def test_a_wrong_password_is_refused_and_the_line_cut(ports: tuple[int, int]) -> None:
    client = await Client.bound(ports[0], b"wrong")
    assert (await client.receive())[:2] == (Command.BIND_TRANSCEIVER | RESPONSE, Status.INVALID_PASSWORD)
    assert await client.reader.read() == b""
    await client.close()


async def test_who_is_not_bound_sends_nothing(ports: tuple[int, int], connection: Connection) -> None:
    client = Client(*await asyncio.open_connection("127.0.0.1", ports[0]))
    client.text(5, "r1")
    assert (await client.receive())[:3] == (Command.SUBMIT | RESPONSE, Status.NOT_BOUND, 5)
    assert await connection.fetchval("SELECT count(*) FROM drill.handset_text") == 0
    await client.close()


async def test_a_text_is_stored_before_it_is_acknowledged(
    client: Client, connection: Connection, http: httpx.AsyncClient
) -> None:
    client.text(2, "r1", words=b"price \x1b\x65 1 \x1b\x28x\x1b\x29")
    _, status, sequence, body = await client.receive()
    row = await connection.fetchrow("SELECT * FROM drill.handset_text")
    assert row is not None
    assert (status, sequence, body) == (Status.OK, 2, row["operator_id"].encode() + b"\0")
    assert (row["reference"], row["phone"], row["words"]) == ("r1", "+99900000001", "price € 1 {x}")
    assert (row["at_ms"], row["outcome"]) == (T0, "delivered")
    due = await connection.fetchval("SELECT at_ms FROM drill.schedule WHERE channel = 'smpp' AND NOT sent")
    assert T0 + 5_000 <= due < T0 + 30_000
    assert (await http.get("/texts/r1")).json() == {"reference": "r1", "operator_id": row["operator_id"], "times": 1}
    assert (await http.get("/texts/r2")).status_code == 404


async def test_a_reference_sent_twice_is_two_texts(
    client: Client, connection: Connection, http: httpx.AsyncClient
) -> None:
    client.text(2, "r1")
    client.text(3, "r1")
    ids = {(await client.receive())[3] for _ in range(2)}
    assert len(ids) == 2
    assert await connection.fetchval("SELECT count(*) FROM drill.handset_text WHERE reference = 'r1'") == 2
    assert (await http.get("/texts/r1")).json()["times"] == 2


async def test_a_question_is_answered_after_all_that_was_sent_before_it(
    client: Client, http: httpx.AsyncClient
) -> None:
    for number in range(50):
        client.text(number + 2, f"r{number}")
    await client.writer.drain()
    client.writer.close()  # the client is gone, what it sent is not
    assert (await http.get("/texts/r49")).status_code == 200


async def test_a_receipt_comes_when_it_is_due_again_until_it_is_taken_and_then_no_more(
    client: Client, connection: Connection
) -> None:
    client.text(2, "r1", phone="99900000090")
    operator_id = (await client.receive())[3].rstrip(b"\0")
    await connection.execute("UPDATE clock SET target_ms = now_ms + 60000")  # the driver is moving there
    await connection.execute("SELECT pg_notify('target', '')")
    for status in (0x64, 0):
        command, _, sequence, body = await client.receive()
        assert command == Command.DELIVER
        assert b"id:" + operator_id + b" " in body
        assert b"stat:UNDELIV err:027" in body
        client.send(Command.DELIVER | RESPONSE, sequence, b"\0", status)
    async with asyncio.timeout(10):
        while not await connection.fetchval("SELECT sent FROM drill.schedule"):
            await asyncio.sleep(0.01)
    client.send(Command.ENQUIRE_LINK, 9)
    assert (await client.receive())[0] == Command.ENQUIRE_LINK | RESPONSE  # and no third receipt before it


@pytest.mark.parametrize("words", ["OUT", "停电"])
async def test_a_text_to_us_is_delivered_when_it_is_due_and_read_as_it_was_written(
    client: Client, connection: Connection, words: str
) -> None:
    said = text_us("+99900000001", words, T0 + 60_000)
    await WorldStore().save(connection, "world", 1, T0, [said])
    assert (await store.settled(connection)).next_at_ms == T0 + 60_000
    await store.set_target(connection, T0 + 60_000)
    assert (await store.settled(connection)).unsettled == ("a receipt or a text to us is not delivered",)
    command, status, sequence, body = await client.receive()
    assert command == Command.DELIVER
    part = smpp_inbound.read(HEADER.pack(HEADER.size + len(body), command, status, sequence) + body)
    assert part is not None
    assert (part.phone, words_of(part.coding, part.body), part.operator_id) == ("+99900000001", words, said.id)
    client.send(Command.DELIVER | RESPONSE, sequence, b"\0")
    async with asyncio.timeout(10):
        while not (await store.settled(connection)).settled:
            await asyncio.sleep(0.01)


async def test_a_busy_line_is_a_matter_of_time_and_not_of_attempts(client: Client, connection: Connection) -> None:
    async def answer(sequence: int) -> int:
        client.text(sequence, "r1", phone="99900000092")
        return (await client.receive())[1]

    assert [await answer(number) for number in range(2, 7)] == [Status.THROTTLED] * 5
    await connection.execute("UPDATE clock SET now_ms = now_ms + 30000")
    assert await answer(8) == Status.OK


async def test_what_is_no_smpp_ends_the_line_and_an_unknown_command_does_not(
    client: Client, ports: tuple[int, int]
) -> None:
    client.send(0x99, 4)
    assert (await client.receive())[:3] == (Command.NACK, Status.INVALID_COMMAND, 4)
    client.send(Command.SUBMIT, 5, b"\0\x05")
    assert (await client.receive())[:3] == (Command.SUBMIT | RESPONSE, Status.INVALID_OPTIONS, 5)
    client.text(6, "r1")
    assert (await client.receive())[1] == Status.OK
    stranger = Client(*await asyncio.open_connection("127.0.0.1", ports[0]))
    stranger.writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert await stranger.reader.read() == b""
    await stranger.close()


def call(key: str, outage: str = "OUT-1") -> dict[str, str]:
    return {"key": key, "account": "ACC-1", "outage": outage, "phone": "+99900000001", "say": "Your supply failed."}


async def test_contacts_acknowledge_as_it_is_drawn_never_the_first_call_and_surely_the_fifth(
    connection: Connection, http: httpx.AsyncClient
) -> None:
    expected = {f"c{number}": acknowledges(SEED, "OUT-1", "K1", number) for number in range(1, 6)}
    assert (expected["c1"], expected[f"c{SURELY_FROM}"]) == (False, True)
    assert {acknowledges(SEED, f"OUT-{n}", "K1", 2) for n in range(50)} == {True, False}
    for key, acknowledged in expected.items():
        reply = await http.post("/calls", json=call(key) | {"contact": "K1"}, headers={"Idempotency-Key": key})
        assert reply.status_code == 201
        assert (await http.get(f"/calls/{key}")).json()["acknowledged"] == acknowledged
    rows = await connection.fetch("SELECT * FROM drill.schedule ORDER BY at_ms, body")
    assert {(row["channel"], row["topic"], row["key"], row["at_ms"]) for row in rows} == {
        ("kafka", "hotline.answers", "ACC-1", T0 + 20_000)
    }
    answers = [decode(row["body"], HOTLINE_ANSWERS) for row in rows]
    assert all(isinstance(answer, CallAnswered) and answer.exercise for answer in answers)
    told = {answer.call: answer.acknowledged for answer in answers if isinstance(answer, CallAnswered)}
    assert told == expected
    assert {answer.contact for answer in answers if isinstance(answer, CallAnswered)} == {"K1"}


async def test_a_call_posted_twice_is_one_call(connection: Connection, http: httpx.AsyncClient) -> None:
    statuses = [(await http.post("/calls", json=call("c1"))).status_code for _ in range(2)]
    assert statuses == [201, 200]
    assert await connection.fetchval("SELECT count(*) FROM drill.call") == 1
    assert await connection.fetchval("SELECT count(*) FROM drill.schedule") == 1


@pytest.mark.parametrize(
    ("content", "headers"),
    [("no json", {}), ("[]", {}), ("{}", {}), (json.dumps(call("c1")), {"Idempotency-Key": "c2"})],
)
async def test_a_call_that_is_none_is_refused(
    connection: Connection, http: httpx.AsyncClient, content: str, headers: dict[str, str]
) -> None:
    assert (await http.post("/calls", content=content, headers=headers)).status_code == 422
    assert (await http.get("/calls/c1")).status_code == 404
    assert await connection.fetchval("SELECT count(*) FROM drill.call") == 0


async def test_a_restarted_operator_listens_where_it_did(
    dsn: str, ports: tuple[int, int], connection: Connection
) -> None:
    ready = asyncio.Event()
    second = asyncio.create_task(serve(dsn, system_id="client", password="secret", announce=ready.set))
    await ready.wait()  # its ports are taken by the one that still runs: it takes others, and says so
    row = await connection.fetchrow("SELECT smpp_port, http_port FROM drill.operator")
    assert row is not None
    taken = (row["smpp_port"], row["http_port"])
    assert not set(taken) & set(ports)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    ready.clear()
    third = asyncio.create_task(serve(dsn, system_id="client", password="secret", announce=ready.set))
    await ready.wait()
    assert await connection.fetchrow("SELECT smpp_port, http_port FROM drill.operator") == row
    third.cancel()
    await asyncio.gather(third, return_exceptions=True)


@pytest.mark.usefixtures("ports")
async def test_without_its_database_it_ends_and_says_why(dsn: str, connection: Connection) -> None:
    ready = asyncio.Event()
    operator = asyncio.create_task(serve(dsn, system_id="client", password="secret", announce=ready.set))
    await ready.wait()
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with pytest.raises(LOST):
        async with asyncio.timeout(10):
            await operator
