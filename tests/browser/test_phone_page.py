"""The page of a crew's phone in a real browser, on a bad line: what is said without a network is kept, sent once, and in order."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from services.settings import Settings
from tests.access.console import ask
from tests.browser.chromium import arguments_or_skip
from tests.console.crew_desk import CrewDesk, crew_desk

LOST_WITHIN_MS = 30_000


@pytest.fixture
async def desk(server_dsn: str) -> AsyncIterator[CrewDesk]:
    async with crew_desk(server_dsn) as running:
        yield running


@pytest.fixture
async def browser(settings: Settings) -> AsyncIterator[Browser]:
    """The browser. Where there is none the tests are skipped, saying so; under CI that is an error."""
    arguments = arguments_or_skip(settings.cache_dir / "browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**arguments)
        yield browser
        await browser.close()


@contextlib.asynccontextmanager
async def phone(desk: CrewDesk, browser: Browser) -> AsyncIterator[Page]:
    """Lend the phone of the crew that has the order, opened by its link."""
    async with desk.browser("dora") as dispatcher:
        path = (await ask(dispatcher, "POST", f"/api/crews/{desk.crew}/link"))[1]["path"]
    context = await browser.new_context(
        locale="en-GB", timezone_id="UTC", viewport={"width": 375, "height": 760}, has_touch=True
    )
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(desk.base.rstrip("/") + path)
    await expect(page.get_by_role("button", name="Accept")).to_be_visible()
    assert "#" not in page.url, "the token does not stay in the address"
    yield page
    assert errors == []
    await context.close()


async def say(page: Page, step: str) -> None:
    """Take the step that comes next."""
    await page.locator("footer").get_by_role("button", name=step).click()


async def decided(desk: CrewDesk, page: Page, messages: int) -> None:
    """Wait until the server has so many messages of the phone, and let the stage decide them."""
    said = "SELECT count(*) FROM outbox WHERE stage = 'phone'"
    while await desk.one(said) < messages:
        await page.wait_for_timeout(50)
    await desk.settle()


async def test_an_order_is_done_by_phone_though_the_network_goes_and_the_page_is_loaded_anew(
    desk: CrewDesk, browser: Browser
) -> None:
    async with phone(desk, browser) as page:
        await say(page, "Accept")
        await decided(desk, page, 1)
        await expect(page.get_by_text("Up to date")).to_be_visible()
        while not await page.evaluate("caches.match('/phone', { cacheName: 'lamplighter-phone' }).then(Boolean)"):
            await page.wait_for_timeout(50)

        await page.context.set_offline(True)
        await say(page, "On the way")
        await say(page, "Arrived")
        await expect(page.get_by_text("2 messages wait for the network")).to_be_visible()
        await expect(page.get_by_text("No connection since")).to_be_visible(timeout=LOST_WITHIN_MS)
        await page.reload()
        await expect(page.get_by_text("2 messages wait for the network")).to_be_visible()
        await say(page, "I see what it is")
        await page.get_by_role("button", name="in 45 min").click()
        await page.get_by_role("dialog").get_by_role("button", name="I see what it is").click()
        await expect(page.get_by_text("3 messages wait for the network")).to_be_visible()

        await page.context.set_offline(False)
        await decided(desk, page, 4)
        await expect(page.get_by_text("for the network")).to_be_hidden(timeout=LOST_WITHIN_MS)
        await expect(page.get_by_text("you said: done by")).to_be_visible(timeout=LOST_WITHIN_MS)
        await page.get_by_label("More").get_by_role("button", name="Done").click()
        await page.get_by_role("button", name="vegetation").click()
        await page.get_by_role("dialog").get_by_role("button", name="Done").click()
        await decided(desk, page, 5)
        await expect(page.get_by_role("heading", name="No order")).to_be_visible(timeout=LOST_WITHIN_MS)
    row = await desk.connection.fetchrow('SELECT state, cause FROM crew_order WHERE "order" = $1', desk.order)
    assert tuple(row or ()) == ("done", "VEGETATION")
    assert await desk.one("SELECT count(*) FROM inbox WHERE topic = 'crew.status'") == 5


async def test_an_order_that_is_taken_back_is_said_loudly(desk: CrewDesk, browser: Browser) -> None:
    async with phone(desk, browser) as page, desk.browser("dora") as dispatcher:
        off = {"status": "offDuty", "why": "flooded road"}
        assert (await ask(dispatcher, "POST", f"/api/crews/{desk.crew}/status", off))[0] == 202
        await desk.settle()
        await expect(page.get_by_text("Your order was taken back")).to_be_visible(timeout=LOST_WITHIN_MS)
        await expect(page.get_by_role("heading", name="off duty")).to_be_visible()
        await say(page, "Sign on")
        await decided(desk, page, 1)
        assert await desk.one("SELECT state FROM crew_duty WHERE crew = $1", desk.crew) in {"available", "ordered"}


async def test_a_link_that_was_used_says_so(desk: CrewDesk, browser: Browser) -> None:
    async with desk.browser("dora") as dispatcher, desk.browser() as first:
        path = (await ask(dispatcher, "POST", f"/api/crews/{desk.crew}/link"))[1]["path"]
        assert (await ask(first, "POST", "/api/crew/enter", {"token": path.removeprefix("/phone#")}))[0] == 200
    context = await browser.new_context(locale="zh-CN", timezone_id="UTC")
    page = await context.new_page()
    await page.goto(desk.base.rstrip("/") + path)
    await expect(page.get_by_role("heading", name="该链接已使用或已过期")).to_be_visible()
    await context.close()
