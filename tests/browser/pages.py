"""Every page of the console as a person may see it: where it is, how it is opened, and in which looks."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Tab
from tests.browser.stage import Row, Stage

WIDE: Row = {"viewport": {"width": 1600, "height": 950}}
NARROW: Row = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """In which size, light and language a page is looked at."""

    name: str
    options: Row

    @property
    def chinese(self) -> bool:
        """Whether the page speaks Chinese."""
        return bool(self.options["locale"] == "zh-CN")


LOOKS = tuple(
    Look(f"{size}-{scheme}-{language}", {**viewport, "color_scheme": scheme, "locale": locale})
    for size, viewport in (("wide", WIDE), ("narrow", NARROW))
    for scheme in ("light", "dark")
    for language, locale in (("en", "en-GB"), ("zh", "zh-CN"))
)


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """A page: its name, its address (`{incident}` and `{crew}` are filled in), and what is opened on it."""

    name: str
    path: str
    open: Callable[[Page], Any] = lambda _: None


def _tab(page: Page, name: str) -> None:
    page.locator(f'[data-tab="{name}"]').click()


def _texts(page: Page) -> None:
    page.locator("[data-text], .ledger .empty").first.wait_for()


def _incident_texts(page: Page) -> None:
    _tab(page, "texts")
    _texts(page)


def _text(page: Page) -> None:
    _texts(page)
    for line in page.locator("[data-text]").all()[:1]:
        line.click()


def _assign(page: Page) -> None:
    page.locator('[data-tab="timeline"]').wait_for()
    page.keyboard.press("a")
    page.locator("dialog table tbody tr").first.wait_for()


def _keys(page: Page) -> None:
    page.locator(".incident").first.wait_for()
    page.keyboard.press("?")
    page.locator("dialog kbd").first.wait_for()


def _drill(page: Page) -> None:
    page.locator("aside.drill .tall").click()
    page.locator("aside.drill [role=tab]").nth(2).click()
    page.locator("aside.drill dl").wait_for()


PLACES = (
    Place("live", "/", lambda page: page.locator(".incident").first.wait_for()),
    Place("incident", "/incidents/{incident}", lambda page: page.locator("li.decision").first.wait_for()),
    Place("incident-hypotheses", "/incidents/{incident}", lambda page: _tab(page, "hypotheses")),
    Place("incident-orders", "/incidents/{incident}", lambda page: _tab(page, "orders")),
    Place("incident-customers", "/incidents/{incident}", lambda page: _tab(page, "customers")),
    Place("incident-switching", "/incidents/{incident}", lambda page: _tab(page, "switching")),
    Place("incident-texts", "/incidents/{incident}", _incident_texts),
    Place("assign", "/incidents/{incident}", _assign),
    Place("plan", "/plan", lambda page: page.locator(".line .bar").first.wait_for()),
    Place("crews", "/crews?crew={crew}", lambda page: page.locator("section.card").wait_for()),
    Place("inbox", "/inbox", lambda page: page.locator("[data-row]").first.wait_for()),
    Place("texts", "/texts", _text),
    Place("texts-gateways", "/texts?view=gateways", lambda page: page.locator("figure .host canvas").wait_for()),
    Place("texts-broadcast", "/texts?view=broadcast", lambda page: page.locator("textarea").first.wait_for()),
    Place("texts-wording", "/texts?view=wording", lambda page: page.locator("li .words").first.wait_for()),
    Place("figures", "/figures", lambda page: page.locator("#behind-title").wait_for()),
    Place("admin-users", "/admin", lambda page: page.locator("tbody tr").first.wait_for()),
    Place("admin-actions", "/admin?part=actions", lambda page: page.locator("tbody tr").first.wait_for()),
    Place("drill", "/", _drill),
    Place("keys", "/", _keys),
)


def signed_in(tab: Tab) -> Tab:
    """Sign in; the panel of the exercise is closed at first."""
    tab.context.add_init_script("localStorage.setItem('lamplighter.drill', 'closed')")
    tab.sign_in()
    return tab


def show(tab: Tab, place: Place, incident: Row) -> Page:
    """Open a page; the tab is signed in."""
    page = tab.open(place.path.format(incident=incident["id"], crew=incident["crew"]))
    place.open(page)
    page.evaluate("document.fonts.ready")
    expect(page.locator(".toast")).to_have_count(0)
    return page


def show_phone(tab: Tab, stage: Stage, crew: str) -> Page:
    """Open the page of this crew's phone."""
    tab.page.goto(stage.url + stage.post(f"/api/crews/{crew}/link", {})["path"])
    tab.page.locator("main section").first.wait_for()
    tab.page.evaluate("document.fonts.ready")
    return tab.page


def show_sign_in(tab: Tab, stage: Stage) -> Page:
    """Open the page on which one signs in."""
    tab.page.goto(stage.url)
    tab.page.locator("form h1").wait_for()
    tab.page.evaluate("document.fonts.ready")
    return tab.page
