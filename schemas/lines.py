"""Events in a file, one on a line: each in the JSON that its codec reads, or told by line and column what is wrong with it."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Collection, Iterable, Mapping

import msgspec

from schemas.codec import Unreadable, decode, encode, type_of
from schemas.events import Event
from schemas.topics import Topic

_BOM = b"\xef\xbb\xbf"
_BYTE = re.compile(r"\(byte (\d+)\)")
_PATH = re.compile(r"at `\$([^`]*)`")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")


@dataclasses.dataclass(frozen=True, slots=True)
class WrongLine:
    """A line that is no event. Line and column count from 1, the column in characters; `code` is stable."""

    line: int
    column: int
    code: str
    sentence: str

    def __str__(self) -> str:
        """Return `line:column: sentence [code]`."""
        return f"{self.line}:{self.column}: {self.sentence} [{self.code}]"


class WrongLines(Exception):
    """A file with lines that are no events; `problems` are all of them, by line."""

    def __init__(self, problems: tuple[WrongLine, ...]) -> None:
        self.problems = problems
        super().__init__(f"{len(problems)} wrong lines, the first: {problems[0]}")


class _Typed(msgspec.Struct):
    type: str = ""


def read_lines(lines: Iterable[bytes], topics: Collection[Topic]) -> list[Event]:
    """Return the events of these lines, in their order, each once. A line may be empty.

    All of them belong to an exercise, or none does. Raises `WrongLines` for whatever is not exactly one event of these topics,
    or bears the id of another one.
    """
    of_type = {str(kind.__struct_config__.tag): topic for topic in topics for kind in topic.events}
    found: dict[str, tuple[int, Event]] = {}
    problems: list[WrongLine] = []
    for number, raw in enumerate(lines, 1):
        body = (raw.removeprefix(_BOM) if number == 1 else raw).strip()
        if not body:
            continue
        try:
            event = _event(body, of_type)
            _refuse_beside(event, found)
            found.setdefault(event.id, (number, event))
        except Unreadable as wrong:
            margin = len(raw) - len(raw.lstrip())
            problems.append(WrongLine(number, margin + _column(body, wrong), wrong.code, _sentence(wrong)))
    if problems:
        raise WrongLines(tuple(problems))
    return [event for _, event in found.values()]


def _refuse_beside(event: Event, found: Mapping[str, tuple[int, Event]]) -> None:
    """Refuse an event that cannot be together with those before it."""
    first, before = next(iter(found.values()), (0, event))
    if before.exercise is not event.exercise:
        raise Unreadable("exerciseMismatch", f"exercise: exercise and real life do not mix, and line {first} differs")
    line, same = found.get(event.id, (0, event))
    if encode(same) != encode(event):
        raise Unreadable("sameId", f"id: {event.id} is already the id of line {line}, which says something else")


def _event(body: bytes, of_type: dict[str, Topic]) -> Event:
    try:
        named = msgspec.json.decode(body, type=_Typed).type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        named = ""
    topic = of_type.get(named)
    if topic is None and named:
        raise Unreadable("unheardType", f"type: {named[:64]!r} is none of {', '.join(sorted(of_type))}")
    event = decode(body, topic or next(iter(of_type.values())))
    assert type_of(event) == named
    return event


def _sentence(wrong: Unreadable) -> str:
    return f"{wrong.detail} is there twice" if wrong.code == "doubledField" else wrong.detail


def _column(body: bytes, wrong: Unreadable) -> int:
    """Return at which character of a line the trouble is; 1 where something is missing in the line as a whole."""
    try:
        text = body.decode()
    except UnicodeDecodeError as bad:
        return len(body[: bad.start].decode()) + 1
    if wrong.code != "malformed":
        return _place(text, _names(wrong), last=wrong.code == "doubledField") + 1
    if at := _BYTE.search(wrong.detail):
        return len(body[: int(at[1])].decode(errors="ignore")) + 1
    try:
        json.loads(text)
    except json.JSONDecodeError as bad:
        return bad.colno
    except RecursionError:
        pass
    return 1


def _names(wrong: Unreadable) -> list[str]:
    """Return the fields on the way to the one that a problem is about, from the outermost."""
    if wrong.code != "invalid":
        return re.findall(r"\A\w+", wrong.detail)
    path = _PATH.search(wrong.detail)
    names = re.findall(r"[^.\[\]]+", path[1]) if path else []
    unknown = _UNKNOWN.search(wrong.detail)
    return [name for name in names if name != "..." and not name.isdigit()] + ([unknown[1]] if unknown else [])


def _place(text: str, names: Iterable[str], *, last: bool) -> int:
    """Return where in an object a field is named. Within a string a quote is escaped, so the first match is a name."""
    place = 0
    for name in names:
        found = list(re.finditer(f"{re.escape(json.dumps(name, ensure_ascii=False))}\\s*:", text[place:]))
        if not found:
            break
        place += found[-1 if last else 0].start()
    return place
