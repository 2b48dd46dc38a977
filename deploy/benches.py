"""Runs a bench of the checkout; what is kept of one stands in `docs/benchmarks/`, and `docs/benchmarks.md` is made from that."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.settings import SettingsError

KEPT = Path("docs/benchmarks")
PAGE = Path("docs/benchmarks.md")
_HEAD = """# What is measured

*Written by `lamplighter bench NAME --keep`; a test compares this page with what was kept in `docs/benchmarks/`.*

Machines differ, and a busy one is slower: a figure says how one run went on one machine on one day. Where a figure can be held
against a peer in the same run, the ratio is what counts. Run any of them yourself: `./lamplighter bench NAME --json`.
"""


def run(checkout: Path, name: str, arguments: Sequence[str], *, keep: bool) -> int:
    """Run a bench and return its exit code; with `keep` its result is kept and the page written anew.

    Raises `SettingsError` for a name that no bench has.
    """
    found = (checkout / "tests" / "benchmarks").glob("[a-z]*.py")
    known = sorted(each.stem for each in found if "\ndef main(" in "\n" + each.read_text(encoding="utf-8"))
    if name not in known:
        raise SettingsError(f"no bench is called {name}; there are: {', '.join(known) or 'none'}")
    sys.path.insert(0, str(checkout))  # a bench may import what else lies in tests/
    module = importlib.import_module(f"tests.benchmarks.{name}")
    if not keep:
        return int(module.main(list(arguments)))
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = int(module.main([*arguments, "--json"]))
    print(said.getvalue(), end="")
    result = {**json.loads(said.getvalue()), "command": " ".join(["./lamplighter bench", name, *arguments, "--json"])}
    (checkout / KEPT).mkdir(exist_ok=True)
    (checkout / KEPT / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (checkout / PAGE).write_text(page(checkout / KEPT), encoding="utf-8")
    return code


def page(kept: Path) -> str:
    """Return the page about everything that was kept, by the names of the benches."""
    return _HEAD + "".join(_section(json.loads(path.read_text("utf-8"))) for path in sorted(kept.glob("*.json")))


def _section(result: dict[str, Any]) -> str:
    goals = {goal["name"]: goal for goal in result["goals"]}
    figures = "".join(f"| {name} | {_told(value)} |\n" for name, value in result["figures"].items())
    wanted = "".join(
        f"| {name} | {_told(goal['goal'])} | {_told(goal['value'])} | {'yes' if goal['met'] else '**no**'} |\n"
        for name, goal in goals.items()
    )
    return (
        f"\n## {result['name']}\n\n`{result['command']}`, {result['date']}, {result['machine']}\n\n"
        f"| figure | value |\n| --- | --- |\n{figures}"
        + (f"\n| goal | wanted | found | met |\n| --- | --- | --- | --- |\n{wanted}" if wanted else "")
    )


def _told(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.0f}"  # noqa: PLR2004 (four digits are enough)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    text = value if isinstance(value, str) else json.dumps(value)
    return text.replace("|", "\\|")
