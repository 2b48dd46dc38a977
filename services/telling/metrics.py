"""Every metric there is, in one table, from which come the code that counts and the page that explains it.

    metrics.count("lamplighter_facts_taken_total", 3, stage="intake", topic="outage.reports")
    with metrics.timed("lamplighter_turn_seconds", stage="correlate"): ...

Unknown names and labels raise. Values are of this process; what is read from the database is read by the relay alone.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

Kind = Literal["counter", "gauge", "histogram"]
Value = tuple[str, Mapping[str, str], float]
"""A metric's name, its labels, its value."""

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclasses.dataclass(frozen=True, slots=True)
class Described:
    """One metric: name, kind, labels, unit, where it comes from (`process`: each; `database`: the relay reads it), help."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    unit: str
    source: Literal["process", "database"]
    help: str


TABLE: tuple[Described, ...] = (
    Described(
        "lamplighter_up_info",
        "gauge",
        ("process", "version"),
        "1",
        "process",
        "Which process this is, of which version.",
    ),
    Described(
        "lamplighter_facts_taken_total",
        "counter",
        ("stage", "topic"),
        "messages",
        "process",
        "Messages taken from Kafka, copies and unreadable ones among them.",
    ),
    Described(
        "lamplighter_facts_decided_total", "counter", ("stage",), "facts", "process", "Facts that a turn has decided."
    ),
    Described("lamplighter_turns_total", "counter", ("stage",), "turns", "process", "Turns decided."),
    Described(
        "lamplighter_turn_seconds",
        "histogram",
        ("stage",),
        "seconds",
        "process",
        "How long a turn took: reading, deciding and writing, in one transaction.",
    ),
    Described(
        "lamplighter_relay_sent_total", "counter", ("topic",), "events", "process", "Events published and acknowledged."
    ),
    Described(
        "lamplighter_effect_attempts_total",
        "counter",
        ("kind", "outcome"),
        "attempts",
        "process",
        "Attempts at texts, calls and pings by what became of them: done, failed, later, unknown, away (nothing was handed over).",
    ),
    Described(
        "lamplighter_gateway_connected",
        "gauge",
        ("gateway",),
        "0 or 1",
        "process",
        "Whether a provider's gateway is connected.",
    ),
    Described(
        "lamplighter_pool_connections",
        "gauge",
        ("state",),
        "connections",
        "process",
        "Connections of this process's pools to PostgreSQL, used or idle.",
    ),
    Described(
        "lamplighter_http_requests_total",
        "counter",
        ("route", "method", "status"),
        "requests",
        "process",
        "HTTP requests answered, by the route's pattern.",
    ),
    Described(
        "lamplighter_http_seconds",
        "histogram",
        ("route", "method"),
        "seconds",
        "process",
        "How long a request took until its answer ended; a live stream is not among them.",
    ),
    Described(
        "lamplighter_http_open",
        "gauge",
        ("route",),
        "requests",
        "process",
        "Requests that are being answered now.",
    ),
    Described(
        "lamplighter_streams_open", "gauge", (), "streams", "process", "Live streams (server-sent events) open now."
    ),
    Described(
        "lamplighter_console_look_seconds",
        "histogram",
        (),
        "seconds",
        "process",
        "How long the console took to read once what has changed, for all its sheets and tabs.",
    ),
    Described(
        "lamplighter_untaken_messages",
        "gauge",
        ("stage", "topic"),
        "messages",
        "database",
        "Messages that are in Kafka and were not taken by this stage.",
    ),
    Described(
        "lamplighter_undecided_facts",
        "gauge",
        ("stage", "topic"),
        "facts",
        "database",
        "Facts taken and not decided.",
    ),
    Described(
        "lamplighter_lag_seconds",
        "gauge",
        ("stage", "topic"),
        "seconds of the clock",
        "database",
        "Lag in event time: the age of the oldest fact that is taken and not decided; 0 when there is none.",
    ),
    Described(
        "lamplighter_intake_lag_seconds",
        "gauge",
        ("topic",),
        "seconds of the clock",
        "database",
        "Lag of intake in event time: the clock less the newest time taken, while reports wait to be taken; 0 when none does.",
    ),
    Described(
        "lamplighter_taken_age_seconds",
        "gauge",
        ("topic",),
        "seconds of the clock",
        "database",
        "Age of the newest fact taken from a topic, in event time, of those of the last day.",
    ),
    Described(
        "lamplighter_shard_waiting_seconds",
        "gauge",
        ("stage", "shard"),
        "seconds",
        "database",
        "How long work of a shard (an area, a region, an account) has been due without a turn; only shards with work due.",
    ),
    Described(
        "lamplighter_shard_since_tick_seconds",
        "gauge",
        ("stage", "shard"),
        "seconds of the clock",
        "database",
        "Time since a shard's last turn; only shards with work due.",
    ),
    Described("lamplighter_outbox_unsent", "gauge", (), "events", "database", "Events that wait to be published."),
    Described(
        "lamplighter_outbox_oldest_seconds",
        "gauge",
        (),
        "seconds",
        "database",
        "How long the oldest of them has waited; 0: none.",
    ),
    Described(
        "lamplighter_effect_oldest_seconds",
        "gauge",
        ("kind",),
        "seconds of the clock",
        "database",
        "How long the oldest text or call that is due has not been done; 0 when none is.",
    ),
    Described(
        "lamplighter_effects",
        "gauge",
        ("kind", "state"),
        "effects",
        "database",
        "Texts and calls that are open, or were due in the last 24 hours of the clock, by state.",
    ),
    Described(
        "lamplighter_texts",
        "gauge",
        ("state",),
        "texts",
        "database",
        "Notices of the last 24 hours of the clock by state: the operator's receipt, or else the state of the effect.",
    ),
    Described(
        "lamplighter_questions",
        "gauge",
        ("by", "state"),
        "questions",
        "database",
        "Questions of the last day whether power is on, by meter or text: answered, still open, or unanswered.",
    ),
    Described(
        "lamplighter_reports",
        "gauge",
        ("state",),
        "reports",
        "database",
        "Reports of the last 24 hours of the clock by state.",
    ),
    Described(
        "lamplighter_parked", "gauge", ("reason",), "messages", "database", "Messages that are parked and not requeued."
    ),
    Described(
        "lamplighter_incidents_open",
        "gauge",
        ("state",),
        "incidents",
        "database",
        "Incidents that have not ended, by state.",
    ),
    Described(
        "lamplighter_customers_out",
        "gauge",
        (),
        "customers",
        "database",
        "Customers without power now, as the ledger has it.",
    ),
    Described(
        "lamplighter_clock_timestamp_seconds",
        "gauge",
        (),
        "seconds since 1970",
        "database",
        "The time of the installation's clock; in a drill it is not the time of day.",
    ),
    Described("lamplighter_database_connections", "gauge", (), "connections", "database", "Sessions in this database."),
    Described("lamplighter_database_bytes", "gauge", (), "bytes", "database", "Size of the database."),
    Described(
        "lamplighter_restoration_held",
        "gauge",
        (),
        "0 or 1",
        "database",
        "Whether texts and calls are held because the database was put back to an earlier state.",
    ),
    Described(
        "lamplighter_restoration_orphans",
        "gauge",
        (),
        "messages",
        "database",
        "Decisions of the lost database that are in Kafka, while that hold lasts.",
    ),
    Described("lamplighter_kafka_up", "gauge", (), "0 or 1", "database", "Whether the broker answers the relay."),
    Described(
        "lamplighter_process_restarts",
        "gauge",
        ("process",),
        "restarts",
        "database",
        "How many times the supervisor has started a process again since it was started itself.",
    ),
    Described(
        "lamplighter_collect_failed",
        "gauge",
        (),
        "0 or 1",
        "database",
        "Whether what is read from the database could not be read just now; the other values of this kind are missing then.",
    ),
)
"""Every metric of ours, in the order of the page."""

DESCRIBED: Mapping[str, Described] = {each.name: each for each in TABLE}

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

_MADE: dict[str, Counter | Gauge | Histogram] = {}
_COLLECTED = frozenset(each.name for each in TABLE if each.source == "database")


def _made(name: str) -> Counter | Gauge | Histogram:
    """Return a metric, made at its first use: a process shows what concerns it."""
    if name not in _MADE:
        described = DESCRIBED[name]
        if described.kind == "histogram":
            _MADE[name] = Histogram(name, described.help, described.labels, registry=REGISTRY, buckets=BUCKETS_S)
        else:
            made = Counter if described.kind == "counter" else Gauge
            _MADE[name] = made(name, described.help, described.labels, registry=REGISTRY)
    return _MADE[name]


def count(name: str, by: float = 1, **labels: str) -> None:
    """Add to a counter. Raises `KeyError` for a name that is not in the table, `ValueError` for other labels than its own."""
    metric = _made(name)
    assert isinstance(metric, Counter), name
    (metric.labels(**labels) if labels else metric).inc(by)


def put(name: str, value: float, **labels: str) -> None:
    """Set a gauge. Raises as `count` does."""
    metric = _made(name)
    assert isinstance(metric, Gauge), name
    (metric.labels(**labels) if labels else metric).set(value)


def add(name: str, by: float, **labels: str) -> None:
    """Move a gauge up, or down by a negative number. Raises as `count` does."""
    metric = _made(name)
    assert isinstance(metric, Gauge), name
    (metric.labels(**labels) if labels else metric).inc(by)


def observe(name: str, seconds: float, **labels: str) -> None:
    """Put a duration into a histogram. Raises as `count` does."""
    metric = _made(name)
    assert isinstance(metric, Histogram), name
    (metric.labels(**labels) if labels else metric).observe(seconds)


@contextlib.contextmanager
def timed(name: str, **labels: str) -> Iterator[None]:
    """Put how long the block took into a histogram, also when it ends with an exception."""
    begun = time.perf_counter()
    try:
        yield
    finally:
        observe(name, time.perf_counter() - begun, **labels)


def replace_collected(values: Sequence[Value]) -> None:
    """Show these values of what is read from the database, and none that were shown before: a shard without work goes away.

    Raises `KeyError` for a name that is not of that kind.
    """
    for name in _COLLECTED & _MADE.keys():
        if DESCRIBED[name].labels:
            _MADE[name].clear()
        else:
            REGISTRY.unregister(_MADE.pop(name))
    for name, labels, value in values:
        if name not in _COLLECTED:
            raise KeyError(name)
        put(name, value, **labels)


def text() -> bytes:
    """Return everything in the text form of Prometheus."""
    return generate_latest(REGISTRY)
