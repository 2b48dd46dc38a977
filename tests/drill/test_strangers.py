"""Phones that no customer has: what they write, that they send back the code they get, and where they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from schemas.events import HazardKind
from services.drill import operator_store, panel_store
from services.drill.messages import Texted
from services.drill.operator_fate import fate_of
from services.drill.prepare import STARTS_AT_MS, prepare
from services.drill.reporting import danger_words
from services.drill.smpp_pdu import Submit
from services.drill.strangers import ANSWERS_CODE_AFTER_MS, AT_THE_PANEL, LINKERS, code_sent_back, wish
from services.engine import clock
from services.notices.keywords import Link, read
from services.notices.languages import WORDINGS

if TYPE_CHECKING:
    from services.engine.taking import Connection


@pytest.fixture
async def exercise(utility: Connection) -> Connection:
    """A prepared storm with a clock that stands."""
    await prepare(utility, storm="tiny", seed=1, utility="example", starts_at_ms=STARTS_AT_MS)
    await clock.set_lockstep(utility, now_ms=STARTS_AT_MS)
    return utility


@pytest.mark.parametrize("language", ["", "en", "zh"])
def test_what_they_write_is_understood(language: str) -> None:
    meant = read(wish("C00017", language))
    assert isinstance(meant, Link)
    assert meant.account.replace(" ", "") == "c00017"
    for kind in HazardKind:
        assert read(danger_words(kind, language)) is kind


def test_only_those_who_wish_to_be_linked_send_back_the_code_that_every_language_says() -> None:
    for wording in WORDINGS.values():
        words = wording.exercise + wording.say("link_code.plain", code="012345")
        assert code_sent_back(LINKERS[0], words) == "012345"
        assert code_sent_back(AT_THE_PANEL[0], words) is None
        assert code_sent_back(LINKERS[0], wording.say("link_wrong.plain")) is None


def test_nothing_odd_becomes_of_texts_to_them() -> None:
    assert {fate_of(phone) for phone in (*LINKERS, *AT_THE_PANEL)} == {fate_of("+999123456700")}


async def test_a_code_on_a_handset_comes_back_after_a_while(exercise: Connection) -> None:
    words = "EXERCISE: " + WORDINGS["en"].say("link_code.plain", code="123456")
    texts = [
        Submit(phone=phone, sender="LAMPLIGHT", words=words, reference=f"ref-{phone}", esm_class=0)
        for phone in (LINKERS[0], AT_THE_PANEL[0])
    ]
    await operator_store.take_texts(exercise, 1, texts)
    await exercise.execute("UPDATE clock SET now_ms = now_ms + $1", ANSWERS_CODE_AFTER_MS)
    due = [what for _, _, what in await operator_store.receipts_due(exercise, 10) if isinstance(what, Texted)]
    assert due == [Texted(phone=LINKERS[0], words="123456")]


async def test_they_are_shown_on_the_panel_and_can_be_typed_on(exercise: Connection) -> None:
    found = {handset.phone: handset for handset in await panel_store.handsets(exercise, "+99900000000", 50)}
    assert set(found) == {*LINKERS, *AT_THE_PANEL}
    assert all(handset.customers == [] and not handset.out for handset in found.values())
    customer: str = await exercise.fetchval("SELECT customer FROM current_customer ORDER BY customer LIMIT 1")
    await exercise.execute(
        """INSERT INTO linked_phone (id, phone, handle, customer, area, tick, at_ms) VALUES ('l', $1, 'h', $2, 'A1', 1, 1)""",
        AT_THE_PANEL[0],
        customer,
    )
    await exercise.execute("INSERT INTO drill.outage (customer, from_ms) VALUES ($1, $2)", customer, STARTS_AT_MS)
    [linked] = [each for each in await panel_store.handsets(exercise, AT_THE_PANEL[0], 5) if each.customers]
    assert (linked.customers, linked.out) == ([customer], True)
    assert await panel_store.type_text(exercise, AT_THE_PANEL[1], f"LINK {customer}")
    assert not await panel_store.type_text(exercise, "+99900", "LINK")
