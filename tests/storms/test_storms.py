"""Storms from end to end on real parts, by the command line: judged, repeatable, audited, replayed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.storms.conftest import Lamplighter

SHAPE = {
    "storm": None,
    "seed": None,
    "utility": None,
    "reports": {
        "sent",
        "applied",
        "parked",
    },
    "incidents": {
        "opened",
        "restored",
        "merged",
        "dismissed",
    },
    "orders": None,
    "texts": {
        "submitted",
        "delivered",
        "failed",
        "superseded",
        "unknown",
    },
    "priority": {
        "calls",
        "acknowledged",
    },
    "indices": {
        "saifi",
        "saidi_min",
        "caidi_min",
        "caifi",
        "ctaidi_min",
        "asai",
        "maifi",
    },
    "truth": {
        "faults",
        "repaired",
        "customer_seconds_true",
        "customer_seconds_ledger",
        "never_in_ledger",
        "told_restored_while_out",
        "texts_doubled",
        "texts_after_stop",
        "hazards",
        "made_safe",
        "hazards_left",
        "accounts_out",
        "accounts_called",
        "accounts_calling",
        "double_orders",
    },
    "audit": {
        "rules",
        "checked",
        "violations",
    },
    "digests": {
        "ledger",
        "orders",
        "texts",
        "hazards",
        "calls",
    },
    "rounds": {
        "count",
        "p50_ms",
        "p95_ms",
    },
    "wall_s": None,
}


def test_one_seed_gives_one_storm_audited_and_replayed(lamplighter: Lamplighter) -> None:
    first = lamplighter.play("tiny", 3)
    assert {name: set(value) if isinstance(value, dict) else None for name, value in first.items()} == SHAPE
    assert first["truth"]["faults"] == 3
    assert first["texts"]["delivered"] > 0
    assert first["priority"]["calls"] >= first["truth"]["accounts_called"] == first["truth"]["accounts_out"] >= 1
    assert first["reports"]["parked"] >= 1
    audited = lamplighter.run("audit", "--json")
    assert audited.returncode == 0, audited.stderr
    found = json.loads(audited.stdout)
    assert (found["violations"], found["rules"]) == (0, first["audit"]["rules"])
    replayed = lamplighter.run("replay")
    assert replayed.returncode == 0, replayed.stderr
    assert " 0 differences" in replayed.stdout
    assert lamplighter.play("tiny", 3)["digests"] == first["digests"]


def test_parked_messages_are_listed_shown_and_requeued(lamplighter: Lamplighter) -> None:
    lamplighter.play("tiny", 1)
    (line,) = [row for row in lamplighter.run("parked", "list").stdout.splitlines() if "outage.reports" in row]
    parked_id = line.split()[0]
    assert "malformed" in lamplighter.run("parked", "show", parked_id).stdout
    assert lamplighter.run("parked", "requeue", parked_id).returncode == 0
    assert lamplighter.run("parked", "requeue", parked_id).returncode == 1
    assert "requeued" in lamplighter.run("parked", "list").stdout


def test_a_real_network_is_played(lamplighter: Lamplighter, shared: Path) -> None:
    figures = lamplighter.play("small", 1, "--utility", str(shared / "data" / "mux-energia"))
    assert figures["truth"]["faults"] == figures["truth"]["repaired"] > 10


def test_a_broken_utility_folder_is_refused_with_its_problems(lamplighter: Lamplighter) -> None:
    folder = lamplighter.data_dir / "broken"
    folder.mkdir()
    (folder / "nodes.csv").write_text("node,lon,lat\nA,200,0\n", encoding="utf-8")
    done = lamplighter.run("demo", "--headless", "--utility", str(folder))
    assert done.returncode == 2
    assert "nodes.csv" in done.stderr
    assert lamplighter.processes() == {}
