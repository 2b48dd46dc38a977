"""Rules of the sources that import-linter cannot say: what a rule imports, who reads a clock or a setting."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
SERVICES = CHECKOUT / "services"
ROOMS_WITH_A_STAGE = ("reports", "outages", "dispatch", "notices", "hotline", "planning")
AT_THE_EDGE = {"store", "api", "audit", "showing"}  # the modules of a room that do input and output
PURE_LIBRARIES = {"msgspec", "numba", "numpy", "shapely"}
PURE_OF_SERVICES = {
    *("services.engine.turn", "services.clock.from_ms", "services.clock.to_ms"),  # words and conversions
    *(
        f"services.switching.{rule}" for rule in ("circuit", "faulted", "loads", "proposing")
    ),  # rules of a room without a stage
}
NO_RULES = {"asyncio", "http", "os", "random", "secrets", "socket", "ssl", "subprocess", "threading", "time", "urllib"}


def imports(path: Path) -> Iterator[str]:
    """Yield the full name of every module that a file imports, also within functions and for types only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rule_modules() -> list[Path]:
    found = []
    for room in ROOMS_WITH_A_STAGE:
        for path in sorted((SERVICES / room).rglob("*.py")):
            inner = path.relative_to(SERVICES / room)
            if inner.parts[0] != "gateways" and inner.stem.partition("_")[0] not in AT_THE_EDGE:
                found.append(path)
    return found


def allowed(name: str, room: str) -> bool:
    top = name.split(".", maxsplit=1)[0]
    if top in sys.stdlib_module_names:
        return top not in NO_RULES
    if top == "services":
        return name.split(".")[1] in {room, "network"} or any(
            name == pure or name.startswith(f"{pure}.") for pure in PURE_OF_SERVICES
        )
    return top in PURE_LIBRARIES | {"schemas"}


@pytest.mark.parametrize("path", rule_modules(), ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_a_rule_module_imports_nothing_that_could_do_input_or_output(path: Path) -> None:
    room = path.relative_to(SERVICES).parts[0]
    assert [name for name in imports(path) if not allowed(name, room)] == []


def test_there_are_rule_modules() -> None:
    assert rule_modules()


@pytest.mark.parametrize("top", ["schemas", "services", "streams", "deploy"])
def test_only_the_clock_reads_wall_time(top: str) -> None:
    readers = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
    found = [
        f"{path.relative_to(CHECKOUT)}:{node.lineno} {ast.unparse(node)}"
        for path in sorted((CHECKOUT / top).rglob("*.py"))
        if path != SERVICES / "clock.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node).removeprefix("datetime.") in readers
    ]
    assert found == []


@pytest.mark.parametrize("top", ["schemas", "services", "streams", "deploy"])
def test_only_the_settings_read_the_environment(top: str) -> None:
    passes_on = {CHECKOUT / "deploy" / "parts.py"}  # gives a child the environment as it is
    found = [
        f"{path.relative_to(CHECKOUT)}:{node.lineno}"
        for path in sorted((CHECKOUT / top).rglob("*.py"))
        if path not in {SERVICES / "settings.py", *passes_on}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv", "os.environb"}
    ]
    assert found == []


def test_no_source_file_is_longer_than_400_lines() -> None:
    long = {
        str(path.relative_to(CHECKOUT)): lines
        for top in ("schemas", "services", "streams", "deploy", "tests")
        for path in (CHECKOUT / top).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}
