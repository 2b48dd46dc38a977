"""What is forgotten of a customer's supply can no longer collide with what comes late."""

from __future__ import annotations

from tests.outages.storm import Storm, clock


def test_a_late_gasp_reaches_back_to_the_end_of_long_work_and_no_further() -> None:
    storm = Storm()
    storm.at("05:00").work_started("W-1", behind="L3", at="05:00")
    storm.at("54:50").gasp(*storm.everybody("T41"), lost="54:50")
    storm.at("54:58").power(*storm.everybody("T41"), since="54:58")
    storm.at("55:00").work_completed("W-1", behind="L3", at="55:00").power(*storm.everybody("T32"), since="55:00")
    storm.at("55:15")
    assert storm.open_at() == ["T31"], "the other incident is closed: what is old was forgotten"
    storm.at("55:20").gasp("T31-1", lost="40:00")
    assert storm.stretches("T31-1") == [
        (clock("05:00"), clock("55:00"), True),
        (clock("55:00"), None, False),
    ]


def test_work_that_is_told_of_days_later_counts_from_a_day_ago() -> None:
    storm = Storm()
    storm.at("06:00").gasp(*storm.everybody("T31"), lost="06:00")
    storm.at("07:00").power(*storm.everybody("T31"), since="07:00")
    storm.at("56:00").work_started("W-1", behind="L3", at="05:00")
    assert storm.stretches("T31-1") == [
        (clock("06:00"), clock("07:00"), False),
        (clock("32:00"), None, True),
    ]
