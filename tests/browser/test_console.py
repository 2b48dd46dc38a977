"""The console in a real browser: signing in and out, an incident that opens, a crew that a person chooses, and the undoing."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenTab
from tests.browser.stage import Row, Stage, until

REASON = "They know the place"


def options(page: Page) -> list[str]:
    """Return the ids of the incidents in the list."""
    return [
        str(each.get_attribute("id")).removeprefix("row-")
        for each in page.get_by_role("listbox", name="Incidents").get_by_role("option").all()
    ]


def assign(page: Page, crew: str, why: str) -> None:
    """Choose a crew in the dialog for it, which is open, and send."""
    dialog = page.get_by_role("dialog", name="Assign a crew")
    dialog.get_by_role("radio", name=re.compile(rf"^{crew}\b")).check()
    dialog.get_by_label("Why", exact=True).fill(why)
    dialog.get_by_role("button", name="Assign").click()
    expect(dialog).to_be_hidden()


def other_crew(stage: Stage, incident: Row, *but: str) -> str:
    """Return the best crew that may be sent, has nothing to do and is none of these."""
    costs = stage.get(f"/api/crews/costs?incident={incident['id']}")["costs"]
    return str(next(c["crew"] for c in costs if not c["forbidden"] and not c["leaves"] and c["crew"] not in but))


def test_a_wrong_password_is_told_the_right_one_enters_and_signing_out_ends_the_session(
    stage: Stage, tab: OpenTab
) -> None:
    here = tab()
    page = here.page
    page.goto(stage.url)
    page.get_by_label("User name").fill(stage.demo.user)
    page.get_by_label("Password").fill("not-the-password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text(re.compile(r"\w+"))
    page.get_by_label("Password").fill(stage.demo.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Live: incidents and map")
    kept = {cookie["name"]: cookie for cookie in here.context.cookies()}
    assert all(cookie["httpOnly"] for cookie in kept.values())
    assert here.context.request.get(f"{stage.url}/api/session").status == httpx.codes.OK

    page.get_by_role("banner").get_by_role("button", name=re.compile("Demo")).click()
    page.get_by_role("dialog", name="Demo (administrator)").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Lamplighter")).to_be_visible()
    with httpx.Client(base_url=stage.url, cookies={name: cookie["value"] for name, cookie in kept.items()}) as before:
        assert before.get("/api/sheets/summary?epoch=&since=-1").status_code == httpx.codes.UNAUTHORIZED


def test_an_incident_opens_in_the_list_without_a_reload_and_says_what_comes_next_and_why(
    stage: Stage, tab: OpenTab
) -> None:
    page = tab().sign_in()
    expect(
        page.get_by_role("application", name=re.compile("Map of the network")).locator("canvas").first
    ).to_be_visible()
    page.evaluate("window.notLoadedAnew = true")
    before = set(options(page))
    incident = stage.fresh()
    assert incident["id"] not in before
    row = page.locator(f"#row-{incident['id']}")
    expect(row).to_be_visible()
    expect(row).to_contain_text(incident["device_number"])
    expect(row.locator(".next")).to_have_text(re.compile(r"\w+"))
    expect(row.locator(".next ~ .soft")).to_have_text(re.compile(r"\w+"))
    expect(row).to_contain_text(stage.incident(incident["id"])["crew"])
    assert page.evaluate("window.notLoadedAnew") is True
    speed = page.locator("header .clock small")
    expect(speed).to_have_text("paused")
    stood = page.locator("header .clock time").inner_text()
    with stage.running(1):
        expect(speed).to_be_hidden()
        expect(page.locator("header .clock time")).not_to_have_text(stood)


def test_the_keyboard_alone_opens_an_incident_and_the_address_leads_a_colleague_to_it(
    stage: Stage, tab: OpenTab
) -> None:
    incident = stage.struck()
    page = tab().sign_in()
    expect(page.locator(f"#row-{incident['id']}")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys of the keyboard")).to_contain_text("Next row")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    for _ in options(page):
        page.keyboard.press("j")
        if page.locator(f"#row-{incident['id']}[aria-selected=true]").count():
            break
    page.keyboard.press("Enter")
    panel = page.get_by_role("region", name="Incident", exact=True)
    expect(panel).to_contain_text(incident["device_number"])
    expect(page).to_have_url(re.compile(incident["id"]))
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    colleague = tab().sign_in(f"/incidents/{incident['id']}")
    expect(colleague.get_by_role("region", name="Incident", exact=True)).to_contain_text(incident["device_number"])


def test_a_dispatcher_sends_another_crew_than_the_rule_did_takes_it_back_and_undoes(stage: Stage, tab: OpenTab) -> None:
    incident = stage.fresh()
    by_rule = incident["crew"]
    first = other_crew(stage, incident, by_rule)
    page = tab().sign_in(f"/incidents/{incident['id']}")
    panel = page.get_by_role("region", name="Incident", exact=True)
    expect(panel.get_by_role("tab", name=re.compile("Timeline"))).to_be_visible()

    page.keyboard.press("a")
    assign(page, first, REASON)
    expect(page.get_by_role("status").get_by_text("Crew assigned")).to_be_visible()
    row = until(lambda: (now := stage.incident(incident["id"]))["crew"] == first and now, "the order of that crew")
    assert row["order"] != incident["order"]
    panel.get_by_role("tab", name=re.compile("Orders")).click()
    orders = panel.get_by_role("tabpanel").get_by_role("listitem")
    expect(orders.filter(has_text=first).filter(has_text="sent by a person").first).to_be_visible()
    panel.get_by_role("tab", name=re.compile("Timeline")).click()
    action = panel.get_by_role("tabpanel").locator("li.action", has_text=REASON)
    expect(action).to_contain_text("Demo")

    second = other_crew(stage, incident, by_rule, first)
    page.keyboard.press("a")
    assign(page, second, "Nearer after all")
    until(lambda: stage.incident(incident["id"])["crew"] == second, "the order of the next crew")
    expect(page.locator(f"#row-{incident['id']}")).to_contain_text(second)

    panel.get_by_role("button", name=re.compile("^Hold")).click()
    dialog = page.get_by_role("dialog", name="Hold the work")
    dialog.get_by_role("button", name="Hold").click()
    expect(dialog.get_by_text("Say why")).to_be_visible()
    dialog.get_by_label("Why", exact=True).fill("Too dangerous now")

    def held() -> bool:
        """Send it; what was decided while the form was open is looked at first, as the form asks."""
        for name in ("I have seen it, go on", "Hold"):
            button = dialog.get_by_role("button", name=name)
            if button.is_visible() and button.is_enabled():
                button.click()
        return bool(stage.incident(incident["id"])["held"])

    until(held, "the work is held")
    toast = page.locator(".toast").filter(has=page.get_by_role("button", name="Undo"))
    toast.filter(has_text=re.compile("held|Held")).get_by_role("button", name="Undo").click()
    page.get_by_role("dialog", name="Undo this?").get_by_role("button", name="Undo").click()
    until(lambda: not stage.incident(incident["id"])["held"], "the hold is undone")
    panel.get_by_role("tab", name=re.compile("Actions")).click()
    expect(panel.get_by_role("tabpanel")).to_contain_text("Undone")


@pytest.mark.parametrize("path", ["/incidents/there-is-none", "/hazards/there-is-none"])
def test_an_address_of_nothing_says_so(tab: OpenTab, path: str) -> None:
    page = tab().sign_in(path)
    expect(page.get_by_role("region", name="Details")).to_contain_text(re.compile("not there|there is none"))
