"""A crew's phone against the whole stack: the link from the crew board, the order, a bad line, the control room that sees it."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenTab
from tests.browser.stage import Stage, until

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def link(page: Page, crew: str) -> str:
    """Make the link of a crew's phone on its card."""
    card = page.get_by_role("region", name=f"Crew {crew}")
    card.get_by_role("button", name=re.compile("Link for the phone")).click()
    dialog = page.get_by_role("dialog", name=f"Link for the phone of {crew}")
    address = dialog.get_by_label("Address")
    expect(address).to_have_value(re.compile(r"/phone#\S+"))
    found = address.input_value()
    dialog.get_by_role("button", name="Close").last.click()
    return found


def say(page: Page, step: str) -> None:
    """Take the step that comes next."""
    page.locator("footer").get_by_role("button", name=step, exact=True).tap()


def test_an_order_is_done_by_phone_on_a_bad_line_once_and_the_control_room_sees_it(stage: Stage, tab: OpenTab) -> None:
    row = stage.fresh()
    incident, crew = row["id"], row["crew"]
    board = tab().sign_in(f"/crews?crew={crew}")
    address = link(board, crew)
    there = tab(**PHONE)
    phone = there.page
    phone.goto(address)
    expect(phone.get_by_role("main")).to_contain_text(row["device_number"])
    assert "#" not in phone.url, "the token does not stay in the address"
    if row["order_state"] == "sent":
        say(phone, "Accept")
        until(lambda: stage.incident(incident)["order_state"] == "accepted", "the order is accepted")
    if row["order_state"] != "enroute":
        say(phone, "On the way")
    until(lambda: stage.incident(incident)["order_state"] == "enroute", "the crew is on the way")
    card = board.get_by_role("region", name=f"Crew {crew}")
    expect(card).to_contain_text("on the way")
    until(
        lambda: phone.evaluate("caches.match('/phone', { cacheName: 'lamplighter-phone' }).then(Boolean)"),
        "the page is kept on the phone",
    )

    there.context.set_offline(True)
    say(phone, "Arrived")
    expect(phone.get_by_text("1 message waits for the network")).to_be_visible()
    phone.reload()
    expect(phone.get_by_text("1 message waits for the network")).to_be_visible()
    expect(phone.get_by_role("main")).to_contain_text(row["device_number"])
    assert stage.incident(incident)["order_state"] == "enroute"

    there.context.set_offline(False)
    until(lambda: stage.incident(incident)["order_state"] == "arrived", "the crew has arrived")
    expect(phone.get_by_text("for the network")).to_be_hidden()
    arrived = [
        line
        for line in stage.get(f"/api/incidents/{incident}")["timeline"]
        if line["kind"] == "fact" and line["subject_kind"] in {"crew", "order"} and line["became"] == "arrived"
    ]
    assert len(arrived) == 1, arrived

    phone.get_by_role("region", name="More").get_by_role("button", name="Done", exact=True).tap()
    sheet = phone.get_by_role("dialog", name="Done")
    sheet.get_by_role("button", name=re.compile("vegetation", re.IGNORECASE)).tap()
    sheet.get_by_role("button", name="Done", exact=True).tap()
    expect(phone.get_by_role("heading", name=re.compile("Finished|No order"))).to_be_visible()
    until(lambda: stage.get(f"/api/incidents/{incident}")["orders"][-1]["state"] == "done", "the order is done")
    board.goto(f"{stage.url}/incidents/{incident}")
    board.get_by_role("tab", name=re.compile("Orders")).click()
    order = board.get_by_role("tabpanel").get_by_role("listitem").filter(has_text=crew).first
    expect(order).to_contain_text("done")
    expect(order).to_contain_text("Cause: VEGETATION")


def test_a_link_works_once(stage: Stage, tab: OpenTab) -> None:
    path = stage.post("/api/crews/C16/link", {})["path"]
    first, second = tab(**PHONE).page, tab(**PHONE).page
    first.goto(stage.url + path)
    expect(first.get_by_role("banner")).to_contain_text("Crew C16")
    second.goto(stage.url + path)
    expect(second.get_by_role("alert")).to_contain_text("This link was used, or is too old")
