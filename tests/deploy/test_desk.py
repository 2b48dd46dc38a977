"""`lamplighter replay --network` as a person meets it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from services.network import Network
from services.utility.folder import EXAMPLE, read_folder

AT = "2026-03-01T07:30"


def replay(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("lamplighter")), "replay", *map(str, arguments)],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(read_folder(EXAMPLE).grid)


def gasp(number: int, customer: str, at: str = "2026-03-01T06:00:00Z") -> str:
    return json.dumps(
        {"type": "outage.reported.v1", "id": f"g{number}", "at": at, "kind": "lastGasp", "customer": customer}
    )


def test_reports_in_a_file_give_the_incident_without_an_installation(network: Network, tmp_path: Path) -> None:
    device = next(
        each.id for each in network.devices if each.device_class == "lvFuse" and network.count_behind(each.id) > 8
    )
    behind = network.customers_behind(device)
    after = network.customers_behind(next(each.id for each in network.devices if each.parent is None))[-1]
    lines = [gasp(number, customer) for number, customer in enumerate(behind)]
    lines.append(gasp(999, after, "2026-03-01T12:00:00+01:00"))
    (tmp_path / "reports.jsonl").write_text("\n".join(lines) + "\n")
    done = replay("--network", EXAMPLE, "--reports", tmp_path / "reports.jsonl", "--at", AT)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    (incident,) = told["incidents"]
    # In front of a fuse that hangs alone on its transformer, either has cut off the same customers.
    assert network.customers_behind(incident["device"]) == behind
    assert incident["customers_out"] == incident["heard"] == len(behind)
    assert told["reports"] == {"counted": len(behind)}
    assert told["at"] == "2026-03-01T06:30:00Z"  # the example's days are those of Berlin


def test_a_wrong_line_is_told_with_its_place_and_nothing_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "reports.jsonl"
    path.write_text(gasp(1, "C00001") + "\n" + gasp(2, "C00002").replace("lastGasp", "gasp") + "\n{\n")
    done = replay("--network", EXAMPLE, "--reports", path, "--at", AT)
    assert (done.returncode, done.stdout) == (2, "")
    first, second = done.stderr.splitlines()
    assert first.startswith(f"{path}:2:")
    assert "'gasp'" in first
    assert second.startswith(f"{path}:3:2: ")


def test_a_folder_a_file_or_a_time_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    path = tmp_path / "reports.jsonl"
    missing = replay("--network", EXAMPLE, "--reports", path, "--at", AT)
    assert missing.returncode == 2
    assert f"{path} cannot be used" in missing.stderr
    path.touch()
    empty = replay("--network", tmp_path, "--reports", path, "--at", AT)
    assert (empty.returncode, empty.stdout) == (2, "")
    assert "feeders.csv: The folder has no feeders.csv. [missingFile]" in empty.stderr
    soon = replay("--network", EXAMPLE, "--reports", path, "--at", "soon")
    assert (soon.returncode, soon.stdout) == (2, "")
    assert "'soon' is no day" in soon.stderr
    nothing = replay("--network", EXAMPLE, "--reports", path, "--at", AT)
    assert nothing.returncode == 0
    assert json.loads(nothing.stdout)["incidents"] == []


def test_the_three_options_belong_together(tmp_path: Path) -> None:
    done = replay("--network", tmp_path, "--at", AT)
    assert done.returncode == 2
    assert "belong together" in done.stderr


def test_the_example_of_the_manual_can_be_replayed(checkout: Path, tmp_path: Path) -> None:
    manual = (checkout / "docs" / "utility-folder.md").read_text(encoding="utf-8")
    for name, table in re.findall(r"^```csv (\S+)\n(.*?)^```", manual, re.MULTILINE | re.DOTALL):
        (tmp_path / name).write_text(table)
    (events,) = re.findall(r"^```json\n(.*?)^```", manual, re.MULTILINE | re.DOTALL)
    (tmp_path / "FILE.jsonl").write_text(events)
    (command,) = re.findall(r"^ +\./lamplighter replay (.*)$", manual, re.MULTILINE)
    words = {"FOLDER": tmp_path, "FILE.jsonl": tmp_path / "FILE.jsonl"}
    done = replay(*(words.get(word, word) for word in command.split()))
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert sum(told["reports"].values()) == events.count("outage.reported")
    rows = manual.split("What is printed is one JSON object:", 1)[1].split("\n## ", 1)[0]
    named = {
        name for row in rows.splitlines() if row.startswith("| `") for name in re.findall(r"`(\w+)`", row.split("|")[1])
    }
    assert named == set(told)
    for incident in told["incidents"]:
        assert set(incident) <= set(re.findall(r"`(\w+)`", rows))
