"""docs/operations.md tells of every metric and every log event, and of nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy import log_scan
from deploy.log_scan import Logged, UnfixedName, logged
from services.telling import log_events, metrics

CHECKOUT = Path(__file__).resolve().parents[1]
PAGE = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_every_log_event_of_the_sources_has_a_sentence_and_every_sentence_an_event() -> None:
    assert [event.name for event in logged(CHECKOUT)] == sorted(log_events.SENTENCES)


def test_every_log_event_and_every_metric_is_on_the_page() -> None:
    for name in [*log_events.SENTENCES, *metrics.DESCRIBED]:
        assert f"| `{name}` |" in PAGE, "run: python -m deploy.reference"


def test_every_metric_is_counted_somewhere() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8")
        for package in log_scan.PACKAGES
        for path in (CHECKOUT / package).rglob("*.py")
        if path.name != "metrics.py" and "monitoring" not in path.parts
    )
    assert [name for name in metrics.DESCRIBED if f'"{name}"' not in sources] == []


def test_nothing_counts_what_is_not_in_the_table() -> None:
    used = {
        name
        for package in ("services", "streams", "deploy")
        for path in (CHECKOUT / package).rglob("*.py")
        for name in re.findall(
            r'"(lamplighter_[a-z_]+_(?:total|seconds|up|open|held)|lamplighter_kafka_up)"', path.read_text()
        )
    }
    assert used <= metrics.DESCRIBED.keys()


def test_the_scan_sees_levels_fields_and_those_who_leave(tmp_path: Path) -> None:
    for package in log_scan.PACKAGES:
        (tmp_path / package).mkdir()
    (tmp_path / "streams" / "one.py").write_text(
        'log.info("a.b", kind=1)\nlog.exception("a.b", other=2)\nleave("c.d", error=3)\nlink.leave()\nbook.info("no")\n'
    )
    assert logged(tmp_path) == [
        Logged("a.b", ("error", "info"), ("kind", "other"), ("streams/one.py",)),
        Logged("c.d", ("error",), ("error",), ("streams/one.py",)),
    ]


def test_an_event_whose_name_is_put_together_is_refused(tmp_path: Path) -> None:
    for package in log_scan.PACKAGES:
        (tmp_path / package).mkdir()
    (tmp_path / "services" / "one.py").write_text('log.info(f"a.{b}")\n')
    with pytest.raises(UnfixedName, match=r"one\.py:1"):
        logged(tmp_path)
