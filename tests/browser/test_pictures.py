"""Every page in every look: its landmark is there, nothing is wider than the window or in the wrong language. Pictures are kept.

They lie in `LAMPLIGHTER_SCREENSHOTS`, or in `.lamplighter/screenshots` of the checkout.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenTab
from tests.browser.pages import LOOKS, PLACES, Look, show, show_phone, show_sign_in, signed_in
from tests.browser.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
WORDS = ROOT / "services" / "console" / "web" / "src" / "words"
PAIR = re.compile(r'(\w+): "((?:[^"\\]|\\.)*)"')
LONG = 8
SHOWN = """() => {
  const seen = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    const other = parent.closest('script, style, .mono, [lang="en"], [translate="no"]'); // data, not words of the page
    if (!other && parent.checkVisibility()) seen.push(walker.currentNode.data.trim());
  }
  for (const each of document.querySelectorAll(':is([placeholder], [aria-label], [title]):not([translate="no"])'))
    for (const name of ['placeholder', 'aria-label', 'title'])
      if (each.hasAttribute(name)) seen.push(each.getAttribute(name).trim());
  return seen.filter(Boolean);
}"""

LETTERS = """() => {
  const says = [...document.querySelectorAll('h1, h2')].map((each) => each.textContent).join('').replace(/[^\\u4e00-\\u9fff]/g, '');
  return says.length > 0 && document.fonts.check('16px "Noto Sans SC Variable"', says);
}"""


@pytest.fixture(scope="module")
def pictures() -> Path:
    folder = Path(os.environ.get("LAMPLIGHTER_SCREENSHOTS", ROOT / ".lamplighter" / "screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def sentences() -> Iterator[str]:
    """Yield the English words of the pages that Chinese ones do not use too: those long enough to be words of a page."""
    for path in sorted(WORDS.glob("*.ts")):
        text = path.read_text(encoding="utf-8")
        _, _, both = text.partition("words(\n  {")
        english, _, chinese = both.partition("\n  },\n  {")
        known = dict(PAIR.findall(chinese.partition("\n  },\n);")[0]))
        for name, said in PAIR.findall(english):
            if "{" not in said and len(said) >= LONG and known.get(name) != said:
                yield said


ENGLISH = frozenset(sentences())


def judge(page: Page, look: Look, name: str, folder: Path) -> list[str]:
    """Keep a picture; return what is wrong with the page."""
    page.screenshot(path=folder / f"{name}-{look.name}.png")
    wrong = []
    if page.locator("main:visible").count() != 1:
        wrong.append("has not one main landmark")
    if page.get_by_role("heading").count() == 0:
        wrong.append("has no heading")
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    if wide > window:
        wrong.append(f"is {wide} px wide in a window of {window} px")
    if look.chinese:
        if not page.evaluate(LETTERS):
            wrong.append("has no letters for its Chinese heading")
        if english := ENGLISH & set(page.evaluate(SHOWN)):
            wrong.append(f"speaks English: {sorted(english)}")
    return [f"{name} in {look.name} {each}" for each in wrong]


def test_there_are_words_to_look_for() -> None:
    assert len(ENGLISH) > 100
    assert "Connecting" in ENGLISH


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_every_page_looks_as_it_must(stage: Stage, tab: OpenTab, pictures: Path, look: Look) -> None:
    incident = stage.struck()
    wrong = judge(show_sign_in(tab(**look.options), stage), look, "sign-in", pictures)
    wrong += judge(show_phone(tab(**look.options), stage, incident["crew"]), look, "phone", pictures)
    person = signed_in(tab(**look.options))
    for place in PLACES:
        wrong += judge(show(person, place, incident), look, place.name, pictures)
    assert wrong == [], wrong
