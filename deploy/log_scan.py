"""Finds every log event of our sources, with its level and its fields, by reading them."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("schemas", "services", "streams", "deploy")
LEVELS = {name: name for name in ("debug", "info", "warning", "error", "critical")} | {"exception": "error"}


@dataclasses.dataclass(frozen=True, slots=True)
class Logged:
    """One event as the sources write it: all its levels and fields, and the files that write it; each sorted."""

    name: str
    levels: tuple[str, ...]
    fields: tuple[str, ...]
    files: tuple[str, ...]


class UnfixedName(Exception):
    """A log line's event is not a fixed name."""


def logged(root: Path) -> list[Logged]:
    """Return every log event under this folder's packages, by name. Raises `UnfixedName`."""
    levels: dict[str, set[str]] = {}
    fields: dict[str, set[str]] = {}
    files: dict[str, set[str]] = {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            for name, level, given in _calls(ast.parse(path.read_text(encoding="utf-8")), path):
                levels.setdefault(name, set()).add(level)
                fields.setdefault(name, set()).update(given)
                files.setdefault(name, set()).add(path.relative_to(root).as_posix())
    return [
        Logged(name, tuple(sorted(levels[name])), tuple(sorted(fields[name])), tuple(sorted(files[name])))
        for name in sorted(levels)
    ]


def _calls(tree: ast.AST, path: Path) -> Iterator[tuple[str, str, set[str]]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in LEVELS:
            if not (isinstance(function.value, ast.Name) and function.value.id == "log"):
                continue
            level = LEVELS[function.attr]
        elif isinstance(function, ast.Name) and function.id == "leave" and _named(node):
            level = "error"
        else:
            continue
        if not _named(node):
            if path.name == "leaving.py":  # it hands on what it is given
                continue
            raise UnfixedName(f"{path}:{node.lineno}")
        assert isinstance(node.args[0], ast.Constant)
        yield str(node.args[0].value), level, {keyword.arg for keyword in node.keywords if keyword.arg}


def _named(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
