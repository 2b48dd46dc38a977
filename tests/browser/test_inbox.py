"""What needs a person: it comes without a reload, is dealt with once, and vanishes for everybody."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenTab
from tests.browser.stage import Row, Stage, until


def waiting(stage: Stage, customer: str) -> Row:
    """Return the row of the report that names this customer, which nobody knows."""
    return until(
        lambda: next((row for row in stage.rows("inbox") if row["facts"].get("customer") == customer), None),
        "the report is in the inbox",
    )


def line(page: Page, row: Row) -> Locator:
    return page.locator(f'[data-row="{row["id"]}"]')


def test_a_report_that_could_not_be_placed_is_placed_by_one_and_vanishes_for_all(stage: Stage, tab: OpenTab) -> None:
    incident = stage.struck()
    home = stage.get(f"/api/incidents/{incident['id']}/customers?offset=0&limit=1")["rows"][0]["customer"]
    here, there = tab().sign_in("/inbox"), tab().sign_in("/inbox?kind=report")
    stage.report("The lamp at the mill is dark too", "NOBODY-7")
    row = waiting(stage, "NOBODY-7")
    for page in (here, there):
        expect(line(page, row)).to_be_visible()
    expect(line(here, row)).to_contain_text("NOBODY-7")
    line(here, row).get_by_role("button", name=re.compile("^Place")).click()
    dialog = here.get_by_role("dialog")
    dialog.get_by_role("combobox").fill(home)
    dialog.get_by_role("option", name=re.compile(home)).click()
    dialog.get_by_label("Why", exact=True).fill("Called back")
    dialog.get_by_role("button", name=re.compile("^Place")).click()
    expect(dialog).to_be_hidden()
    for page in (here, there):
        expect(line(page, row)).to_be_hidden()
    assert row["id"] not in {each["id"] for each in stage.rows("inbox")}


def test_who_is_second_is_told_who_was_first(stage: Stage, tab: OpenTab) -> None:
    person = stage.person("dispatcher", "Clara")
    stage.report("Something hums", "NOBODY-8")
    row = waiting(stage, "NOBODY-8")
    here, there = tab().sign_in("/inbox", person), tab().sign_in("/inbox")
    expect(line(here, row)).to_be_visible()
    line(there, row).get_by_role("button", name=re.compile("^Dismiss")).click()
    second = there.get_by_role("dialog")
    second.get_by_label("Why", exact=True).fill("Not our customer")
    there.route(re.compile("/api/sheets/inbox"), lambda route: route.abort())
    line(here, row).get_by_role("button", name=re.compile("^Dismiss")).click()
    first = here.get_by_role("dialog")
    first.get_by_label("Why", exact=True).fill("Said twice")
    first.get_by_role("button", name=re.compile("^Dismiss")).click()
    expect(line(here, row)).to_be_hidden()
    second.get_by_role("button", name=re.compile("^Dismiss")).click()
    expect(there.get_by_text(f"{person.name} dealt with this")).to_be_visible()
