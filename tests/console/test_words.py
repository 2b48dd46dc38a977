"""The console has words of people, in both languages, for every code that it may have to show."""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path

import pytest

import services
from services.notices.gateways.smpp_codes import REFUSALS
from services.notices.moments import Moment
from services.notices.templates import TEXTS
from services.outages.arguing import Code

HOUSE = Path(services.__path__[0])
WORDS = HOUSE / "console" / "web" / "src" / "words"
LONGEST = 60
"""Characters of a reason: it stands in one line of the list beside what happens next."""
_ENTRY = re.compile(r'^ {2}(\w+): \["([^"]+)", "([^"]+)"\],$', re.MULTILINE)
NUMBERS = {
    Code(str(ast.literal_eval(said.value))): str(ast.literal_eval(meant.value))
    for node in ast.parse((HOUSE / "outages" / "arguing.py").read_text(encoding="utf-8")).body
    if isinstance(node, ast.ClassDef) and node.name == "Code"
    for said, meant in itertools.pairwise(node.body)
    if isinstance(said, ast.Assign) and isinstance(meant, ast.Expr)
}
"""What each argument says, with the names of its numbers in braces."""
_REFUSED = re.compile(r'(?:Unreadable|Unplaced)\(\s*"(\w+)"')


def said() -> dict[str, tuple[str, str]]:
    """Return every reason with its words in English and Chinese."""
    entries = [
        entry
        for path in sorted((WORDS / "reasons").glob("*.ts"))
        for entry in _ENTRY.findall(path.read_text(encoding="utf-8"))
    ]
    assert len(entries) == len({code for code, _, _ in entries}), "a code stands there twice"
    return {code: (english, chinese) for code, english, chinese in entries}


def codes_of(room: Path) -> set[str]:
    """Return the codes of a room's reasons, as the reference lists them."""
    module = ast.parse(room.read_text(encoding="utf-8"))
    return {
        str(ast.literal_eval(node.value))
        for enumeration in module.body
        if isinstance(enumeration, ast.ClassDef)
        for node in enumeration.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }


@pytest.mark.parametrize("room", sorted(HOUSE.glob("*/reasons.py")), ids=lambda path: path.parent.name)
def test_every_reason_of_a_room_has_words(room: Path) -> None:
    assert codes_of(room) - said().keys() == set()


def test_every_argument_has_words() -> None:
    text = (WORDS / "arguments.ts").read_text(encoding="utf-8")
    english, _, rest = text.partition("words(\n  {")[2].partition("\n  },\n  {")
    chinese = rest.partition("\n  },\n);")[0]
    listed = text.partition("new Set<Key>([")[2].partition("]);")[0]
    for code in Code:
        assert f"{code}: " in english, code
        assert f"{code}: " in chinese, code
        assert f'"{code}"' in listed, code
        for name in re.findall(r"\{(\w+)\}", NUMBERS[code]):
            shown = {"at_ms": "at", "within_s": "within"}.get(name, name)
            assert f"{{{shown}}}" in english.partition(f"{code}: ")[2].partition('",')[0], (code, name)


def test_every_reason_to_put_a_message_aside_has_words() -> None:
    sources = [path for folder in (HOUSE, HOUSE.parent / "schemas") for path in folder.rglob("*.py")]
    codes = {code for path in sources for code in _REFUSED.findall(path.read_text(encoding="utf-8"))}
    assert codes >= {"malformed", "unexpectedEvent"}
    assert codes - said().keys() == set()


def test_every_refusal_of_the_operator_has_words() -> None:
    assert {refusal.reason for refusal in REFUSALS.values()} - said().keys() == set()


def test_a_reason_fits_into_a_line_and_is_chinese_in_chinese() -> None:
    for code, (english, chinese) in said().items():
        assert len(english) <= LONGEST, code
        assert re.search(r"[\u4e00-\u9fff]", chinese), code


def coded(module: str, name: str) -> set[str]:
    """Return the codes that a list of words knows."""
    text = (
        (WORDS / f"{module}.ts")
        .read_text(encoding="utf-8")
        .partition(f"export const {name} = codes({{")[2]
        .partition("});")[0]
    )
    return set(re.findall(r"(\w+): \[", text))


def test_every_moment_and_text_and_case_has_words() -> None:
    assert {moment.value for moment in Moment} - coded("states", "noticeMoment") == set()
    sections, cases = zip(*(key.split(".") for key in TEXTS), strict=True)
    assert set(sections) - coded("texts", "textName") == set()
    assert set(cases) - coded("texts", "textCase") == set()


def test_every_moment_and_state_of_a_text_can_be_filtered_by() -> None:
    naming = (WORDS.parent / "texts" / "naming.ts").read_text(encoding="utf-8")
    assert {moment.value for moment in Moment} == set(re.findall(r'"(\w+)"', naming.partition("MOMENTS")[2]))
    assert (
        set(re.findall(r'"(\w+)"', naming.partition("STATES")[2].partition("]")[0])) - coded("states", "effectState")
        == set()
    )
