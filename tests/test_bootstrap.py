"""The script `lamplighter`, in a small checkout of its own: what it installs, when, and what it says when it cannot."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "lamplighter"
PROJECT = """
[build-system]
requires = ["hatchling==1.27.0"]
build-backend = "hatchling.build"
[project]
name = "lamplighter"
version = "9"
[project.scripts]
lamplighter = "deploy:main"
[tool.hatch.build.targets.wheel]
packages = ["deploy"]
"""
PROJECT_INSTALLED = "installing the project and building its console"
MAIN = "import os, sys\ndef main():\n    print(os.environ['LAMPLIGHTER_CHECKOUT'], *sys.argv[1:])\n    sys.exit(7)\n"


@pytest.fixture
def small_checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    (folder / "deploy").mkdir(parents=True)
    (folder / "deploy" / "__init__.py").write_text(MAIN)
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "hatch_build.py").write_text("")
    (folder / "services" / "console" / "web").mkdir(parents=True)
    (folder / "services" / "console" / "static").mkdir()
    (folder / "services" / "console" / "static" / "index.html").write_text("built")
    (folder / "requirements.lock").write_text("")
    (folder / "requirements-dev.lock").write_text("")
    shutil.copy(SCRIPT, folder / "lamplighter")
    return folder


def command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(folder / "lamplighter"), *arguments]


def start(folder: Path, *arguments: str, cwd: Path | None = None) -> tuple[int, str, list[str]]:
    """Return the exit code, stdout, and what was installed."""
    done = subprocess.run(command(folder, *arguments), cwd=cwd, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, [line for line in done.stderr.splitlines() if ": done, " in line]


def test_it_installs_what_has_changed_and_nothing_else(small_checkout: Path, tmp_path: Path) -> None:
    code, said, installed = start(small_checkout, "demo", "--seed", "3", cwd=tmp_path)
    assert (code, said) == (7, f"{small_checkout} demo --seed 3\n")
    assert [line.split(":")[0] for line in installed] == [
        f"making .venv with python{sys.version_info[0]}.{sys.version_info[1]}",
        "installing 0 packages of requirements.lock",
        PROJECT_INSTALLED,
    ]
    assert start(small_checkout, "version") == (7, f"{small_checkout} version\n", [])

    (small_checkout / "requirements.lock").write_text("# nothing\n")
    _, _, installed = start(small_checkout)
    assert [line.split(":")[0] for line in installed] == ["installing 0 packages of requirements.lock"]

    (small_checkout / "services" / "console" / "web" / "page.ts").write_text("changed")
    assert [line.split(":")[0] for line in start(small_checkout)[2]] == [PROJECT_INSTALLED]
    assert start(small_checkout)[2] == []
    (small_checkout / "services" / "console" / "static" / "index.html").unlink()
    assert [line.split(":")[0] for line in start(small_checkout)[2]] == [PROJECT_INSTALLED]
    (small_checkout / "services" / "console" / "static" / "index.html").write_text("built")

    moved = small_checkout.rename(tmp_path / "moved")
    code, said, installed = start(moved, "version")
    assert (code, said, len(installed)) == (7, f"{moved} version\n", 3)


def test_two_starts_at_once_install_once(small_checkout: Path) -> None:
    both = [
        subprocess.Popen(command(small_checkout, str(each)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for each in range(2)
    ]
    said = [each.communicate() for each in both]
    assert [each.returncode for each in both] == [7, 7]
    assert sorted(out for out, _ in said) == [f"{small_checkout} 0\n", f"{small_checkout} 1\n"]
    assert sum(err.count(": done, ") for _, err in said) == 3
    assert sum("another start is installing" in err for _, err in said) == 1


def test_an_installation_that_fails_says_why_and_is_tried_again(small_checkout: Path) -> None:
    (small_checkout / "requirements.lock").write_text("structlog==26.1.0\n")  # without its hash
    for _ in range(2):
        done = subprocess.run(command(small_checkout), capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "Hashes are required" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_python_without_venv_names_the_system_package(small_checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "ensurepip.py").write_text("raise ImportError")
    done = subprocess.run(
        command(small_checkout),
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "sudo apt-get install python3-venv" in done.stderr
    assert "Traceback" not in done.stderr


def load() -> types.ModuleType:
    loader = importlib.machinery.SourceFileLoader("bootstrap", str(SCRIPT))
    spec = importlib.util.spec_from_loader("bootstrap", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_a_python_that_does_not_fit_looks_for_one_that_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = load()
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit):
        module.find_interpreter()
    assert "needs Python 3.11, 3.12 or 3.13; this one is 3.14" in capsys.readouterr().err
    for name, body in (("python3.13", "exit 1"), ("python3.12", "exit 0")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    assert module.find_interpreter() == str(tmp_path / "python3.12")
