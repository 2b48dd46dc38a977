from __future__ import annotations

import datetime as dt

import pytest

from services.hotline.accounts import Contact, Hours, next_rung
from services.hotline.entities import call_key
from tests.hotline.ladder import ACCOUNT, THREE, ZONE, Ladder

SUNDAY = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAYTIME = tuple(Hours(day, dt.time(8), dt.time(17)) for day in range(1, 6))
NIGHT = (Hours(7, dt.time(22), dt.time(6)),)


def local(days: int, clock: str) -> dt.datetime:
    hours, minutes = map(int, clock.split(":"))
    return SUNDAY + dt.timedelta(days=days, hours=hours, minutes=minutes)


@pytest.mark.parametrize(
    ("roster", "days", "clock", "covered"),
    [
        (DAYTIME, 1, "08:00", True),
        (DAYTIME, 1, "07:59", False),
        (DAYTIME, 1, "17:00", False),
        (DAYTIME, 0, "12:00", False),
        (NIGHT, 0, "23:00", True),
        (NIGHT, 1, "05:59", True),
        (NIGHT, 1, "06:00", False),
        (NIGHT, 1, "23:00", False),
        (NIGHT, 0, "05:00", False),
        ((), 0, "03:00", True),
        ((Hours(3, dt.time(0), dt.time(0)),), 3, "23:59", True),
        ((Hours(3, dt.time(0), dt.time(0)),), 4, "00:00", False),
    ],
)
def test_a_contact_is_callable_in_its_hours_of_the_week(
    roster: tuple[Hours, ...], days: int, clock: str, *, covered: bool
) -> None:
    assert Contact(id="K", roster=roster).callable_at(local(days, clock)) is covered


def test_the_ladder_is_climbed_by_rank_then_id_each_with_its_wait_and_then_begins_again() -> None:
    ladder = Ladder(THREE)
    ladder.at("06:00").out()
    ladder.at("06:06")
    assert ladder.called() == [
        ("K-1", "06:00:00"),
        ("K-2", "06:01:00"),
        ("K-3", "06:03:00"),
        ("K-1", "06:04:30"),
        ("K-2", "06:05:30"),
    ]
    reasons = [ladder.script.why("call", call_key(ACCOUNT, "O-1", attempt)) for attempt in (1, 2, 4)]
    assert reasons == [[("placed", "customerOut")], [("placed", "noAnswer")], [("placed", "ladderAgain")]]


def test_whoever_is_not_on_the_roster_is_left_out() -> None:
    off = Contact(id="K-1", roster=DAYTIME)
    ladder = Ladder((off, Contact(id="K-2", rank=2)))
    ladder.at("06:00").out()
    ladder.at("06:03")
    assert ladder.called() == [("K-2", "06:00:00"), ("K-2", "06:02:00")]


def test_with_nobody_on_the_roster_everybody_is_called_and_it_is_said() -> None:
    ladder = Ladder((Contact(id="K-1", roster=DAYTIME), Contact(id="K-2", rank=2, roster=DAYTIME)))
    ladder.at("06:00").out()
    ladder.at("06:03")
    assert [contact for contact, _ in ladder.called()] == ["K-1", "K-2"]
    assert ("placed", "nobodyOnRoster") in ladder.script.why("call", call_key(ACCOUNT, "O-1", 1))


def test_rosters_are_in_the_hours_of_the_utility() -> None:
    east = ZONE.__class__("Asia/Shanghai")
    ladder = Ladder((Contact(id="K-1", roster=NIGHT), Contact(id="K-2", rank=2)), zone=east)
    ladder.at("14:30").out()
    assert ladder.called() == [("K-1", "14:30:00")]


def test_a_refusal_sends_the_call_on_to_the_next_contact() -> None:
    ladder = Ladder(THREE)
    ladder.at("06:00").out()
    ladder.at("06:00:10").answer(1, acknowledged=False)
    ladder.at("06:01")
    assert ladder.called() == [("K-1", "06:00:00"), ("K-2", "06:00:40")]


def test_the_accounts_own_order_goes_before_the_rank_and_those_not_named_come_after() -> None:
    ladder = Ladder(THREE)
    ladder.at("05:00").rank("K-3", "K-9")
    ladder.at("06:00").out()
    ladder.at("06:03")
    assert [contact for contact, _ in ladder.called()] == ["K-3", "K-1", "K-2"]
    assert ladder.script.why("ladder", ACCOUNT) == [("ranked", "contactsRanked")]


def test_an_account_without_contacts_is_noted_once_and_looked_at_again() -> None:
    ladder = Ladder(())
    ladder.at("06:00").out()
    ladder.at("06:20")
    assert ladder.calls() == []
    assert ladder.why() == [("calling", "customerOut"), ("calling", "noContact")]
    assert ladder.script.wake_at is not None


def test_of_announced_work_every_contact_is_told_once() -> None:
    ladder = Ladder(THREE)
    ladder.at("06:00").out(window="W-1")
    ladder.at("07:00")
    assert [contact for contact, _ in ladder.called()] == ["K-1", "K-2", "K-3"]
    assert "planned work" in ladder.placed()[0][0].say
    assert ladder.why()[-1] == ("told", "plannedTold")
    assert ladder.script.wake_at is None


def test_announced_work_that_was_told_can_still_be_acknowledged() -> None:
    ladder = Ladder()
    ladder.at("06:00").out(window="W-1")
    ladder.at("07:00").answer(1, acknowledged=True)
    assert ladder.state() == "acknowledged"


@pytest.mark.parametrize("acknowledged", [True, False])
def test_what_is_no_announced_work_any_more_is_called_about_anew(*, acknowledged: bool) -> None:
    ladder = Ladder(THREE)
    ladder.at("06:00").out(window="W-1")
    if acknowledged:
        ladder.at("06:02").answer(1, acknowledged=True)
    ladder.at("09:00").out(since="06:00")
    ladder.at("09:00:30")
    assert ladder.called()[-1] == ("K-1", "09:00:00")
    assert "planned" not in ladder.placed()[-1][0].say
    assert ladder.why()[-1] == ("calling", "noLongerPlanned")


def test_calls_of_an_account_that_is_gone_end() -> None:
    ladder = Ladder()
    ladder.at("06:00").out()
    ladder.script.settle()
    ladder.script.stage = type(ladder.script.stage)([], ZONE)  # type: ignore[call-arg]
    ladder.at("07:00")
    assert ladder.why()[-1] == ("over", "accountGone")
    assert len(ladder.calls()) == 1


def test_nobody_is_skipped_when_the_roster_changes_on_the_way_up() -> None:
    contacts = (Contact(id="K-1", roster=DAYTIME), Contact(id="K-2", rank=2))
    night = next_rung(contacts, (), ("K-2",), local(1, "07:59"))
    day = next_rung(contacts, (), ("K-2",), local(1, "08:00"))
    assert night is not None
    assert day is not None
    assert (night.contact.id, night.again) == ("K-2", True)
    assert (day.contact.id, day.again) == ("K-1", False)
