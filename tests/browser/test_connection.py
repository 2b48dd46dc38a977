"""The line goes and comes back, the server dies: what is on the screen says how old it is, and becomes new by itself."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenTab
from tests.browser.stage import Stage, until

AT_ONCE_MS = 10_000
LOST = re.compile(r"Connection lost since .+\. What you see is as of \d\d:\d\d:\d\d")


def lost(page: Page) -> None:
    expect(page.get_by_role("alert").filter(has_text=LOST)).to_be_visible(timeout=AT_ONCE_MS)


def live(page: Page) -> None:
    expect(page.get_by_role("alert").filter(has_text="Connection lost")).to_be_hidden()


def note(stage: Stage, incident: str, words: str) -> None:
    """Let another person write a note."""
    body = {"kind": "note", "seen": 0, "why": "", "words": words}
    stage.post(f"/api/incidents/{incident}/actions", body)
    until(lambda: stage.incident(incident)["remarks"], "the note is decided")


def test_a_lost_line_is_told_at_once_with_its_time_and_what_was_missed_appears_by_itself(
    stage: Stage, tab: OpenTab
) -> None:
    incident = stage.fresh()["id"]
    here = tab()
    page = here.sign_in(f"/incidents/{incident}")
    remark = page.locator(f"#row-{incident}").get_by_title("1 remark")
    expect(page.locator(f"#row-{incident}")).to_be_visible()
    expect(page.get_by_role("tab", name=re.compile("Timeline"))).to_be_visible()

    here.context.set_offline(True)
    lost(page)
    since = page.get_by_role("alert").filter(has_text="Connection lost").inner_text()
    note(stage, incident, "Said while the line was away")
    expect(page.get_by_role("alert").filter(has_text="Connection lost")).not_to_have_text(since)
    assert remark.count() == 0
    assert page.locator(".live.stale").count() == 1, "what is old looks so"

    here.context.set_offline(False)
    live(page)
    expect(remark).to_be_visible()
    expect(page.get_by_role("tabpanel")).to_contain_text("Said while the line was away")


def test_what_is_sent_while_the_line_is_away_is_kept_in_the_form_and_done_once(stage: Stage, tab: OpenTab) -> None:
    incident = stage.fresh()["id"]
    here = tab()
    page = here.sign_in(f"/incidents/{incident}")
    expect(page.get_by_role("tab", name=re.compile("Timeline"))).to_be_visible()
    page.keyboard.press("n")
    dialog = page.get_by_role("dialog", name="Write a note")
    dialog.get_by_label("Note").fill("Gate is locked, key at the farm")
    here.context.set_offline(True)
    dialog.get_by_role("button", name="Note", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("It is not known whether this was done")
    here.context.set_offline(False)
    live(page)
    dialog.get_by_role("button", name="Note", exact=True).click()
    expect(dialog).to_be_hidden()
    until(lambda: stage.incident(incident)["remarks"], "the note is decided")
    assert stage.incident(incident)["remarks"] == 1


def test_the_server_is_killed_and_comes_back_and_everybody_is_still_signed_in(stage: Stage, tab: OpenTab) -> None:
    incident = stage.struck()["id"]
    page = tab().sign_in(f"/incidents/{incident}")
    expect(page.locator(f"#row-{incident}")).to_be_visible()
    page.evaluate("window.notLoadedAnew = true")
    stage.post("/api/drill/breakages", {"kind": "kill", "part": "console"})
    lost(page)
    live(page)
    assert page.evaluate("window.notLoadedAnew") is True
    page.get_by_role("link", name="Crews").click()
    expect(page.get_by_role("list", name="Crews")).to_contain_text("C01")
    until(lambda: stage.ready("console"), "the console runs again")
