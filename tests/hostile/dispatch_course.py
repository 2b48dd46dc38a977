"""Dispatch: W1 repairs I-1, goes on to I-2 and is redirected to a hazard, while W2 is off duty and a crew visits."""

from __future__ import annotations

from typing import Any

import msgspec

from schemas.events import (
    ClearanceSet,
    CrewAssigned,
    CrewLeft,
    CrewReported,
    CrewState,
    CrewVisiting,
    CustomerAsked,
    Event,
    HazardChanged,
    HoursExtended,
    IncidentChanged,
    IncidentState,
    ModeSet,
    OrderRevoked,
    PairForbidden,
    Place,
    SecondCrewAsked,
    WorkHeld,
    WorkPrioritised,
)
from schemas.ids import derived
from services.dispatch.entities import hazard_job
from services.dispatch.roster import REGION
from services.dispatch.stage import DispatchStage
from services.dispatch.store import DispatchStore
from tests.dispatch.desk import GUEST, hazard_changed, incident_changed, roster
from tests.hostile.course import Course, Insane
from tests.stage_script import moment, ms

FIRST, SECOND, SAFE = (
    derived("order", job, opened_by, 1) for job, opened_by in (("I-1", "i1"), ("I-2", "i4"), (hazard_job("H-1"), "h1"))
)
NOBODY = [f"NOBODY-{number}" for number in range(5_000)]


def said(name: str, crew: str, status: str, at: str, **given: Any) -> CrewReported:
    """Return what a crew says."""
    return CrewReported(id=name, at=moment(at), crew=crew, status=CrewState(status), **given)


def changed(name: str, incident: str, revision: int, state: str, at: str, **given: Any) -> IncidentChanged:
    """Return a change of an incident under an id of its own."""
    plain = ("since", "place", "device", "upstream", "merged_into")
    event = incident_changed(
        incident,
        revision,
        IncidentState(state),
        at=at,
        **{key: value for key, value in given.items() if key in plain},
    )
    other = {key: value for key, value in given.items() if key not in plain}
    return msgspec.structs.replace(event, id=name, **other)


def asked(name: str, at: str) -> CustomerAsked:
    """Return that a customer is to be asked whether power is on."""
    return CustomerAsked(
        id=name, at=moment(at), area="A1", region=REGION, incident="I-1", customer="C-1", device="D-1", other="D-2"
    )


def danger(name: str, hazard: str, revision: int, state: str, at: str, **given: Any) -> HazardChanged:
    """Return a change of a hazard under an id of its own."""
    return msgspec.structs.replace(hazard_changed(hazard, revision, state, at=at), id=name, **given)


def assigned(name: str, crew: str, at: str, **given: Any) -> CrewAssigned:
    """Return a dispatcher's choice of a crew."""
    return CrewAssigned(id=name, at=moment(at), region=REGION, by="ann", crew=crew, **given)


def revoked(name: str, order: str, at: str) -> OrderRevoked:
    """Return a dispatcher's word that an order is taken back."""
    return OrderRevoked(id=name, at=moment(at), region=REGION, by="ann", order=order)


def held(name: str, at: str, *, held: bool = True, **given: Any) -> WorkHeld:
    """Return a dispatcher's word that work is held, or goes on."""
    return WorkHeld(id=name, at=moment(at), region=REGION, by="ann", held=held, **given)


def forbidden(name: str, crew: str, at: str, *, forbidden: bool = True, **given: Any) -> PairForbidden:
    """Return a dispatcher's word that a crew must not go to some work, or may again."""
    return PairForbidden(id=name, at=moment(at), region=REGION, by="ann", crew=crew, forbidden=forbidden, **given)


def put_first(name: str, at: str, *, first: bool = True, **given: Any) -> WorkPrioritised:
    """Return a dispatcher's word that work is done first, or in its turn."""
    return WorkPrioritised(id=name, at=moment(at), region=REGION, by="ann", first=first, **given)


def second(name: str, at: str, *, wanted: bool = True, **given: Any) -> SecondCrewAsked:
    """Return a dispatcher's word that a second crew shares work, or none does."""
    return SecondCrewAsked(id=name, at=moment(at), region=REGION, by="ann", wanted=wanted, **given)


def extended(name: str, crew: str, at: str, **given: Any) -> HoursExtended:
    """Return a dispatcher's word that a crew may work longer."""
    usual = {"until": moment("09:00")}
    return HoursExtended(id=name, at=moment(at), region=REGION, by="ann", crew=crew, **{**usual, **given})


def cleared(name: str, order: str, at: str, *, given: bool = True) -> ClearanceSet:
    """Return a dispatcher's word of a clearance."""
    return ClearanceSet(id=name, at=moment(at), region=REGION, by="ann", order=order, given=given)


def visits(name: str, at: str, crew: str = GUEST, **given: Any) -> CrewVisiting:
    """Return the word that a crew of another utility comes, with nobody who guides it."""
    usual: dict[str, Any] = {"skills": ["line"], "place": Place(lon=11.1, lat=48.0)}
    return CrewVisiting(id=name, at=moment(at), region=REGION, by="ann", crew=crew, **{**usual, **given})


def leaves(name: str, at: str, crew: str = GUEST) -> CrewLeft:
    """Return the word that a visiting crew goes home."""
    return CrewLeft(id=name, at=moment(at), region=REGION, by="ann", crew=crew)


STORY = (
    (ms("06:00"), (said("off", "W2", "offDuty", "05:59"), changed("i1", "I-1", 1, "predicted", "06:00"))),
    (ms("06:01"), (said("yes", "W1", "accepted", "06:01", order=FIRST),)),
    (
        ms("06:20"),
        (changed("i2", "I-1", 2, "confirmed", "06:20"), said("there", "W1", "arrived", "06:19", order=FIRST)),
    ),
    (ms("06:50"), (said("done", "W1", "done", "06:50", order=FIRST, found="FUSE-1"),)),
    (ms("06:52"), (changed("i3", "I-1", 3, "restored", "06:52"), changed("i4", "I-2", 1, "predicted", "06:52"))),
    (ms("06:53"), (said("yes2", "W1", "enroute", "06:53", order=SECOND),)),
    (ms("06:55"), (danger("h1", "H-1", 1, "reported", "06:55"),)),
    (ms("06:56"), (said("yes3", "W1", "arrived", "06:56", order=SAFE),)),
    (ms("06:57"), (visits("come", "06:57"),)),
    (ms("06:58"), (leaves("go", "06:58"),)),
)


def thrown(name: str, before: int, *facts: Event, **given: Any) -> Insane:
    """Return insane facts before a step."""
    return Insane(name=name, before=before, facts=facts, **given)


HERE, RULES = frozenset({GUEST}), frozenset({REGION})
W2, I_9, H_9 = (frozenset({name}) for name in ("W2", "I-9", hazard_job("H-9")))
YEAR_2000 = msgspec.structs.replace(said("x", "W1", "signedOn", "06:49"), at=moment("00:00").replace(year=2000))

INSANE = (
    thrown("crew nobody has", 1, said("x", "W9", "done", "06:00", order=FIRST), parked="unknownCrew"),
    thrown("order never given", 2, said("x", "W1", "done", "06:19", order="never", found="FUSE-9")),
    thrown("no order at all", 2, said("x", "W1", "arrived", "06:19")),
    thrown("refused without an order", 2, said("x", "W1", "refused", "06:19")),
    thrown(
        "order of another crew",
        2,
        said("x", "W2", "done", "06:19", order=FIRST, found="FUSE-9"),
        about=frozenset({"W2"}),
    ),
    thrown("done before the order was sent", 0, said("x", "W1", "done", "05:58", order=FIRST, found="FUSE-9")),
    thrown("done of an order yet to come", 4, said("x", "W1", "done", "06:51", order=SECOND, found="FUSE-9")),
    thrown("done twice", 4, said("x", "W1", "done", "06:51", order=FIRST, found="FUSE-9")),
    thrown("refused after done", 4, said("x", "W1", "refused", "06:51", order=FIRST)),
    thrown("back to accepted, long ago", 3, said("x", "W1", "accepted", "06:00", order=FIRST)),
    thrown(
        "accepted in the year 2000",
        3,
        said("x", "W1", "accepted", "06:00", order=FIRST, place=Place(lon=-180, lat=-90)),
    ),
    thrown("available with an order in hand", 3, said("x", "W1", "available", "06:49", order=FIRST)),
    thrown("revision 0 of a known incident", 2, changed("x", "I-1", 0, "dismissed", "06:19")),
    thrown("a revision twice, with other content", 2, changed("x", "I-1", 1, "restored", "06:19", device="FUSE-9")),
    thrown("a revision that goes back", 3, changed("x", "I-1", 1, "merged", "06:49", merged_into="I-1")),
    thrown(
        "an unknown device and 5,000 customers nobody has",
        2,
        changed("x", "I-9", 1, "predicted", "06:19", device="NOWHERE", out=NOBODY, restored=NOBODY, customers_out=0),
        changed("y", "I-9", 2, "dismissed", "06:19"),
        about=frozenset({"I-9", derived("order", "I-9", "x", 1)}),
    ),
    thrown(
        "merged into itself", 2, changed("x", "I-9", 7, "merged", "06:19", merged_into="I-9"), about=frozenset({"I-9"})
    ),
    thrown("merged into nothing", 2, changed("x", "I-9", 7, "merged", "06:19"), about=frozenset({"I-9"})),
    thrown(
        "merged, yet open", 2, changed("x", "I-9", 7, "closed", "06:19", merged_into="I-1"), about=frozenset({"I-9"})
    ),
    thrown(
        "its own upstream, begun in the year 2099 at the pole",
        2,
        changed(
            "x",
            "I-9",
            1,
            "partiallyRestored",
            "06:19",
            upstream="I-9",
            place=Place(lon=180, lat=90),
            started_at=moment("00:00").replace(year=2099),
            estimate=moment("00:00").replace(year=2000),
        ),
        changed("y", "I-9", 2, "dismissed", "06:19"),
        about=frozenset({"I-9"}),
    ),
    thrown("a question to a customer", 2, asked("x", "06:19"), unheard=True),
    thrown("a region nobody has", 2, changed("x", "I-9", 1, "predicted", "06:19", region="R9"), parked="unknownRegion"),
    thrown(
        "an action from nowhere", 2, msgspec.structs.replace(held("x", "06:19"), region="R9"), parked="unknownRegion"
    ),
    thrown("a position at the pole", 2, said("x", "W2", "position", "06:19", place=Place(lon=180, lat=90)), about=W2),
    thrown("a position without a place", 2, said("x", "W1", "position", "06:19"), unheard=True),
    thrown("a break with an order in hand", 3, said("x", "W1", "onBreak", "06:49", order=SECOND)),
    thrown("signed on with an order in hand, in the year 2000", 3, YEAR_2000),
    thrown("off duty twice", 2, said("x", "W2", "offDuty", "06:19"), about=W2, unheard=True),
    thrown("help for an order of another crew", 3, said("x", "W2", "helpNeeded", "06:49", order=FIRST), about=W2),
    thrown("help for nothing", 3, said("x", "W1", "helpNeeded", "06:49", skill="nobody-can")),
    thrown("material for an order that is over", 5, said("x", "W1", "materialNeeded", "06:53", order=FIRST)),
    thrown("handed over after done", 5, said("x", "W1", "handedOver", "06:53", order=FIRST)),
    thrown("repaired before it was sent", 0, said("x", "W1", "repaired", "05:58", order=FIRST, found="FUSE-9")),
    thrown(
        "a hazard that was dismissed before it was reported",
        2,
        danger("x", "H-9", 7, "dismissed", "06:19", device="NOWHERE", incident="H-9"),
        about=frozenset({hazard_job("H-9")}),
    ),
    thrown("an older word about a hazard", 7, danger("x", "H-1", 0, "madeSafe", "06:55")),
    thrown("a crew nobody has is sent", 2, assigned("x", "W9", "06:19", incident="I-1"), about=frozenset({"W9"})),
    thrown("a crew is sent to nothing", 2, assigned("x", "W2", "06:19"), about=frozenset({""})),
    thrown("a crew is sent to an unknown incident", 2, assigned("x", "W2", "06:19", incident="I-9"), about=I_9),
    thrown("a crew is sent to an unknown hazard", 2, assigned("x", "W2", "06:19", hazard="H-9"), about=H_9),
    thrown("a crew off duty is sent", 2, assigned("x", "W2", "06:19", incident="I-1")),
    thrown("a crew with an order is sent elsewhere", 6, assigned("x", "W1", "06:54", incident="I-1")),
    thrown("work that is over is held", 6, held("x", "06:54", incident="I-1")),
    thrown("nothing is held", 6, held("x", "06:54"), about=frozenset({""})),
    thrown("what is not held goes on", 6, held("x", "06:54", held=False, incident="I-2")),
    thrown("an order nobody gave is revoked", 2, revoked("x", "never", "06:19"), about=frozenset({"never"})),
    thrown("an order that is over is revoked", 5, revoked("x", FIRST, "06:53")),
    thrown("a visiting crew that never came speaks", 2, said("x", GUEST, "arrived", "06:19", order=FIRST), about=HERE),
    thrown(
        "a visiting crew of a region nobody has", 2, said("x", "visit.R9.X", "available", "06:19"), parked="unknownCrew"
    ),
    thrown("a visiting crew without a name", 2, said("x", "visit.R1.", "available", "06:19"), parked="unknownCrew"),
    thrown("a crew comes under the name of an own one", 2, visits("x", "06:19", crew="W2"), about=W2),
    thrown("a crew comes from nowhere", 2, visits("x", "06:19", depot="nowhere", place=None), about=HERE),
    thrown(
        "a crew comes until yesterday", 2, visits("x", "06:19", until=moment("00:00").replace(year=2000)), about=HERE
    ),
    thrown(
        "a crew comes from the pole, can do nothing and guides itself",
        2,
        visits("x", "06:19", place=Place(lon=180, lat=90), skills=[], guide=GUEST, members=99),
        leaves("y", "06:19"),
        about=HERE,
    ),
    thrown("a crew leaves that never came", 2, leaves("x", "06:19"), about=HERE),
    thrown("an own crew leaves", 2, leaves("x", "06:19", crew="W1")),
    thrown("a crew comes twice, from elsewhere", 9, visits("x", "06:57", members=9, home="Sea"), about=HERE),
    thrown(
        "a visitor that has left is sent",
        9,
        leaves("x", "06:57"),
        assigned("y", GUEST, "06:57", incident="I-2"),
        about=HERE,
    ),
    thrown("a crew nobody has is forbidden", 2, forbidden("x", "W9", "06:19", incident="I-1"), about=frozenset({"W9"})),
    thrown(
        "a crew is forbidden what nobody knows",
        2,
        forbidden("x", "W1", "06:19", incident="never"),
        about=frozenset({"never"}),
    ),
    thrown("what nobody knows is put first", 2, put_first("x", "06:19", incident="never"), about=frozenset({"never"})),
    thrown("a second crew for nothing at all", 2, second("x", "06:19"), about=frozenset({""})),
    thrown("no second crew where nobody wanted one", 2, second("x", "06:19", wanted=False, incident="I-1")),
    thrown("the hours of a crew nobody has", 2, extended("x", "W9", "06:19"), about=frozenset({"W9"})),
    thrown("hours until the year 2099", 2, extended("x", "W1", "06:19", until=moment("00:00").replace(year=2099))),
    thrown("hours until the year 2000", 2, extended("x", "W1", "06:19", until=moment("00:00").replace(year=2000))),
    thrown("a clearance for an order nobody gave", 2, cleared("x", "never", "06:19"), about=frozenset({"never"})),
    thrown("a clearance for work that needs none", 2, cleared("x", FIRST, "06:19")),
    thrown("a clearance taken back that nobody has", 5, cleared("x", FIRST, "06:53", given=False)),
    thrown("works under a clearance it does not have", 3, said("x", "W1", "cleared", "06:49", order=FIRST)),
    thrown("gives back what it does not have", 5, said("x", "W1", "released", "06:53", order=FIRST)),
    thrown("found nothing, nowhere", 3, said("x", "W1", "foundFault", "06:49", order="never")),
    thrown(
        "as the settings say, which it is", 2, ModeSet(id="x", at=moment("06:19"), region=REGION, by="ann"), about=RULES
    ),
    thrown("nothing", 2),
)

DISPATCH = Course(
    stage=lambda: DispatchStage(roster("W1", "W2")),
    store=DispatchStore,
    shard=REGION,
    story=STORY,
    until=ms("06:59"),
    insane=INSANE,
)
