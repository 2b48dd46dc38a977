"""axe-core finds nothing serious on any page, in light and dark, wide and narrow, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenTab
from tests.browser.pages import LOOKS, PLACES, Look, show, show_phone, show_sign_in, signed_in
from tests.browser.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "services" / "console" / "web" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = {"serious", "critical"}
RUN = "axe.run(document, {resultTypes: ['violations']})"
CHOSEN = [look for look in LOOKS if look.name in {"wide-light-en", "wide-dark-zh", "narrow-dark-en", "narrow-light-zh"}]


@pytest.fixture(scope="module")
def axe() -> str:
    """The script that looks; it is a development requirement of the pages, there since they were built."""
    if not AXE.exists():
        pytest.fail(f"{AXE} is missing: build the pages in this checkout (pip install -e .)")
    return AXE.read_text(encoding="utf-8")


def found(page: Page, axe: str, name: str) -> list[str]:
    """Return what is seriously wrong with the page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)
    return [
        f"{name}: {violation['id']} ({violation['impact']}): {', '.join(node['html'][:160] for node in violation['nodes'][:3])}"
        f" {violation['nodes'][0]['failureSummary'][:200]}"
        for violation in page.evaluate(RUN)["violations"]
        if violation["impact"] in GRAVE
    ]


@pytest.mark.parametrize("look", CHOSEN, ids=lambda look: look.name)
def test_nothing_serious_is_found_on_any_page(stage: Stage, tab: OpenTab, axe: str, look: Look) -> None:
    incident = stage.struck()
    wrong = found(show_sign_in(tab(**look.options), stage), axe, "sign-in")
    wrong += found(show_phone(tab(**look.options), stage, incident["crew"]), axe, "phone")
    person = signed_in(tab(**look.options))
    for place in PLACES:
        wrong += found(show(person, place, incident), axe, place.name)
    assert wrong == [], wrong
