"""Who may what: a viewer sees everything masked and can do nothing, also where the page is bypassed."""

from __future__ import annotations

import contextlib
import re
import secrets

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import OpenTab
from tests.browser.stage import Stage

NUMBER = re.compile(r"\+\d{6,}")
MASKED = re.compile(r"[*•·…]")


def test_a_viewer_sees_masked_numbers_and_nothing_to_press(stage: Stage, tab: OpenTab) -> None:
    incident = stage.struck()["id"]
    viewer = stage.person("viewer", "Vera")
    page = tab().sign_in(f"/incidents/{incident}", viewer)
    panel = page.get_by_role("region", name="Incident", exact=True)
    panel.get_by_role("tab", name=re.compile("Customers")).click()
    body = panel.get_by_role("tabpanel")
    known = stage.get(f"/api/incidents/{incident}/customers?offset=0&limit=20")["rows"]
    assert any(NUMBER.search(row["phone"]) for row in known)
    expect(body).to_contain_text(known[0]["customer"])
    expect(body).to_contain_text(MASKED)
    assert NUMBER.search(body.inner_text()) is None
    expect(panel.get_by_role("button", name=re.compile("^(Assign|Confirm|Hold|Note)"))).to_have_count(0)
    page.keyboard.press("a")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("navigation", name="Menu").get_by_role("link", name="Administration")).to_have_count(0)
    page.goto(f"{stage.url}/admin")
    expect(page.get_by_role("alert").get_by_text("Your role does not show this page.")).to_be_visible()
    page.goto(f"{stage.url}/crews?crew=C01")
    expect(page.get_by_role("region", name="Crew C01")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^(Assign|Sign|Link)"))).to_have_count(0)
    page.goto(f"{stage.url}/figures")
    expect(page.get_by_role("heading", name="Figures")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("CSV"))).to_have_count(0)

    with contextlib.closing(stage.client(viewer)) as client:
        row = client.get(f"/api/incidents/{incident}/customers?offset=0&limit=20").json()["rows"]
        assert not any(NUMBER.search(each["phone"]) for each in row)
        refused = [
            client.post(
                f"/api/incidents/{incident}/actions", json={"kind": "note", "seen": 0, "why": "", "words": "x"}
            ),
            client.get("/api/admin/users"),
            client.get("/api/figures/customers.csv"),
            client.post("/api/drill/clock", json={"speed": 1}),
        ]
    assert [answer.status_code for answer in refused] == [httpx.codes.FORBIDDEN] * len(refused)


def test_an_administrator_makes_somebody_who_must_choose_a_password_first(stage: Stage, tab: OpenTab) -> None:
    page = tab().sign_in("/admin")
    page.get_by_role("button", name="New user").first.click()
    dialog = page.get_by_role("dialog", name="New user")
    name = f"Nele {secrets.token_hex(3)}"
    user = f"nele.{secrets.token_hex(3)}"
    dialog.get_by_label("User name").fill(user)
    dialog.get_by_label("Name", exact=True).fill(name)
    dialog.get_by_role("radio", name=re.compile("Operations", re.IGNORECASE)).check()
    dialog.get_by_role("button", name="New user").click()
    secret = page.get_by_role("dialog", name=f"Password of {name}").get_by_label(f"Password of {name}")
    drawn = secret.input_value()
    page.keyboard.press("Escape")
    expect(page.get_by_role("row", name=re.compile(name))).to_contain_text("operations")

    fresh = tab().page
    fresh.goto(stage.url)
    fresh.get_by_label("User name").fill(user)
    fresh.get_by_label("Password").fill(drawn)
    fresh.keyboard.press("Enter")
    expect(fresh.get_by_role("heading", name="Change password")).to_be_visible()
    fresh.get_by_label("Present password").fill(drawn)
    fresh.get_by_label("New password").fill("nele-knows-it-now")
    fresh.get_by_role("button", name="Save").click()
    expect(fresh.get_by_role("heading", level=1)).to_have_text("Live: incidents and map")

    page.get_by_role("link", name="Sessions").click()
    page.get_by_role("row", name=re.compile(f"{name}|{re.escape(user)}")).get_by_role(
        "button", name=re.compile("^End")
    ).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^End")).click()
    expect(fresh.get_by_role("heading", name="Sign in to Lamplighter")).to_be_visible()
