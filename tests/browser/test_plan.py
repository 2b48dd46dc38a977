"""The plan in a real browser: what a crew does and why, a change that is tried, and a crew that a dispatcher keeps away."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenTab
from tests.browser.stage import Row, Stage, until


def test_the_plan_shows_what_a_crew_does_and_a_change_is_tried_without_changing_anything(
    stage: Stage, tab: OpenTab
) -> None:
    incident = stage.struck()
    page = tab().sign_in("/plan")
    expect(page.get_by_text("Crews are sent: by the plan")).to_be_visible()
    row = page.get_by_role("listitem").filter(has=page.get_by_role("link", name=incident["crew"], exact=True))
    expect(row.get_by_role("link", name=re.compile(incident["device_number"]))).to_be_visible()
    expect(row.get_by_role("img")).to_have_attribute("aria-label", re.compile(incident["device_number"]))
    orders = stage.get(f"/api/incidents/{incident['id']}")["orders"]

    tried = page.get_by_role("region", name="What if …")
    tried.get_by_role("combobox", name="Change").select_option("A depot closed")
    tried.get_by_role("combobox", name="Depot").select_option(index=1)
    tried.get_by_role("button", name="Try").click()
    expect(tried.get_by_role("status")).to_contain_text(re.compile("customer-minutes (more|fewer)|no difference"))
    expect(tried.get_by_role("row", name=re.compile("customer-minutes out"))).to_have_count(1)
    tried.get_by_role("combobox", name="Change").select_option("A crew sent to this work")
    expect(tried.get_by_role("status")).to_have_count(0)
    tried.get_by_role("button", name="Try").click()
    expect(tried.get_by_role("alert")).to_have_text("Choose what to change.")
    assert stage.get(f"/api/incidents/{incident['id']}")["orders"] == orders


def test_a_crew_is_kept_from_an_incident_after_its_cost_was_shown_and_another_one_goes(
    stage: Stage, tab: OpenTab
) -> None:
    incident = stage.fresh()
    crew = incident["crew"]
    page = tab().sign_in(f"/incidents/{incident['id']}")
    panel = page.get_by_role("region", name="Incident", exact=True)
    expect(panel.get_by_text(re.compile(rf"{crew} goes there"))).to_be_visible()
    panel.get_by_role("button", name="Forbid crew").click()
    dialog = page.get_by_role("dialog", name="Forbid a crew this work")
    expect(dialog.get_by_role("combobox")).to_have_value(crew)
    expect(dialog.get_by_role("status")).to_contain_text(re.compile("customer-minutes"))
    dialog.get_by_label("Why", exact=True).fill("The road is too narrow for its truck")
    dialog.get_by_role("button", name="Forbid crew").click()
    expect(dialog).to_be_hidden()

    def other() -> Row | None:
        row = stage.incident(incident["id"])
        return row if row["crew"] not in {None, crew} else None

    until(other, "the order of another crew")
    expect(panel.get_by_text(f"forbidden to {crew}")).to_be_visible()
    expect(panel.get_by_role("button", name="Allow crew again")).to_be_visible()
