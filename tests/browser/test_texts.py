"""Texts in a real browser: the ledger, stops, broadcasts that take two people, answers to customers, and the wording."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenTab
from tests.browser.stage import LOOKS, Row, Stage, until

NUMBER = re.compile(r"\+\d{6,}")
MANY_MS = 120_000
"""A broadcast to thousands takes its time on a busy machine."""


@pytest.fixture(scope="module")
def told(stage: Stage) -> Row:
    """An incident of which at least one customer was told, and got the text."""
    incident = stage.struck()
    seen: list[Row] = []

    def counts() -> Row:
        return dict(stage.get(f"/api/texts?incident={incident['id']}&limit=1")["counts"])

    def still() -> bool:
        seen.append(counts())
        return len(seen) >= LOOKS and all(each == seen[-1] for each in seen[-LOOKS:])

    if not counts().get("delivered"):
        with stage.running():
            until(lambda: counts().get("delivered"), "a text about the incident arrived")
    until(still, "nothing more becomes of the texts while the clock stands")
    return incident


def ledger(page: Page) -> Locator:
    return page.get_by_role("list", name="Texts, the newest first").get_by_role("listitem")


def confirmed(page: Page, button: str, why: str) -> None:
    """Give the reason in the open dialog, and do it."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why", exact=True).fill(why)
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_be_hidden(timeout=MANY_MS)


def test_an_incident_shows_who_was_told_what_and_whether_it_arrived(stage: Stage, tab: OpenTab, told: Row) -> None:
    rows = stage.get(f"/api/texts?incident={told['id']}&state=delivered&limit=500")["rows"]
    counts = stage.get(f"/api/texts?incident={told['id']}&limit=1")["counts"]
    page = tab().sign_in(f"/incidents/{told['id']}")
    panel = page.get_by_role("region", name="Incident", exact=True)
    panel.get_by_role("tab", name=re.compile("^Texts")).click()
    states = panel.get_by_role("group", name="State")
    expect(states.get_by_role("button", name=re.compile("^All states"))).to_contain_text(str(sum(counts.values())))
    states.get_by_role("button", name=re.compile("^delivered")).click()
    expect(ledger(page).first).to_be_visible()
    line = ledger(page).filter(has_text=rows[0]["phone"]).first  # a newer one of another phone may still arrive
    expect(line).to_contain_text(rows[0]["customer"])
    line.get_by_role("button").first.click()
    expect(line.locator("blockquote").first).to_have_text(rows[0]["words"])  # the customer may have answered it
    expect(line.get_by_text("Arrived")).to_be_visible()
    line.get_by_role("button", name="Show the conversation").click()
    expect(line.get_by_role("log", name=f"Conversation with {rows[0]['phone']}")).to_contain_text(rows[0]["words"])
    line.get_by_role("link", name=f"Texts of {rows[0]['customer']}").click()
    expect(page).to_have_url(re.compile(f"/texts\\?customer={rows[0]['customer']}$"))
    expect(page.get_by_role("tab", name="Ledger")).to_have_attribute("aria-selected", "true")
    assert ledger(page).count() == 0 or rows[0]["customer"] in page.get_by_role("main").inner_text()


def test_the_ledger_is_narrowed_by_what_was_said_and_by_keyboard(stage: Stage, tab: OpenTab, told: Row) -> None:
    wanted = stage.get("/api/texts?moment=powerOut&limit=500")
    assert len(wanted["rows"]) > 0
    page = tab().sign_in()
    page.keyboard.press("g")
    page.keyboard.press("t")
    expect(page).to_have_url(re.compile("/texts$"))
    page.get_by_role("combobox", name="Moment").select_option("powerOut")
    expect(page).to_have_url(re.compile("moment=powerOut"))
    expect(ledger(page)).to_have_count(min(len(wanted["rows"]), 100))
    page.keyboard.press("Escape")
    page.get_by_role("heading", name="Texts").evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    expect(ledger(page).first.get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(ledger(page).first.get_by_role("button").first).to_have_attribute("aria-expanded", "true")
    page.get_by_role("combobox", name="Incident").select_option(told["id"])
    expect(page).to_have_url(re.compile(f"incident={told['id']}"))
    page.get_by_role("link", name="Show all").click()
    expect(page).to_have_url(re.compile("/texts$"))


def test_texts_of_one_incident_are_stopped_with_a_reason_and_go_on(stage: Stage, tab: OpenTab, told: Row) -> None:
    page = tab().sign_in(f"/incidents/{told['id']}")
    panel = page.get_by_role("region", name="Incident", exact=True)
    panel.get_by_role("tab", name=re.compile("^Texts")).click()
    panel.get_by_role("button", name="Stop texts of this incident").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop texts of this incident").click()
    expect(page.get_by_role("dialog").get_by_text(re.compile("^Say why"))).to_be_visible()
    confirmed(page, "Stop texts of this incident", "The fault lies elsewhere")
    expect(panel.get_by_text(re.compile("Texts of this incident are stopped: Demo"))).to_be_visible()
    expect(panel.get_by_text("texts stopped")).to_be_visible()
    [stop] = stage.get("/api/texts/gateways")["stops"]
    assert (stop["incident"], stop["why"]) == (told["id"], "The fault lies elsewhere")
    panel.get_by_role("button", name="Let texts of this incident go on").click()
    confirmed(page, "Let texts of this incident go on", "Checked again")
    expect(panel.get_by_role("button", name="Stop texts of this incident")).to_be_visible()
    assert stage.get("/api/texts/gateways")["stops"] == []


def test_all_texts_are_stopped_and_everybody_sees_by_whom_until_they_go_on(stage: Stage, tab: OpenTab) -> None:
    person = stage.person("dispatcher", "Carl")
    here, there = tab().sign_in("/texts?view=gateways"), tab().sign_in("/figures", person)
    here.get_by_role("button", name="Stop all texts").click()
    confirmed(here, "Stop all texts", "Wrong words went out")
    banner = re.compile("All texts are stopped: Demo, since .*“Wrong words went out”")
    for page in (here, there):
        expect(page.locator(".connection").get_by_text(banner)).to_be_visible()
    there.locator(".connection").get_by_role("button", name="Let texts go on").click()
    confirmed(there, "Let texts go on", "The words are mended")
    for page in (here, there):
        expect(page.locator(".connection").get_by_text(banner)).to_be_hidden()
    assert stage.get("/api/texts/gateways")["stopped"] is None


def above(stage: Stage, device: str, customers: int) -> Row:
    """Return the first device above this one behind which so many customers are."""
    found: Row = stage.get(f"/api/devices/{quote(device, safe='')}")
    while found["customers"] < customers:
        found = stage.get(f"/api/devices/{quote(found['parent'], safe='')}")
    return found


def test_a_broadcast_to_many_is_sent_when_a_second_person_has_approved_it(
    stage: Stage, tab: OpenTab, told: Row
) -> None:
    second_from = stage.get("/api/broadcasts")["second_from"]
    device = above(stage, told["device"], 2 * second_from)
    page = tab().sign_in("/texts?view=broadcast")
    page.get_by_role("radio", name="All behind a device").check()
    page.get_by_role("combobox", name="Device, by number or id").fill(device["id"])
    page.get_by_role("option", name=re.compile(re.escape(device["device_number"] or device["id"]))).first.click()
    page.get_by_label("Words in English").fill("Water is given out at the school. " * 6)
    cost = page.get_by_text(re.compile("^2 segments: every phone costs 2 times as much"))
    expect(cost).to_be_visible()
    page.get_by_label("Words in English").fill("Water is given out at the school in Mill Lane.")
    expect(cost).to_be_hidden()
    page.get_by_label("Words in Chinese").fill("磨坊巷学校提供饮用水。")
    box = page.get_by_role("region", name="Who would get it")
    expect(box).to_contain_text(f"From {second_from} phones on a second person has to approve it")
    expect(box).to_contain_text("in Chinese")
    page.get_by_role("button", name="Ask for approval").click()
    confirmed(page, "Ask for approval", "The mayor asks for it")
    [row] = [each for each in stage.get("/api/broadcasts")["rows"] if each["state"] == "asked"]
    mine = page.locator(f'[data-broadcast="{row["id"]}"]')
    expect(mine).to_contain_text("Somebody else has to approve what you asked for.")
    expect(mine.get_by_role("button", name="Approve and send")).to_have_count(0)
    assert stage.get("/api/texts?moment=broadcast")["rows"] == []

    other = tab().sign_in("/texts", stage.person("dispatcher", "Berta"))
    expect(other.get_by_role("navigation", name="Menu").get_by_role("link", name=re.compile("Texts"))).to_contain_text(
        "1"
    )
    other.get_by_role("tab", name=re.compile("Broadcast")).click()
    theirs = other.locator(f'[data-broadcast="{row["id"]}"]')
    theirs.get_by_role("button", name="Approve and send").click()
    confirmed(other, "Approve and send", "Read and agreed")
    for each in (mine, theirs):
        expect(each).to_contain_text("approved by Berta")
    with stage.running():
        until(
            lambda: stage.get("/api/texts?moment=broadcast&state=delivered&limit=1")["rows"], "a broadcast text arrives"
        )
    told = stage.get("/api/texts?moment=broadcast&limit=500")
    assert sum(told["counts"].values()) == row["phones"]
    assert {each["segments"] for each in told["rows"]} == {1}


def test_a_broadcast_to_few_is_sent_at_once_to_who_is_out(stage: Stage, tab: OpenTab) -> None:
    incident = stage.fresh()
    page = tab().sign_in(f"/incidents/{incident['id']}")
    page.get_by_role("tab", name=re.compile("^Texts")).click()
    page.get_by_role("link", name="Write to these customers").click()
    expect(page.get_by_role("combobox", name="Incident")).to_have_value(incident["id"])
    page.get_by_role("checkbox", name="Chinese").uncheck()
    page.get_by_label("Words in English").fill("A tanker with water comes to your street at six.")
    box = page.get_by_role("region", name="Who would get it")
    expect(box).to_contain_text("It is sent at once")
    page.get_by_role("button", name="Send it").click()
    confirmed(page, "Send it", "Told by the crew")
    latest = stage.get("/api/broadcasts")["rows"][0]
    assert (latest["state"], latest["approved_by"], latest["audience"]["incident"]) == ("sent", None, incident["id"])
    expect(page.locator(f'[data-broadcast="{latest["id"]}"]')).to_contain_text("A tanker with water")


def test_a_text_that_nobody_understood_is_answered_in_the_writers_language(
    stage: Stage, tab: OpenTab, told: Row
) -> None:
    customer = stage.get(f"/api/incidents/{told['id']}/customers?offset=0&limit=1")["rows"][0]["customer"]
    phone = stage.get(f"/api/drill/phones?q={customer}")["phones"][0]["phone"]
    said = "我家冰箱里的药怎么办"

    def unread() -> Row | None:
        return next((row for row in stage.rows("inbox") if row["facts"].get("words") == said), None)

    with stage.running():
        stage.post(f"/api/drill/phones/{phone}", {"words": said})
        row = until(unread, "the text is in the inbox")
    page = tab().sign_in("/inbox?kind=text")
    line = page.locator(f'[data-row="{row["id"]}"]')
    line.get_by_role("button", name=re.compile("^Answer")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("log")).to_contain_text(said)
    expect(dialog.get_by_role("combobox", name="Language of the answers")).to_have_value("zh")
    dialog.get_by_role("group", name="Prepared answers").get_by_role("button", name=re.compile("请致电")).click()
    expect(dialog.get_by_text("UCS-2")).to_be_visible()
    answer = "药品可送到学校冷藏。"
    dialog.get_by_label("Answer", exact=True).fill(answer)
    dialog.get_by_role("button", name="Send the answer").click()
    expect(dialog).to_be_hidden()
    with stage.running():
        got = until(
            lambda: [
                text["words"]
                for text in stage.get(f"/api/drill/phones/{phone}")["texts"]
                if text["ours"] and answer in text["words"]
            ],
            "the answer is on the handset",
        )
    assert len(got) == 1
    expect(line).to_be_hidden()


def test_a_viewer_reads_the_ledger_masked_and_has_nothing_to_press(stage: Stage, tab: OpenTab, told: Row) -> None:
    page = tab().sign_in(f"/texts?incident={told['id']}", stage.person("viewer", "Vera"))
    expect(ledger(page).first).to_be_visible()
    ledger(page).first.get_by_role("button").first.click()
    expect(ledger(page).first).to_contain_text("Words and whole numbers are shown to dispatchers.")
    ledger(page).first.get_by_role("button", name="Show the conversation").click()
    expect(ledger(page).first.get_by_role("log")).to_be_visible()
    assert NUMBER.search(page.get_by_role("main").inner_text()) is None
    assert "Power is out" not in page.get_by_role("main").inner_text()
    page.get_by_role("tab", name="Gateways").click()
    expect(page.get_by_role("heading", name="The last hour")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Stop all|go on"))).to_have_count(0)
    page.get_by_role("tab", name=re.compile("Broadcast")).click()
    expect(page.get_by_role("heading", name="Broadcasts")).to_be_visible()
    expect(page.get_by_role("textbox")).to_have_count(0)


@pytest.mark.usefixtures("told")
def test_the_gateway_says_how_many_left_and_why_some_failed(stage: Stage, tab: OpenTab) -> None:
    def known() -> Row:
        return dict(stage.get("/api/texts/gateways"))

    def handed_over() -> int:
        [gateway] = [row for row in known()["gateways"] if row["kind"] == "text"]
        assert gateway["gateway"] == "drill:smpp"
        return int(gateway["sent"])

    def in_the_table() -> int:
        cells = page.get_by_role("table").locator("tbody tr td:nth-child(2)").all_inner_texts()
        return sum(int(each.replace(",", "")) for each in cells)

    assert handed_over() > 0
    assert len(known()["series"]) == 60
    page = tab().sign_in("/texts?view=gateways")
    card = page.get_by_role("region", name="SMPP")
    expect(card).to_contain_text("exercise")
    # Answers to earlier texts may still leave, so both are asked until they agree.
    until(lambda: f"handed over{handed_over():,}" in card.inner_text().replace("\n", ""), "the card says how many left")
    expect(page.get_by_role("img", name="Texts a minute")).to_be_visible()
    page.get_by_text("Show as a table").click()
    until(lambda: in_the_table() == sum(row["sent"] for row in known()["series"]) > 0, "the table adds up")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_text_is_shown_as_it_is_sent_with_what_it_costs(stage: Stage, tab: OpenTab, language: str) -> None:
    rows = stage.get(f"/api/texts/preview?language={language}")["rows"]
    page = tab(locale="en-GB").sign_in("/texts?view=wording")
    page.get_by_role("combobox", name="Texts in").select_option(language)
    shown = page.get_by_role("tabpanel").get_by_role("listitem")
    expect(shown).to_have_count(len(rows))
    assert [each.strip() for each in shown.locator(".words").all_inner_texts()] == [row["words"] for row in rows]
    expect(shown.locator(".words").first).to_have_attribute("lang", language)
    long = sum(row["segments"] > 1 for row in rows)
    said = f"{long} of {len(rows)} texts take more than one" if long else f"Each of the {len(rows)} texts fits"
    expect(page.get_by_role("status").filter(has_text=said)).to_be_visible()
