"""What is forgotten of a customer's supply can no longer collide with what comes late."""

from __future__ import annotations

from schemas.events import HazardKind, IncidentState
from services.network import Network
from services.outages.reasons import Reason
from services.outages.stage import CorrelateStage
from tests.outages.storm import Storm, clock
from tests.outages.town import BEHIND, HANGING, town


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


def without(*names: str) -> Network:
    """Return the town without some devices and all that hangs on them."""
    behind = {upper: tuple(each for each in lowers if each not in names) for upper, lowers in BEHIND.items()}
    kept = {upper: lowers for upper, lowers in behind.items() if upper not in names}
    return town(kept, {name: count for name, count in HANGING.items() if name not in names})


def test_under_another_network_what_is_gone_has_no_outage_and_the_rest_goes_on() -> None:
    storm = Storm(accounts={"T12-1": "ACC-1"})
    storm.at("05:50").state("T12", "closed", at="05:50").work_started("W-1", behind="T32", at="05:50")
    storm.at("06:00:40").gasp(*storm.everybody("L1"), lost="06:00")
    incident = storm.at("06:02").incident("L1")
    storm.at("06:10").call("T31-1").hazard("h-1", HazardKind.FIRE, 8.0, device="T12")
    storm.out()
    storm.stage = CorrelateStage(without("T12", "T31", "T32"), {})
    storm.at("07:00").power("T11-1", since="06:55")
    assert storm.out() == {"T13-1"}
    assert storm.stretches("T12-1") == [(clock("06:00"), clock("06:11"), False)]
    assert storm.stretches("T32-1") == [(clock("05:50"), clock("06:11"), True)]
    assert storm.stretches("T31-1") == [(clock("06:10"), clock("06:11"), False)]
    storm.at("07:10").done(incident, found="L1", at="07:10").power("T13-1", since="07:05")
    assert storm.state_of(incident) is IncidentState.RESTORED
    storm.quiet()


def test_an_incident_whose_device_is_gone_lies_at_the_next_one_that_its_customers_share() -> None:
    storm = Storm()
    storm.at("06:00:40").gasp(*storm.everybody("L1"), lost="06:00")
    incident = storm.at("06:02").incident("L1")
    regrouped = {
        **{upper: lowers for upper, lowers in BEHIND.items() if upper != "L1"},
        "R1": ("T11", "T12", "T13", "L2"),
    }
    storm.stage = CorrelateStage(town(regrouped), {})
    storm.network = town(regrouped)
    storm.at("06:10").call("T11-1")
    assert storm.open_at() == ["R1"]
    assert storm.because(incident)[-1][1] == Reason.NETWORK_CHANGED
    storm.at("07:00").done(incident, found="T12", at="07:00").power("T12-1", since="07:00")
    storm.quiet()


def test_states_that_are_as_usual_are_forgotten_and_those_that_are_not_are_kept() -> None:
    storm = Storm()
    storm.at("05:00").state("T41", "closed", at="05:00").state("T42", "open", at="05:00")
    storm.at("40:00").gasp(*storm.everybody("T31"), lost="40:00")
    storm.at("40:10").power(*storm.everybody("T31"), since="40:10")
    storm.at("40:30")
    assert sorted(storm._entities["position"]) == ["transformer:T42"]
