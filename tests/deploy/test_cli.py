"""The command line as a person meets it: in a process of its own."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from deploy.cli import Storm
from deploy.parts import free_port
from services.drill.storms import STORMS

CHECKOUT = Path(__file__).resolve().parents[2]

COMMANDS = [
    "demo",
    "up",
    "migrate",
    "import-utility",
    "import-history",
    "audit",
    "replay",
    "bench",
    "doctor",
    "text-test",
    "version",
]
PARKED = [["parked", each] for each in ("list", "show", "requeue")]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("lamplighter")), *arguments],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", [*([each] for each in COMMANDS), *PARKED], ids=" ".join)
def test_each_command_has_help_with_an_example(command: list[str]) -> None:
    done = run(*command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"lamplighter {' '.join(command)}" in done.stdout.split("Example:", 1)[1]


def test_the_version_is_printed() -> None:
    done = run("version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip().count(".") == 2


def test_wrong_settings_are_said_in_words() -> None:
    done = run("bench", "x", LAMPLIGHTER_KAFKA_PORT="many")
    assert done.returncode == 2
    assert done.stderr.startswith("lamplighter: kafka_port: ")
    assert "Traceback" not in done.stderr


def test_a_file_that_cannot_be_used_is_said_in_a_sentence() -> None:
    done = run("migrate", LAMPLIGHTER_DATA_DIR="/proc/nothing")
    assert (done.returncode, done.stderr) == (
        2,
        "lamplighter: /proc/nothing cannot be used: No such file or directory\n",
    )


def test_a_server_that_is_away_is_said_in_a_sentence(data_dir: Path, server_dsn: str) -> None:
    (data_dir / "last-run.json").write_text('{"database": "postgres", "topic_prefix": "x.", "exercise": true}')
    nobody = f"127.0.0.1:{free_port(0)}"
    given = {"LAMPLIGHTER_DATA_DIR": str(data_dir), "LAMPLIGHTER_KAFKA_BOOTSTRAP": nobody}
    away = run("audit", LAMPLIGHTER_POSTGRES_DSN=f"postgresql://u:hidden@{nobody}/d", **given)
    assert away.returncode == 2
    assert away.stderr.startswith("lamplighter: PostgreSQL cannot be used (ConnectionRefusedError)")
    away = run("audit", LAMPLIGHTER_POSTGRES_DSN=server_dsn, **given)
    assert away.returncode == 2
    assert f"lamplighter: the Kafka at {nobody} cannot be used (KafkaConnectionError)\n" in away.stderr
    assert "Traceback" not in away.stderr


def test_a_bench_outside_of_a_checkout_is_refused() -> None:
    done = run("bench", "chaos")
    assert done.returncode == 2
    assert "./lamplighter bench" in done.stderr


def test_a_bench_is_given_what_follows_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "benchmarks"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (tmp_path / "tests" / "__init__.py").touch()
    (folder / "echo.py").write_text("def main(argv):\n    print(argv)\n    return 5\n")
    done = run("bench", "echo", "--runs", "10", "--json", LAMPLIGHTER_CHECKOUT=str(tmp_path))
    assert (done.stdout, done.returncode) == ("['--runs', '10', '--json']\n", 5)
    done = run("bench", "other", LAMPLIGHTER_CHECKOUT=str(tmp_path))
    assert "there are: echo" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--storm", "huge"], "huge"),
        (["--seed", "99999999999999999999"], "--seed"),
        (["--speed", "0"], "--speed"),
        (["--headless", "--report", "/proc/nothing/x.json"], "/proc/nothing/x.json cannot be written"),
    ],
)
def test_a_demo_that_cannot_be_is_refused_before_anything_starts(
    data_dir: Path, arguments: list[str], word: str
) -> None:
    done = run("demo", *arguments, LAMPLIGHTER_DATA_DIR=str(data_dir))
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert not (data_dir / "postgres").exists()


def test_the_storms_of_the_command_are_those_of_the_drill() -> None:
    assert set(get_args(Storm)) == set(STORMS)


def test_only_benches_are_offered_as_benches() -> None:
    done = run("bench", "nothing", LAMPLIGHTER_CHECKOUT=str(CHECKOUT))
    offered = done.stderr.rpartition("there are: ")[2].strip().split(", ")
    assert offered
    for name in offered:
        assert callable(importlib.import_module(f"tests.benchmarks.{name}").main)
