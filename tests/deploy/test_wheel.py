"""The wheel by itself: built, installed where nothing of the checkout is, and able to look around."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

DATA = [
    "deploy/kafka/jars.lock",
    "deploy/kafka/server.properties",
    "deploy/kafka/log4j2.properties",
    "deploy/monitoring/grafana/lamplighter.json",
    "deploy/monitoring/prometheus/alerts.yml",
    "deploy/monitoring/prometheus/prometheus.yml",
    "services/database/migrations/0001_engine.sql",
]


def run(*command: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(command, cwd=cwd, env=environment or None, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_the_wheel_works_alone_in_an_empty_folder(checkout: Path, data_dir: Path) -> None:
    empty = data_dir / "empty"
    empty.mkdir()
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(data_dir), cwd=checkout)
    (wheel,) = data_dir.glob("lamplighter-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.split("/")[0] for name in names if "dist-info" not in name}
    assert tops == {"schemas", "services", "streams", "deploy"}
    assert set(DATA) <= names
    assert not {name for name in names if "__pycache__" in name}

    venv = data_dir / "venv"
    run(sys.executable, "-m", "venv", str(venv), cwd=empty)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, "--no-compile", "--require-hashes", "-r", str(checkout / "requirements.lock"), cwd=empty)
    run(*pip, "--no-deps", str(wheel), cwd=empty)
    lamplighter = str(venv / "bin" / "lamplighter")
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(Path.home()), "LAMPLIGHTER_DATA_DIR": str(data_dir / "data")}
    said = run(lamplighter, "doctor", cwd=empty, **bare)
    assert said.endswith(" well\n")
    assert str(checkout) not in said
    assert list(empty.iterdir()) == []
