"""The pinned Chromium, and tabs in it that look at a running exercise."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from services.settings import Settings
from tests.browser import stage as stages
from tests.browser.chromium import arguments_or_skip
from tests.browser.stage import WITHIN_MS, Person, Stage

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares the exercise runs in one process, one after the other."""
    for item in items:
        if item.path.parent == HERE and "stage" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="module")
def chromium(settings: Settings) -> Iterator[Browser]:
    """The browser. Where there is none the tests are skipped, saying so; under CI that is an error.

    It lives as long as a module: while Playwright runs, no test with an event loop of its own can.
    """
    arguments = arguments_or_skip(settings.cache_dir / "browser")
    expect.set_options(timeout=WITHIN_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """An exercise of its own; its clock stands but while a test lets it run."""
    with stages.started() as running:
        yield running


class Tab:
    """A browser tab of a person: an error in a page, and a request to another host, fails the test."""

    def __init__(self, stage: Stage, context: BrowserContext) -> None:
        self.stage = stage
        self.context = context
        self.page: Page = context.new_page()
        context.set_default_timeout(WITHIN_MS)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        context.on("request", lambda request: self._asked(request.url))

    def _asked(self, url: str) -> None:
        if not url.startswith((self.stage.url, "data:", "blob:")):
            self.errors.append(f"asked {url}")

    def sign_in(self, path: str = "/", person: Person | None = None) -> Page:
        """Sign in, as the first user if nobody else is named, and open a page of the console."""
        who = person or self.stage.demo
        body = {"user": who.user, "password": who.password}
        answer = self.context.request.post(f"{self.stage.url}/api/session", data=body)
        assert answer.ok, answer.text()
        return self.open(path)

    def open(self, path: str) -> Page:
        """Open a page of the console."""
        self.page.goto(f"{self.stage.url}{path}")
        self.page.locator("header nav").wait_for()
        return self.page


OpenTab = Callable[..., Tab]


@pytest.fixture
def tab(chromium: Browser, stage: Stage) -> Iterator[OpenTab]:
    """Opens tabs, each in a browser of its own; options are those of a browser context."""
    with contextlib.ExitStack() as open_tabs:
        tabs: list[Tab] = []

        def open_tab(**options: Any) -> Tab:
            wanted = {"locale": "en-GB", "timezone_id": "UTC", "viewport": {"width": 1440, "height": 900}, **options}
            context = chromium.new_context(**wanted)
            open_tabs.callback(context.close)
            tabs.append(Tab(stage, context))
            return tabs[-1]

        yield open_tab
        assert [error for each in tabs for error in each.errors] == []
