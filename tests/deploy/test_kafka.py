"""Our own Kafka, really started, killed, orphaned and started again."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.kafka import Kafka, cluster_at
from deploy.parts import PartError, PortTaken, free_port
from deploy.supervisor import Supervisor
from services.settings import load_settings


def node(folder: Path) -> Kafka:
    return Kafka(folder / "kafka", load_settings().cache_dir, free_port(0), free_port(0))


async def send(kafka: Kafka, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, enable_idempotence=True, acks="all")
    await producer.start()
    try:
        await producer.send_and_wait("facts", value)
    finally:
        await producer.stop()


async def read(kafka: Kafka, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition("facts", 0)])
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def test_acknowledged_messages_outlive_kill_9_and_a_start_on_other_ports(data_dir: Path) -> None:
    kafka = node(data_dir)
    async with Supervisor(data_dir) as supervisor:
        await supervisor.start(kafka.part())
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic("facts", 1, 1)])
        await admin.close()
        await send(kafka, b"before the kill")
        supervisor.kill("kafka")
        await supervisor.wait_ready("kafka")
        await send(kafka, b"after it")
        assert await read(kafka, 2) == [b"before the kill", b"after it"]
    assert await cluster_at("127.0.0.1", kafka.port) is None
    again = node(data_dir)
    async with Supervisor(data_dir) as supervisor:
        await supervisor.start(again.part())
        assert await read(again, 2) == [b"before the kill", b"after it"]


async def test_a_foreign_broker_on_its_port_is_not_taken_for_it(data_dir: Path) -> None:
    ours, foreign = node(data_dir / "ours"), node(data_dir / "foreign")
    ours._prepare()
    async with Supervisor(data_dir / "foreign") as supervisor:
        await supervisor.start(foreign.part())
        ours.port = foreign.port
        assert not await ours._ready()
        assert await foreign._ready()


async def test_a_port_lost_just_before_it_listens_is_reported_as_taken(data_dir: Path) -> None:
    kafka = node(data_dir)
    part = kafka.part()
    assert part.prepare is not None
    prepare = part.prepare
    with socket.socket() as snatcher:

        def prepare_and_lose() -> None:
            prepare()
            snatcher.bind(("127.0.0.1", kafka.port))
            snatcher.listen()

        async with Supervisor(data_dir) as supervisor:
            with pytest.raises(PortTaken, match=f"port {kafka.port} is taken"):
                await supervisor.start(dataclasses.replace(part, prepare=prepare_and_lose))
            assert supervisor.restarts() == {"kafka": 1}


SUPERVISED = """
import asyncio, sys
from pathlib import Path
from deploy.kafka import Kafka
from deploy.supervisor import Supervisor

async def main():
    folder, cache, port, controller_port = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    async with Supervisor(folder) as supervisor:
        await supervisor.start(Kafka(folder / "kafka", cache, port, controller_port).part())
        print(supervisor.pids()["kafka"], flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_an_orphan_that_hangs_is_ended_by_the_next_start(
    data_dir: Path, ends: Callable[[int, float], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.kafka.node._OLD_NODE_S", 1.0)
    arguments = [str(data_dir), str(load_settings().cache_dir), str(free_port(0)), str(free_port(0))]
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISED, *arguments], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout is not None
        orphan = int(supervisor.stdout.readline())
        os.kill(orphan, signal.SIGSTOP)  # so that its death signal cannot reach it
        supervisor.kill()
    assert not ends(orphan, 0.0)
    async with Supervisor(data_dir) as following:
        await following.start(node(data_dir).part())
        assert ends(orphan, 0.0)


async def test_lost_data_is_not_silently_made_anew(data_dir: Path) -> None:
    (data_dir / "kafka").mkdir()
    (data_dir / "kafka" / "cluster.id").write_text("Labc")
    async with Supervisor(data_dir) as supervisor:
        with pytest.raises(PartError, match="has lost its content"):
            await supervisor.start(node(data_dir).part())
