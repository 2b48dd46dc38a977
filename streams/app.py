"""The Faust app of a worker: its agents feed lanes, its services take, decide and watch. No module globals."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import faust
from mode import Service

from schemas.topics import TOPICS, Topic
from streams.brokers import HEARTBEATS_A_SESSION, physical
from streams.leaving import leave

Task = Callable[[], Awaitable[None]]
Feed = Callable[[Any], Awaitable[None]]


def build_app(
    *,
    name: str,
    bootstrap: str,
    prefix: str,
    session_s: float,
    agents: Sequence[tuple[str, Topic, Feed]],
    tasks: Sequence[Task],
) -> faust.App:
    """Return an app with one agent for each (name, topic, feed), and one service that runs the tasks.

    Topics carry bytes, and an agent acknowledges by itself; Faust is asked for nothing but delivery.
    """
    app = faust.App(
        f"{prefix}{name}",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=tempfile.mkdtemp(prefix="lamplighter-"),
        web_enabled=False,
        topic_disable_leader=True,
        topic_replication_factor=1,
        topic_partitions=max(topic.partitions for topic in TOPICS.values()),
        table_standby_replicas=0,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=session_s,
        broker_heartbeat_interval=session_s / HEARTBEATS_A_SESSION,
        broker_commit_interval=1.0,
        stream_wait_empty=False,
    )
    for agent_name, topic, feed in agents:
        channel = app.topic(
            physical(prefix, topic.name),
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
            partitions=topic.partitions,
        )
        app.agent(channel, name=agent_name)(_agent(feed))

    class Tasks(Service):
        async def on_started(self) -> None:
            for task in tasks:
                self.add_future(_to_the_end(task))

    app.service(Tasks)
    return app


def _agent(feed: Feed) -> Callable[[Any], Awaitable[None]]:
    async def body(stream: Any) -> None:
        await feed(stream)

    return body


async def _to_the_end(task: Task) -> None:
    """Run a task that is not meant to end; an exception in it ends the process, since nothing else would notice."""
    try:
        await task()
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is: without this task the worker is half dead
        leave("worker.task_failed", task=getattr(task, "__qualname__", str(task)), error=repr(error))
