"""When power is expected back, as the console shows it: the interval with what it rests on, or that too little is known."""

from __future__ import annotations

from msgspec.structs import replace

from schemas import cloudevents
from schemas.codec import encode
from schemas.topics import OUTAGE_ESTIMATES
from services.clock import from_ms
from services.engine import outbox
from tests.console.house import House, Person
from tests.console.test_beliefs import detail, opened
from tests.outages.test_expecting import learnt

People = dict[str, Person]


async def test_while_too_little_is_known_the_figures_of_the_class_are_named_and_no_interval(
    house: House, people: People
) -> None:
    shown = (await detail(people, await opened(house)))["restoration"]
    assert shown["basis"] in {"device", "arrival"}
    assert {shown[name] for name in ("low_ms", "median_ms", "high_ms", "stage", "rests_on")} == {None}


async def test_what_was_learnt_is_shown_as_an_interval_around_the_median(house: House, people: People) -> None:
    (area,) = {str(each.area) for each in house.network.devices}
    event = replace(learnt(classes=("lvFuse", "fuse")), area=area, at=from_ms(house.now), exercise=True)
    await outbox.write(
        house.connection,
        event_id=event.id,
        stage="estimates",
        shard="",
        topic=OUTAGE_ESTIMATES.name,
        key=area,
        headers=cloudevents.headers(event, "estimates"),
        body=encode(event),
    )
    await house.settle()
    incident = await opened(house)
    shown = (await detail(people, incident))["restoration"]
    assert (shown["basis"], shown["stage"], shown["rests_on"]) == ("learnt", "ordered", 500)
    assert house.now < shown["low_ms"] < shown["median_ms"] < shown["high_ms"]
