"""Sheets: a tab gets what is new to it, and never less."""

from __future__ import annotations

import gzip
import json
import random

import msgspec

from services.console.rows import NetworkRow
from services.console.sheets import ANSWERS_KEPT, GONE_KEPT, Answers, Sheet


def row(branch: int, state: str = "out") -> NetworkRow:
    return NetworkRow(id=f"b{branch}", branch=branch, state=state)  # type: ignore[arg-type]  # a word of the type


def test_only_what_differs_gets_a_new_version() -> None:
    sheet: Sheet[NetworkRow] = Sheet()
    assert sheet.put([row(1), row(2)])
    assert not sheet.put([row(1), row(2)])
    assert sheet.version == 1
    assert sheet.put([row(1), row(2, "planned")])
    assert sheet.since(1) == (False, [row(2, "planned")], [])
    assert sheet.since(2) == (False, [], [])


def test_rows_that_are_gone_are_told_and_may_come_back() -> None:
    sheet: Sheet[NetworkRow] = Sheet()
    sheet.put([row(1), row(2)])
    sheet.change((), ["b1", "b7"])
    assert sheet.since(1) == (False, [], ["b1"])
    sheet.change([row(1)])
    assert sheet.since(1) == (False, [row(1)], [])


def test_a_version_that_is_too_old_or_not_reached_yet_gets_the_whole() -> None:
    sheet: Sheet[NetworkRow] = Sheet()
    sheet.put(row(n) for n in range(GONE_KEPT + 10))
    sheet.put([row(1)])
    sheet.put([row(1), row(2)])
    assert sheet.since(1) == (True, [row(1), row(2)], [])
    assert sheet.since(2) == (False, [row(2)], [])
    assert sheet.since(9)[0]
    assert sheet.since(None)[0]


def test_whoever_applies_the_changes_has_what_the_sheet_has() -> None:
    draws = random.Random(5)
    sheet: Sheet[NetworkRow] = Sheet()
    tabs: list[tuple[int | None, dict[str, NetworkRow]]] = [(None, {}) for _ in range(4)]
    for _ in range(400):
        rows = [row(draws.randrange(30), draws.choice(["out", "planned"])) for _ in range(draws.randrange(4))]
        sheet.change(rows, [f"b{draws.randrange(30)}"] if draws.random() < 0.4 else [])
        at = draws.randrange(len(tabs))
        version, held = tabs[at]
        whole, changed, gone = sheet.since(version)
        held = {} if whole else {row_id: each for row_id, each in held.items() if row_id not in gone}
        held |= {each.id: each for each in changed}
        assert held == {each.id: each for each in sheet}
        tabs[at] = sheet.version, held


def test_the_same_question_has_the_same_answer_made_once() -> None:
    sheet: Sheet[NetworkRow] = Sheet()
    sheet.put(row(n) for n in range(100))
    answers = Answers(sheet)
    one = answers.of("e", None, 5, 1)
    assert answers.of("e", None, 6, 1) is one
    assert answers.of("e", None, 7, 2) is not one
    packed = one.pack()
    assert packed is not None
    assert gzip.decompress(packed) == one.body
    body = json.loads(one.body)
    assert (body["epoch"], body["version"], body["now_ms"], body["whole"], body["gone"]) == ("e", 1, 5, True, [])
    assert body["rows"] == [json.loads(msgspec.json.encode(each)) for each in sheet]
    for read in range(3, 3 + 2 * ANSWERS_KEPT):
        answers.of("e", 1, 0, read)
    assert answers.of("e", 1, 0, 99).pack() is None


def test_a_veil_hides_from_those_who_may_not_see() -> None:
    sheet: Sheet[NetworkRow] = Sheet()
    sheet.put([NetworkRow(id="b1", branch=1, state="tieFed", feeder="F2")])
    open_answer = Answers(sheet)
    veiled = Answers(sheet, lambda each: msgspec.structs.replace(each, feeder=None))
    assert json.loads(open_answer.of("e", None, 0, 1).body)["rows"][0]["feeder"] == "F2"
    assert json.loads(veiled.of("e", None, 0, 1).body)["rows"][0]["feeder"] is None
