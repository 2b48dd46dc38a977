"""Figures: every number opens to what it is made of, and what is downloaded adds up to what is shown."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenTab
from tests.browser.stage import Stage

SECONDS = 3_600


def downloaded(page: Page, name: str, folder: Path) -> list[dict[str, str]]:
    """Download a file by its link on the page, and return its rows."""
    with page.expect_download() as download:
        page.get_by_role("link", name=f"{name} as a CSV file").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def number(text: str) -> float:
    found = re.search(r"[\d,]+(?:\.\d+)?", text)
    assert found is not None, text
    return float(found[0].replace(",", ""))


def test_a_number_opens_to_its_incidents_and_their_customers(stage: Stage, tab: OpenTab) -> None:
    incident = stage.struck()
    page = tab().sign_in("/figures")
    page.get_by_role("button", name=re.compile("Customers out now")).click()
    behind = page.get_by_role("region", name=re.compile("Behind it"))
    expect(behind).to_contain_text("Who is out now")
    expect(page.locator("#behind-title")).to_be_focused()
    row = behind.get_by_role("row").filter(has=page.get_by_title(incident["id"]))
    expect(row).to_contain_text(incident["device"])
    row.get_by_role("button", name=re.compile("^Customers of")).click()
    customers = page.get_by_role("region", name=re.compile("^Customers of"))
    known = stage.get(f"/api/incidents/{incident['id']}/customers?offset=0&limit=200")["rows"]
    out = {each["customer"] for each in known if each["restored_at_ms"] is None}
    expect(customers.get_by_role("rowheader")).to_have_count(len(out))
    assert set(customers.get_by_role("rowheader").all_inner_texts()) == out
    row.get_by_role("link").first.click()
    expect(page.get_by_role("region", name="Incident", exact=True)).to_contain_text(incident["device_number"])


def test_what_is_downloaded_adds_up_to_what_is_shown(stage: Stage, tab: OpenTab, tmp_path: Path) -> None:
    stage.struck()
    page = tab().sign_in("/figures")
    restored = page.get_by_role("button", name=re.compile("^Restored .*sustained"))
    expect(restored).to_contain_text("sustained interruptions")
    of = re.search(r"of ([\d,]+) sustained", restored.inner_text())
    assert of is not None
    feeders = downloaded(page, "Feeders", tmp_path)
    assert sum(int(row["sustained interruptions (customers)"]) for row in feeders) == number(of[1]) > 0

    shown = page.get_by_role("region", name="Customers behind it").locator(".head").inner_text()
    rows = downloaded(page, "Customers", tmp_path)
    says = re.search(r"([\d,]+) interruptions, ([\d,.]+) customer-hours", shown)
    assert says is not None, shown
    assert len(rows) == number(says[1])
    hours = sum(float(row["counted (seconds)"]) for row in rows) / SECONDS
    assert round(hours, 1) == number(says[2])
    assert {row["sustained (1 = yes)"] for row in rows} == {"1"}
