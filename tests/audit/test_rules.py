"""The rules of all rooms together: names of their own, and a test that damages the data for each."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.audit.rule import AuditRule
from services.audit.run import RULES, as_json, audit, in_words
from services.engine import clock
from services.engine.taking import Connection

CHECKOUT = Path(__file__).resolve().parents[2]


def words(node: ast.AST) -> Iterator[str]:
    """Yield every string in a source, without those that only say how many rows a rule looked at."""
    if isinstance(node, ast.Dict) and all(
        isinstance(value, ast.Constant) and isinstance(value.value, int) for value in node.values
    ):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from words(child)


def words_of_tests() -> set[str]:
    """Return every string in a test of a room's audit."""
    beside = ("tests/drill/test_prepare.py", "tests/dispatch/test_visitors.py")
    paths = [*CHECKOUT.glob("tests/*/test_audit*.py"), *(CHECKOUT / path for path in beside)]
    return {word for path in paths for word in words(ast.parse(path.read_text(encoding="utf-8")))}


def test_every_rule_has_a_name_of_its_own() -> None:
    names = [rule.name for rule in RULES]
    assert sorted(set(names)) == sorted(names)


def test_every_room_with_rules_is_audited() -> None:
    rooms = {path.parent.name for path in (CHECKOUT / "services").glob("*/audit.py")}
    source = (CHECKOUT / "services" / "audit" / "run.py").read_text(encoding="utf-8")
    assert {room for room in rooms if f"*{room}.RULES" not in source} == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_test_damages_the_data_for_every_rule(rule: AuditRule) -> None:
    assert rule.name.rsplit(".", 1)[-1] in words_of_tests()


async def test_an_installation_in_which_nothing_happened_keeps_every_promise(connection: Connection) -> None:
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=0)
    findings = await audit(connection, {})
    assert [finding.rule for finding in findings if finding.violations] == []
    assert as_json(findings)["violations"] == 0
    assert in_words(findings).splitlines()[-1] == f"{len(RULES)} rules, 1 rows checked, 0 broken."


async def test_a_broken_rule_is_said_with_its_promise_and_the_ids(connection: Connection) -> None:
    await clock.found(connection, exercise=True, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=0)
    findings = await audit(connection, {("crew.status", 1): 3})
    broken = {
        finding["rule"]: finding["violations"] for finding in as_json(findings)["findings"] if finding["violations"]
    }
    row = {"stage": "dispatch", "topic": "crew.status", "part": 1, "next_offset": 0, "end_offset": 3}
    assert broken == {
        "headsEqualEnds": [{"topic": "crew.status", "part": 1, "known": 0, "broker": 3}],
        "everythingTaken": [row],
    }
    said = in_words(findings)
    assert "BROKEN  everythingTaken: 0 checked\n        No fact is lost:" in said
    assert "        stage dispatch, topic crew.status, part 1, next_offset 0, end_offset 3\n" in said
