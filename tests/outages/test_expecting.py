"""What an incident's estimate is, turn by turn, once the past has taught something: promised, kept, changed if it is worth it."""

from __future__ import annotations

from schemas.events import EstimateGiven, EstimatesLearnt, IncidentChanged, OrderState, WorkPlanned
from schemas.events.estimates import Bounds, Cell, Learnt, Part
from services.clock import from_ms
from services.outages.entities import EstimateBasis, Incident
from services.outages.estimate import USUAL_MINUTES
from services.outages.estimating import Experience, Stage
from services.outages.reasons import Reason
from services.outages.records import IncidentRow, PlannedRow
from tests.outages.storm import Storm, clock

MINUTE_MS = 60_000
REPAIR_MIN = (20, 25, 30, 35, 40, 45, 50, 60, 80, 100)
WAIT_MIN = (60, 80, 100, 120, 140, 160, 180, 200, 240, 300)
BANDED = ("before", "size", "lately", "waited", "waiting", "lead", "open", "drive", "pace")


def learnt(
    *, at: str = "05:00", classes: tuple[str, ...] = ("fuse", "transformer"), name: str = "L-1"
) -> EstimatesLearnt:
    """Return what was learnt of some classes of devices: repairs of 20 to 100 min, waits of one to five hours."""
    repairs = [
        Cell(of=f"{each}/UNKNOWN/0/{night}/0", values=[60 * value for value in REPAIR_MIN])
        for each in classes
        for night in (0, 1)
    ]
    waits = [Cell(of="0/0/0/0", values=[60 * value for value in WAIT_MIN])]
    ways = [Cell(of=f"{under_way}/0/0", values=[900, 1_000, 1_100]) for under_way in (0, 1)]
    parts = [
        Learnt(part=Part.REPAIR, measured=500, cells=repairs),
        Learnt(part=Part.REACH, measured=900, cells=waits),
        Learnt(part=Part.ARRIVAL, measured=600, cells=ways),
    ]
    return EstimatesLearnt(
        id=f"learnt-{name}",
        at=from_ms(clock(at)),
        area="A1",
        learning=name,
        incidents=500,
        utc_offset_s=0,
        bounds=[Bounds(of=name, at=[]) for name in BANDED],
        parts=parts if classes else [],
    )


def storm_with_a_fuse_out(*, learned: bool = True, **given: bool) -> Storm:
    """Return a storm in which a lateral fuse has failed at 06:00 and this is known."""
    storm = Storm(**given)  # type: ignore[arg-type]
    if learned:
        storm.at("05:00").say(learnt())
    storm.at("06:00").gasp(*storm.everybody("L1"), lost="06:00")
    return storm.at("06:02")


def promises(storm: Storm, incident: Incident) -> list[int]:
    """Return what was published as the estimate, one after the other, minutes after six."""
    storm.incidents()
    said = [
        e.estimate for e in storm.events if isinstance(e, IncidentChanged) and e.incident == incident.id and e.estimate
    ]
    times = [round((each.timestamp() * 1000 - clock("06:00")) / MINUTE_MS) for each in said]
    return [time for place, time in enumerate(times) if place == 0 or time != times[place - 1]]


def test_without_experience_the_figures_of_the_class_hold_and_no_interval_is_stated() -> None:
    storm = storm_with_a_fuse_out(learned=False)
    fuse = storm.incident("L1")
    assert (fuse.estimate_basis, fuse.expected) == (EstimateBasis.DEVICE, None)
    assert fuse.estimate - fuse.opened_at >= USUAL_MINUTES["fuse"] * MINUTE_MS


def test_a_new_incident_is_estimated_from_the_wait_and_the_repair_of_the_past() -> None:
    storm = storm_with_a_fuse_out()
    fuse = storm.incident("L1")
    assert fuse.estimate_basis is EstimateBasis.LEARNT
    assert fuse.expected is not None
    assert fuse.expected.stage is Stage.WAITING
    assert fuse.expected.low < fuse.expected.median < fuse.expected.high
    assert fuse.expected.rests_on == 900
    assert fuse.estimate % (15 * MINUTE_MS) == 0
    assert promises(storm, fuse) == [(fuse.estimate - clock("06:00")) // MINUTE_MS]


def test_a_class_of_devices_without_history_keeps_its_figures_and_says_so() -> None:
    storm = Storm().at("05:00").say(learnt(classes=("transformer",)))
    storm.at("06:00").gasp(*storm.everybody("L1"), lost="06:00")
    fuse = storm.at("06:02").incident("L1")
    assert (fuse.estimate_basis, fuse.expected) == (EstimateBasis.DEVICE, None)


def test_a_promise_is_not_changed_by_time_that_passes_but_when_it_has_passed() -> None:
    storm = storm_with_a_fuse_out()
    first = storm.incident("L1").estimate
    storm.at("06:50")
    assert storm.incident("L1").estimate == first
    assert promises(storm, storm.incident("L1")) == [(first - clock("06:00")) // MINUTE_MS]
    passed = (first - clock("00:00")) // MINUTE_MS + 1
    storm.at(f"{passed // 60:02}:{passed % 60:02}")
    fuse = storm.incident("L1")
    assert fuse.estimate > storm.now
    assert (fuse.estimate_basis, Reason.ESTIMATE_CHANGED in [reason for _, reason in storm.because(fuse)]) == (
        EstimateBasis.LEARNT,
        True,
    )


def test_a_crew_that_is_ordered_narrows_the_interval_and_power_is_promised_earlier_once() -> None:
    storm = storm_with_a_fuse_out()
    fuse = storm.incident("L1")
    assert fuse.expected is not None
    wide = fuse.expected.high - fuse.expected.low
    storm.at("06:10").crew(fuse, OrderState.SENT, at="06:10", arrival_estimate=from_ms(clock("06:30")))
    ordered = storm.at("06:11").incident("L1")
    assert ordered.expected is not None
    assert ordered.expected.stage is Stage.ORDERED
    assert ordered.expected.high - ordered.expected.low < wide
    storm.crew(fuse, OrderState.ENROUTE, at="06:12", arrival_estimate=from_ms(clock("06:30")))
    storm.at("06:30").crew(fuse, OrderState.ARRIVED, at="06:30")
    arrived = storm.at("06:31").incident("L1")
    assert arrived.expected is not None
    assert arrived.expected.stage is Stage.ON_SITE
    assert len(promises(storm, fuse)) == 2
    assert arrived.estimate == ordered.estimate < fuse.estimate


def test_a_repair_that_lasts_is_expected_to_go_on() -> None:
    storm = storm_with_a_fuse_out()
    fuse = storm.incident("L1")
    storm.at("06:30").crew(fuse, OrderState.ARRIVED, at="06:30")
    begun = storm.at("06:31").incident("L1").expected
    lasted = storm.at("07:30").incident("L1").expected
    assert begun is not None
    assert lasted is not None
    assert clock("07:10") <= begun.median <= clock("07:15")
    assert lasted.median > clock("07:30")


def test_what_a_crew_says_goes_before_what_was_learnt_and_a_dispatcher_before_both() -> None:
    storm = storm_with_a_fuse_out()
    fuse = storm.incident("L1")
    storm.at("06:30").crew(fuse, OrderState.ARRIVED, at="06:30")
    storm.crew(fuse, OrderState.ASSESSING, at="06:35", completion_estimate=from_ms(clock("11:00")))
    said = storm.at("06:36").incident("L1")
    assert (said.estimate, said.estimate_basis) == (clock("11:00"), EstimateBasis.CREW)
    later = storm.at("10:59").incident("L1")
    assert (later.estimate, later.estimate_basis) == (clock("11:00"), EstimateBasis.CREW)
    given = EstimateGiven(
        id="given-1", at=from_ms(storm.now), area="A1", incident=fuse.id, estimate=from_ms(clock("12:00")), by="D-1"
    )
    storm.say(given)
    assert storm.at("13:30").incident("L1").estimate == clock("12:00")
    assert storm.incident("L1").estimate_basis is EstimateBasis.DISPATCHER


def test_what_a_crew_said_no_longer_stands_half_an_hour_after_its_time() -> None:
    storm = storm_with_a_fuse_out()
    fuse = storm.incident("L1")
    storm.at("06:30").crew(fuse, OrderState.ARRIVED, at="06:30")
    storm.crew(fuse, OrderState.ASSESSING, at="06:35", completion_estimate=from_ms(clock("07:00")))
    assert storm.at("07:29").incident("L1").estimate == clock("07:00")
    passed = storm.at("07:31").incident("L1")
    assert (passed.estimate_basis, passed.estimate > clock("07:31")) == (EstimateBasis.LEARNT, True)


def test_what_a_crew_said_goes_with_the_crew() -> None:
    storm = storm_with_a_fuse_out()
    fuse = storm.incident("L1")
    storm.at("06:30").crew(fuse, OrderState.ARRIVED, at="06:30")
    storm.crew(fuse, OrderState.ASSESSING, at="06:35", completion_estimate=from_ms(clock("07:00")))
    storm.at("06:40").crew(fuse, OrderState.HANDED_OVER, at="06:40")
    left = storm.at("06:41").incident("L1")
    assert left.expected is not None
    assert (left.work, left.expected.stage, left.estimate_basis) == (None, Stage.WAITING, EstimateBasis.LEARNT)
    assert left.estimate > clock("08:00")


def test_an_arrival_that_a_plan_foresees_takes_the_place_of_the_usual_wait() -> None:
    storm = storm_with_a_fuse_out()
    fuse = storm.incident("L1")
    planned = WorkPlanned(
        id="planned-1", at=from_ms(clock("06:05")), region="R1", area="A1", incident=fuse.id, crew="C1",
        arrival=from_ms(clock("06:45")), reason="planned",
    )  # fmt: skip
    sooner = storm.at("06:05").say(planned).at("06:06").incident("L1")
    assert sooner.expected is not None
    assert fuse.expected is not None
    assert (sooner.expected.stage, sooner.expected.median < fuse.expected.median) == (Stage.PLANNED, True)
    rows = [record for records in storm.records for record in records if isinstance(record, PlannedRow)]
    assert rows == [PlannedRow(incident=fuse.id, said_at=clock("06:05"), arrival=clock("06:45"), crew="C1")]


def test_a_plan_for_an_incident_that_is_unknown_changes_nothing_and_is_noted() -> None:
    storm = storm_with_a_fuse_out()
    planned = WorkPlanned(
        id="planned-1", at=from_ms(clock("06:05")), region="R1", area="A1", incident="I-none",
        arrival=from_ms(clock("06:45")), reason="planned",
    )  # fmt: skip
    storm.at("06:05").say(planned)
    assert storm.noted("incident", "I-none") == [("stays", Reason.OVER_ALREADY)]


def test_what_was_learnt_is_forgotten_when_it_is_said_that_nothing_is_known() -> None:
    storm = storm_with_a_fuse_out()
    promised = storm.incident("L1").estimate
    storm.at("06:05").say(learnt(at="06:05", classes=(), name="L-2"))
    fuse = storm.at("06:06").incident("L1")
    assert (fuse.expected, fuse.estimate) == (None, promised)
    assert [to for to, _ in storm.noted(Experience.kind, "A1")] == ["learnt", "forgotten"]
    storm.at("06:30").crew(fuse, OrderState.ARRIVED, at="06:30")
    assert storm.at("06:31").incident("L1").estimate_basis is EstimateBasis.ARRIVAL


def test_a_table_that_cannot_be_leaves_what_was_learnt_before() -> None:
    storm = storm_with_a_fuse_out()
    broken = learnt(at="06:05", name="L-2")
    broken.parts[0].cells[0].values.reverse()
    storm.at("06:05").say(broken)
    assert storm.noted(Experience.kind, "A1")[-1] == ("stays", Reason.EXPERIENCE_UNUSABLE)
    assert storm.incident("L1").estimate_basis is EstimateBasis.LEARNT


def test_state_that_went_through_storage_decides_the_same() -> None:
    def played(*, resumed: bool) -> list[bytes]:
        storm = storm_with_a_fuse_out(resumed=resumed)
        fuse = storm.incident("L1")
        storm.at("06:10").crew(fuse, OrderState.SENT, at="06:10", arrival_estimate=from_ms(clock("06:30")))
        storm.at("06:30").crew(fuse, OrderState.ARRIVED, at="06:30")
        storm.at("09:00").power(*storm.everybody("L1"), since="08:55")
        storm.at("12:00").incidents()
        return storm.outcomes

    assert played(resumed=True) == played(resumed=False)


def test_a_turn_in_which_nothing_is_due_writes_no_row_of_an_incident() -> None:
    storm = storm_with_a_fuse_out()
    storm.at("06:03")
    before = len(storm.records)
    storm.at("06:10")
    rows = [record for records in storm.records[before:] for record in records if isinstance(record, IncidentRow)]
    assert rows == []
