from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUN_TIME: list[str] = PROJECT["dependencies"]
DEVELOPMENT: list[str] = PROJECT["optional-dependencies"]["dev"]


def read(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


def test_each_direct_dependency_has_its_reason_and_nothing_else_has_one() -> None:
    rows = re.findall(r"^\| ([a-z0-9-]+) \| ", read("docs/dependencies.md"), flags=re.MULTILINE)
    named = [row for row in rows if row not in {"package", "---"}]
    assert named == [pin.split("==")[0] for pin in [*RUN_TIME, *DEVELOPMENT]]


def test_each_package_of_the_console_has_its_reason_and_its_lock_names_no_host() -> None:
    asked = json.loads(read("services/console/web/package.json"))
    section = read("docs/dependencies.md").split("## In the console")[1].split("\n## ")[0]
    named = {
        name
        for row in re.findall(r"^\| (`.*?`) \| ", section, flags=re.MULTILINE)
        for name in re.findall(r"`(.+?)`", row)
    }
    assert named == {*asked["dependencies"], *asked["devDependencies"]}
    for lock in ("services/console/web/package-lock.json", "tests/browser/package-lock.json"):
        assert '"resolved"' not in read(lock)
        assert "integrity" in read(lock)


@pytest.mark.parametrize(
    ("name", "pins"),
    [("requirements.lock", RUN_TIME), ("requirements-dev.lock", RUN_TIME + DEVELOPMENT)],
)
def test_a_lock_holds_each_direct_pin_with_hashes_and_names_no_host(name: str, pins: list[str]) -> None:
    lines = read(name).splitlines()
    heads = [line.removesuffix(" \\") for line in lines if line and not line.startswith(" ")]
    assert [pin for pin in pins if pin not in heads] == []
    assert "://" not in read(name)
    assert sum(line.endswith(" \\") and not line.startswith(" ") for line in lines) == len(heads)


def test_both_locks_agree() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9-]+==\S+)", read(name), flags=re.MULTILINE))

    assert pins("requirements.lock") < pins("requirements-dev.lock")


def test_the_jars_are_pinned_one_by_one() -> None:
    lines = read("deploy/kafka/jars.lock").splitlines()
    assert all(re.fullmatch(r"[0-9a-f]{64}  [\w.\-]+:[\w.\-]+:[\w.\-]+", line) for line in lines)
    assert len({line.split(":")[1] for line in lines}) == len(lines)
