"""The Grafana dashboard, from one table of panels; `python -m deploy.reference` writes it as JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Literal

UID = "lamplighter"
WIDTH, HEIGHT = 8, 7
_SOURCE = {"type": "prometheus", "uid": "${source}"}


@dataclasses.dataclass(frozen=True, slots=True)
class Panel:
    """One panel: title, what it says, its unit in Grafana's words, and its queries with the name of each line."""

    title: str
    about: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    kind: Literal["timeseries", "stat"] = "timeseries"


ROWS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    (
        "Now",
        (
            Panel("Customers out", "As the ledger has it.", "short", (("lamplighter_customers_out", "out"),), "stat"),
            Panel("Open incidents", "By state.", "short", (("lamplighter_incidents_open", "{{state}}"),), "stat"),
            Panel(
                "Processes up", "Of those that are scraped.", "short", (('sum(up{job="lamplighter"})', "up"),), "stat"
            ),
        ),
    ),
    (
        "In time",
        (
            Panel(
                "Lag in event time",
                "Age of the oldest fact that is taken and not decided.",
                "s",
                (("max by (stage, topic) (lamplighter_lag_seconds)", "{{stage}} {{topic}}"),),
            ),
            Panel(
                "Shards with work and no turn",
                "The longest wait by stage.",
                "s",
                (("max by (stage) (lamplighter_shard_waiting_seconds)", "{{stage}}"),),
            ),
            Panel(
                "Messages not taken",
                "In Kafka, by stage and topic.",
                "short",
                (("sum by (stage, topic) (lamplighter_untaken_messages)", "{{stage}} {{topic}}"),),
            ),
            Panel(
                "Oldest undone effect",
                "Texts and calls that are due.",
                "s",
                (("lamplighter_effect_oldest_seconds", "{{kind}}"),),
            ),
            Panel("Outbox", "Events that wait to be published.", "short", (("lamplighter_outbox_unsent", "unsent"),)),
            Panel("Oldest event in the outbox", "", "s", (("lamplighter_outbox_oldest_seconds", "oldest"),)),
        ),
    ),
    (
        "Work",
        (
            Panel(
                "Facts taken",
                "Messages a second.",
                "ops",
                (("sum by (topic) (rate(lamplighter_facts_taken_total[1m]))", "{{topic}}"),),
            ),
            Panel(
                "Facts decided",
                "A second.",
                "ops",
                (("sum by (stage) (rate(lamplighter_facts_decided_total[1m]))", "{{stage}}"),),
            ),
            Panel(
                "Turns, 99th percentile",
                "How long a turn takes.",
                "s",
                (
                    (
                        "histogram_quantile(0.99, sum by (le, stage) (rate(lamplighter_turn_seconds_bucket[5m])))",
                        "{{stage}}",
                    ),
                ),
            ),
            Panel(
                "Published",
                "Events a second.",
                "ops",
                (("sum by (topic) (rate(lamplighter_relay_sent_total[1m]))", "{{topic}}"),),
            ),
            Panel("Reports of the last day", "By state.", "short", (("lamplighter_reports", "{{state}}"),)),
            Panel("Parked messages", "By reason.", "short", (("lamplighter_parked", "{{reason}}"),)),
        ),
    ),
    (
        "Customers",
        (
            Panel("Texts of the last day", "By state.", "short", (("lamplighter_texts", "{{state}}"),)),
            Panel(
                "Effects of the last day",
                "By kind and state.",
                "short",
                (("lamplighter_effects", "{{kind}} {{state}}"),),
            ),
            Panel(
                "Attempts",
                "A second, by what became of them.",
                "ops",
                (("sum by (kind, outcome) (rate(lamplighter_effect_attempts_total[5m]))", "{{kind}} {{outcome}}"),),
            ),
        ),
    ),
    (
        "HTTP",
        (
            Panel(
                "Requests",
                "A second, by status.",
                "reqps",
                (("sum by (process, status) (rate(lamplighter_http_requests_total[1m]))", "{{process}} {{status}}"),),
            ),
            Panel(
                "Answers, 99th percentile",
                "By route.",
                "s",
                (
                    (
                        "histogram_quantile(0.99, sum by (le, route) (rate(lamplighter_http_seconds_bucket[5m])))",
                        "{{route}}",
                    ),
                ),
            ),
            Panel(
                "Console's looks, 99th percentile",
                "Reading what has changed, for all tabs.",
                "s",
                (
                    (
                        "histogram_quantile(0.99, sum by (le) (rate(lamplighter_console_look_seconds_bucket[5m])))",
                        "look",
                    ),
                ),
            ),
            Panel("Live streams", "Open tabs of the console.", "short", (("sum(lamplighter_streams_open)", "open"),)),
        ),
    ),
    (
        "Processes",
        (
            Panel(
                "Restarts",
                "Since the supervisor was started.",
                "short",
                (("lamplighter_process_restarts", "{{process}}"),),
            ),
            Panel(
                "Connections to PostgreSQL",
                "Used ones of each process's pools.",
                "short",
                (('lamplighter_pool_connections{state="used"}', "{{process}}"),),
            ),
            Panel("Memory", "Resident, by process.", "bytes", (("process_resident_memory_bytes", "{{process}}"),)),
            Panel("Size of the database", "", "bytes", (("lamplighter_database_bytes", "database"),)),
            Panel("Kafka", "1: it answers the relay.", "short", (("lamplighter_kafka_up", "up"),)),
            Panel(
                "Held after a restoration",
                "1: no text and no call leaves.",
                "short",
                (("lamplighter_restoration_held", "held"), ("lamplighter_restoration_orphans", "orphans")),
            ),
        ),
    ),
)


def document() -> dict[str, Any]:
    """Return the dashboard as Grafana imports it; the data source is chosen on its page."""
    panels: list[dict[str, Any]] = []
    top = 0
    for heading, row in ROWS:
        place = {"h": 1, "w": 24, "x": 0, "y": top}
        panels.append(
            {"id": len(panels) + 1, "type": "row", "title": heading, "collapsed": False, "gridPos": place, "panels": []}
        )
        top += 1
        for number, panel in enumerate(row):
            across, down = number % (24 // WIDTH), number // (24 // WIDTH)
            place = {"h": HEIGHT, "w": WIDTH, "x": across * WIDTH, "y": top + down * HEIGHT}
            panels.append(_panel(len(panels) + 1, panel, place))
        top += -(-len(row) // (24 // WIDTH)) * HEIGHT
    return {
        "uid": UID,
        "title": "Lamplighter",
        "description": "Whether outages are heard, decided, dispatched and told in time.",
        "tags": ["lamplighter"],
        "timezone": "browser",
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "15s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {
            "list": [
                {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus", "current": {}}
            ]
        },
        "annotations": {"list": []},
        "panels": panels,
    }


def as_json() -> str:
    """Return the dashboard's file."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + each), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
            for each, (expression, legend) in enumerate(panel.queries)
        ],
    }
