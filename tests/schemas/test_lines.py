"""Events in a file: what is read, and how what is wrong is told by line and column."""

from __future__ import annotations

import pytest

from schemas.codec import encode
from schemas.golden import SAMPLES
from schemas.lines import WrongLine, WrongLines, read_lines
from schemas.topics import DEVICE_STATES, OUTAGE_REPORTS, TOPICS

GOOD = b'{"type":"outage.reported.v1","id":"a","at":"2026-03-01T06:00:00Z","kind":"call","customer":"C-1"}'
HEARD = (OUTAGE_REPORTS, DEVICE_STATES)


def wrong(*lines: bytes) -> tuple[WrongLine, ...]:
    with pytest.raises(WrongLines) as found:
        read_lines(lines, HEARD)
    return found.value.problems


def test_every_event_there_is_can_stand_on_a_line() -> None:
    events = [sample for sample in SAMPLES if sample.exercise == SAMPLES[0].exercise]
    seen = {event.id: event for event in events}
    assert read_lines([encode(event) + b"\r\n" for event in seen.values()], TOPICS.values()) == list(seen.values())


def test_empty_lines_a_byte_order_mark_and_a_second_copy_do_not_matter() -> None:
    spaced = GOOD.replace(b":", b": ").replace(b"06: 00: 00", b"06:00:00")
    (event,) = read_lines([b"\xef\xbb\xbf" + GOOD + b"\n", b"\n", b"  \r\n", b"  " + spaced + b"\n"], HEARD)
    assert event.id == "a"


@pytest.mark.parametrize(
    ("old", "new", "column", "code", "says"),
    [
        (b'"kind":"call"', b'"kind":"shout"', 67, "invalid", "'shout'"),
        (b'"customer":', b'"client":', 81, "invalid", "unknown field `client`"),
        (b'"customer":"C-1"', b'"words":"\\"kind\\":", "place":{"lon":"east","lat":1}', 111, "invalid", "$.place.lon"),
        (b',"kind":"call"', b"", 1, "invalid", "missing required field `kind`"),
        (b'"id":"a"', b'"id":"a","id":"b"', 39, "doubledField", "id is there twice"),
        (b"2026-03", b"1926-03", 39, "insaneTime", "1926"),
        (b"outage.reported.v1", b"outage.reported.v9", 2, "unheardType", "device.state.v1"),
        (b'"outage.reported.v1"', b"1", 2, "invalid", "$.type"),
        (b',"kind"', b',,"kind"', 67, "malformed", "keys must be strings"),
        (b'"C-1"}', b'"C-1"', 97, "malformed", "truncated"),
        (b"C-1", b"\xc3\xa4\xff", 94, "malformed", "utf-8"),
        (b'"C-1"', b"NaN", 92, "malformed", "invalid character"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(old: bytes, new: bytes, column: int, code: str, says: str) -> None:
    assert old in GOOD
    (problem,) = wrong(b"\n", GOOD.replace(old, new) + b"\n")
    assert (problem.line, problem.column, problem.code) == (2, column, code)
    assert says in problem.sentence
    assert str(problem) == f"2:{column}: {problem.sentence} [{code}]"


@pytest.mark.parametrize("line", [b"[]", b"null", b'"call"', b"[" * 5_000, b"{" + b" " * 1_100_000])
def test_a_line_that_is_no_object_is_refused(line: bytes) -> None:
    (problem,) = wrong(line)
    assert problem.line == 1


def test_all_that_is_wrong_is_told_at_once_and_columns_count_from_the_edge_of_the_file() -> None:
    bad = GOOD.replace(b"call", b"shout")
    assert [(each.line, each.column) for each in wrong(bad, GOOD, b"\t " + bad)] == [(1, 67), (3, 69)]


def test_an_id_that_says_two_things_is_refused() -> None:
    (problem,) = wrong(GOOD, GOOD.replace(b"C-1", b"C-2"))
    assert (problem.line, problem.column, problem.code) == (2, 30, "sameId")
    assert "line 1" in problem.sentence


def test_exercise_and_real_life_do_not_mix() -> None:
    drill = GOOD.replace(b'"id":"a"', b'"id":"b","exercise":true')
    assert [event.exercise for event in read_lines([drill], HEARD)] == [True]
    (problem,) = wrong(GOOD, drill)
    assert (problem.line, problem.column, problem.code) == (2, 39, "exerciseMismatch")
