"""What work asks of a crew, by what failed; looking for it is a part of the time on site."""

from __future__ import annotations

import pytest

from schemas.events import OrderWork, Place
from services.dispatch.demands import demands_of
from services.dispatch.entities import Job
from services.dispatch.priorities import Priority
from services.dispatch.rules import Rules

MINUTE_MS = 60_000


def job(device_class: str = "fuse", **given: object) -> Job:
    """Return a job about an incident at a device of a class."""
    usual = {
        "id": "I-1", "incident": "I-1", "hazard": None, "area": "A1", "device": "D-1", "place": Place(11.0, 48.0),
        "started_at": 0, "revision": 1, "standing": "predicted", "opened_by": "f", "changed_by": "f", "changed_at": 0,
        "priority": Priority.LATERAL, "device_class": device_class,
    }  # fmt: skip
    return Job(**{**usual, **given})  # type: ignore[arg-type]  # the fields of a job


@pytest.mark.parametrize(
    ("device_class", "patrol_min", "expected_min"),
    [
        ("breaker", 20, 65),
        ("recloser", 20, 65),
        ("switch", 20, 65),
        ("fuse", 10, 40),
        ("transformer", 5, 50),
        ("lvFuse", 5, 50),
    ],
)
def test_a_feeder_is_patrolled_longer_than_a_lateral_and_that_is_a_part_of_the_time_on_site(
    device_class: str, patrol_min: int, expected_min: int
) -> None:
    asked = demands_of(job(device_class))
    assert (asked.patrol_ms, asked.expected_ms) == (patrol_min * MINUTE_MS, expected_min * MINUTE_MS)


def test_making_safe_and_helping_with_a_skill_need_no_patrol() -> None:
    assert demands_of(job(hazard="H-1", incident=None, work=OrderWork.MAKE_SAFE)).patrol_ms == 0
    assert demands_of(job(work=OrderWork.ASSIST, skill="diving")).skills == ("diving",)


def test_help_asks_for_what_its_work_does_but_not_for_a_crew_of_many_a_second_one_or_a_clearance() -> None:
    rules = Rules(two_crews=("fuse",), clearance_for=("fuse",), fewest_on_line=3)
    work, help_with_it = demands_of(job(), rules), demands_of(job(work=OrderWork.ASSIST), rules)
    assert (work.members, work.crews, work.clearance) == (3, 2, True)
    assert (help_with_it.members, help_with_it.crews, help_with_it.clearance) == (1, 1, False)
    assert (help_with_it.skills, help_with_it.kit) == (work.skills, work.kit)
