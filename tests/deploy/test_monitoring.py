"""Alert rules and dashboard: they can be read, and speak of metrics that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import promql_parser
import pytest
import yaml

from deploy.monitoring import dashboard
from deploy.operations_page import ALERTS, alert_rules
from services.telling import metrics

DURATION = r"^([0-9]+(ms|[smhdwy]))+$"
RULES_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["groups"],
    "additionalProperties": False,
    "properties": {
        "groups": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["name", "rules"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string", "minLength": 1},
                    "interval": {"type": "string", "pattern": DURATION},
                    "rules": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["alert", "expr", "labels", "annotations"],
                            "additionalProperties": False,
                            "properties": {
                                "alert": {"type": "string", "pattern": "^Lamplighter[A-Za-z]+$"},
                                "expr": {"type": "string", "minLength": 1},
                                "for": {"type": "string", "pattern": DURATION},
                                "keep_firing_for": {"type": "string", "pattern": DURATION},
                                "labels": {
                                    "type": "object",
                                    "required": ["severity"],
                                    "properties": {"severity": {"enum": ["page", "ticket"]}},
                                    "additionalProperties": {"type": "string"},
                                },
                                "annotations": {
                                    "type": "object",
                                    "required": ["summary", "description", "runbook"],
                                    "additionalProperties": {"type": "string", "minLength": 1},
                                },
                            },
                        },
                    },
                },
            },
        }
    },
}
"""The form of a file of Prometheus' alerting rules, of the parts that we use; promtool is in no Python package."""

LABELS_OF_A_TARGET = {"job", "process", "instance", "le"}
OF_OTHERS: dict[str, set[str]] = {"up": set(), "process_resident_memory_bytes": set()}


def _selectors(expression: Any) -> Iterator[tuple[str, set[str]]]:
    """Give the name of every metric in an expression, with the labels that are matched."""
    for name in ("expr", "lhs", "rhs", "vector_selector", "vs"):
        inner = getattr(expression, name, None)
        if inner is not None:
            yield from _selectors(inner)
    for inner in getattr(expression, "args", None) or []:
        yield from _selectors(inner)
    if isinstance(expression, promql_parser.VectorSelector):
        yield str(expression.name), {matcher.name for matcher in expression.matchers.matchers}


def _labels_of(name: str) -> set[str] | None:
    """Return the labels of a metric, None when there is no such metric."""
    if name in OF_OTHERS:
        return OF_OTHERS[name] | LABELS_OF_A_TARGET
    described = metrics.DESCRIBED.get(name)
    if described is None and (matched := re.fullmatch(r"(.+)_(bucket|sum|count)", name)):
        described = metrics.DESCRIBED.get(matched[1])
        if described is not None and described.kind != "histogram":
            return None
    return None if described is None else {*described.labels, *LABELS_OF_A_TARGET}


def _check(expression: str) -> None:
    selected = list(_selectors(promql_parser.parse(expression)))
    assert selected, expression
    for name, labels in selected:
        known = _labels_of(name)
        assert known is not None, f"{name} is no metric of ours: {expression}"
        assert labels <= known, f"{name} has no {labels - known}"


def test_the_rules_have_the_form_that_prometheus_reads() -> None:
    jsonschema.validate(yaml.safe_load(ALERTS.read_text(encoding="utf-8")), RULES_SCHEMA)
    names = [rule["alert"] for rule in alert_rules()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("rule", alert_rules(), ids=lambda rule: rule["alert"])
def test_a_rule_speaks_of_metrics_that_there_are(rule: dict[str, Any]) -> None:
    _check(rule["expr"])
    for text in rule["annotations"].values():
        assert set(re.findall(r"\blamplighter_\w+", text)) <= metrics.DESCRIBED.keys()
        wanted = set(re.findall(r"\$labels\.(\w+)", text))
        known = set().union(*(_labels_of(name) or set() for name, _ in _selectors(promql_parser.parse(rule["expr"]))))
        assert wanted <= known


@pytest.mark.parametrize("panel", [panel for _, row in dashboard.ROWS for panel in row], ids=lambda panel: panel.title)
def test_a_panel_speaks_of_metrics_that_there_are(panel: dashboard.Panel) -> None:
    for expression, _ in panel.queries:
        _check(expression)


def test_the_dashboard_is_one_that_grafana_reads(checkout: Path) -> None:
    path = checkout / "deploy" / "monitoring" / "grafana" / "lamplighter.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document == dashboard.document(), "run: python -m deploy.reference"
    assert document["title"]
    assert document["schemaVersion"] >= 39
    ids = [panel["id"] for panel in document["panels"]]
    assert len(ids) == len(set(ids))
    cells = [
        (x, y)
        for panel in document["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells)), "panels lie on each other"
    assert max(x for x, _ in cells) < 24


def test_a_metric_that_nobody_has_is_noticed() -> None:
    with pytest.raises(AssertionError, match="lamplighter_nothing is no metric"):
        _check("rate(lamplighter_nothing[5m]) > 1")
    with pytest.raises(AssertionError, match="has no"):
        _check('lamplighter_effects{colour="red"} > 1')
    with pytest.raises(AssertionError, match="is no metric"):
        _check("lamplighter_customers_out_bucket > 1")


def test_the_scrape_configuration_reads_what_targets_writes(checkout: Path) -> None:
    config = yaml.safe_load((checkout / "deploy/monitoring/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    assert config["rule_files"] == [ALERTS.name]
    assert [each["job_name"] for each in config["scrape_configs"]] == ["lamplighter"]
    assert config["scrape_configs"][0]["file_sd_configs"][0]["files"][0].endswith(".json")
