"""The panel of an exercise: a handset that is answered, the clock, a process that is killed and comes back."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenTab
from tests.browser.stage import Stage, until


def opened(tab: OpenTab) -> Locator:
    """Sign in and return the panel, open."""
    page = tab().sign_in()
    panel = page.get_by_role("complementary", name="Exercise")
    panel.get_by_role("button", name="Open the panel of the exercise").click()
    expect(panel.get_by_role("heading", name="Exercise")).to_be_visible()
    return panel


def test_a_text_typed_on_a_handset_is_answered(stage: Stage, tab: OpenTab) -> None:
    home = stage.get(f"/api/incidents/{stage.struck()['id']}/customers?offset=0&limit=1")["rows"][0]["customer"]
    panel = opened(tab)
    panel.get_by_label("Phone or customer").fill(home)
    expect(panel.get_by_role("combobox", name="Handset")).to_contain_text(home)
    phone = stage.get(f"/api/drill/phones?q={home}")["phones"][0]["phone"]
    panel.get_by_role("combobox", name="Handset").select_option(phone)
    ours = panel.get_by_role("log").locator(".text.ours")
    before = sum(text["ours"] for text in stage.get(f"/api/drill/phones/{phone}")["texts"])
    expect(ours).to_have_count(before)
    with stage.running():
        panel.get_by_role("textbox", name="Type a text").fill("STATUS")
        panel.get_by_role("button", name="Send").click()
        expect(panel.get_by_role("log").get_by_text("STATUS", exact=True)).to_be_visible()
        until(lambda: ours.count() > before, "the answer is on the handset")
    expect(ours.last.locator("p")).to_have_text(re.compile(r"\w+"))


def test_the_exercise_pauses_and_goes_on(stage: Stage, tab: OpenTab) -> None:
    panel = opened(tab)
    expect(panel).to_contain_text("Storm tiny, seed 1")
    try:
        panel.get_by_role("button", name="10 x").click()
        expect(panel.get_by_role("button", name="Pause")).to_be_visible()
        passed = stage.get("/api/drill")["over_ms"]
        until(lambda: stage.get("/api/drill")["over_ms"] > passed + 5_000, "the exercise runs")
        panel.get_by_role("button", name="Pause").click()
        expect(panel.get_by_role("button", name="Go on")).to_be_visible()
        assert stage.get("/api/drill")["speed"] == 0
        panel.get_by_role("button", name="Go on").click()
        expect(panel.get_by_role("button", name="10 x")).to_have_attribute("aria-pressed", "true")
    finally:
        stage.speed(0)


def test_a_worker_that_is_killed_comes_back_and_decides_on(stage: Stage, tab: OpenTab) -> None:
    panel = opened(tab)
    panel.get_by_role("tab", name="Break").click()
    row = panel.get_by_role("listitem").filter(has_text="worker-1")
    before = next(part for part in stage.get("/api/drill")["parts"] if part["part"] == "worker-1")["restarts"]
    panel.get_by_role("button", name="Kill worker-1").click()
    expect(row).to_contain_text(re.compile(rf"\b{before + 1} restarts?\b"))
    expect(row).to_contain_text("running")
    incident = stage.struck()["id"]
    body = {"kind": "note", "seen": 0, "why": "", "words": "Decided after the kill"}
    action = stage.post(f"/api/incidents/{incident}/actions", body)["action"]["id"]
    until(lambda: stage.get(f"/api/actions/{action}")["state"] == "done", "the worker decides again")


def test_the_truth_is_beside_what_is_known(stage: Stage, tab: OpenTab) -> None:
    stage.struck()
    panel = opened(tab)
    panel.get_by_role("tab", name="Truth").click()
    expect(panel).to_contain_text("truly without power")
    truth = stage.get("/api/drill/truth")["faults"]
    expect(panel.locator(".fault")).to_have_count(len(truth))
