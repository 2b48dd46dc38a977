"""Two people on one incident: they see each other, and what one decided on a sight that was old is not done."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenTab
from tests.browser.stage import Person, Row, Stage, until

TYPED = "Waits for the pole from the north"


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Incident", exact=True)


def open_form(page: Page) -> Locator:
    """Open the form that holds the work of the incident shown."""
    expect(panel(page).get_by_role("tab", name=re.compile("Timeline"))).to_be_visible()
    page.keyboard.press("h")
    dialog = page.get_by_role("dialog", name="Hold the work")
    expect(dialog).to_be_visible()
    return dialog


def send(dialog: Locator, why: str) -> None:
    dialog.get_by_label("Why", exact=True).fill(why)
    dialog.get_by_role("button", name="Hold", exact=True).click()


def actions(stage: Stage, incident: str, person: Person) -> list[Row]:
    """Return what this person did at the incident."""
    detail: dict[str, Any] = stage.get(f"/api/incidents/{incident}")
    return [action for action in detail["actions"] if action["by"] == person.user]


@pytest.fixture(scope="module")
def anna(stage: Stage) -> Person:
    return stage.person("dispatcher", "Anna")


@pytest.fixture(scope="module")
def bruno(stage: Stage) -> Person:
    return stage.person("dispatcher", "Bruno")


def test_two_who_look_at_one_incident_see_each_other_and_what_the_other_types(
    stage: Stage, tab: OpenTab, anna: Person, bruno: Person
) -> None:
    at = f"/incidents/{stage.struck()['id']}"
    here, there = tab().sign_in(at, anna), tab().sign_in(at, bruno)
    expect(panel(here)).to_contain_text(f"{bruno.name} looks at this")
    expect(panel(there)).to_contain_text(f"{anna.name} looks at this")
    dialog = open_form(there)
    expect(panel(here)).to_contain_text(f"{bruno.name} writes here")
    dialog.get_by_role("button", name="Cancel").click()
    expect(panel(here)).to_contain_text(f"{bruno.name} looks at this")
    there.goto(f"{stage.url}/crews")
    expect(panel(here)).not_to_contain_text(bruno.name)


def test_a_form_that_is_open_says_what_changed_meanwhile_and_sends_only_after_it_was_seen(
    stage: Stage, tab: OpenTab, anna: Person, bruno: Person
) -> None:
    incident = stage.fresh()["id"]
    here, there = (
        tab().sign_in(f"/incidents/{incident}", anna),
        tab().sign_in(f"/incidents/{incident}", bruno),
    )
    first, second = open_form(here), open_form(there)
    second.get_by_label("Why", exact=True).fill(TYPED)
    send(first, "Too dangerous now")
    expect(first).to_be_hidden()
    expect(second.get_by_role("alert")).to_contain_text("This changed since you opened the form.")
    expect(second.get_by_role("alert")).to_contain_text("Held")
    expect(second.get_by_role("button", name="Hold", exact=True)).to_be_disabled()
    expect(second.get_by_label("Why", exact=True)).to_have_value(TYPED)
    assert actions(stage, incident, bruno) == []


def test_a_decision_on_an_old_sight_is_refused_with_the_name_of_who_changed_it_and_keeps_what_was_typed(
    stage: Stage, tab: OpenTab, anna: Person, bruno: Person
) -> None:
    incident = stage.fresh()["id"]
    here, there = (
        tab().sign_in(f"/incidents/{incident}", anna),
        tab().sign_in(f"/incidents/{incident}", bruno),
    )
    first, second = open_form(here), open_form(there)
    sheets = re.compile("/api/sheets/incidents")
    there.route(sheets, lambda route: route.abort())  # a slow line: the change does not get there before the decision
    send(first, "Too dangerous now")
    expect(first).to_be_hidden()
    until(lambda: stage.incident(incident)["held"], "the work is held")
    panel(here).get_by_role("button", name=re.compile("^Release")).click()
    release = here.get_by_role("dialog", name="Release the work")
    release.get_by_label("Why", exact=True).fill("The danger is over")
    release.get_by_role("button", name="Release", exact=True).click()
    until(lambda: not stage.incident(incident)["held"], "the work is released")

    send(second, TYPED)
    expect(second.get_by_role("alert")).to_contain_text(f"{anna.name} changed this at")
    expect(second.get_by_role("alert")).to_contain_text("Nothing of yours was done.")
    expect(second.get_by_label("Why", exact=True)).to_have_value(TYPED)
    assert actions(stage, incident, bruno) == []
    assert not stage.incident(incident)["held"]

    there.unroute(sheets)
    with stage.running(1):
        note = {"kind": "note", "seen": 0, "why": "", "words": "said by phone"}
        stage.post(f"/api/incidents/{incident}/actions", note)
        expect(there.locator(f"#row-{incident}").get_by_title("1 remark")).to_be_visible()
    second.get_by_role("button", name="I have seen it, go on").click()
    second.get_by_role("button", name="Hold", exact=True).click()
    expect(second).to_be_hidden()
    until(lambda: stage.incident(incident)["held"], "the work is held by the other one")
    assert [action["why"] for action in actions(stage, incident, bruno)] == [TYPED]
