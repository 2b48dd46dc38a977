"""Notices: T11 is out, hears of its crew, asks, and hears after a quiet time that power is back; then T12 is out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from schemas.events import (
    BroadcastSent,
    ConsentChanged,
    CustomerAsked,
    Event,
    HazardChanged,
    HazardKind,
    HazardState,
    InboundAnswered,
    IncidentChanged,
    IncidentState,
    LanguageChosen,
    NoticesResumed,
    NoticesStopped,
    OrderChanged,
    OrderState,
    PhoneLinked,
    Place,
    TextOutcome,
    TextReceipt,
    TextReceived,
    Unsent,
    WindowAnnounced,
    WindowCancelled,
    WindowChanged,
    WordsIn,
    WorkCompleted,
    WorkStarted,
)
from services.notices.people import Manners, Reached, handle_of
from services.notices.stage import NotifyStage
from services.notices.store import NotifyStore
from tests.hostile.course import Course, Insane
from tests.outages.town import device_id, town
from tests.stage_script import moment, ms

T11 = ["T11-1", "T11-2", "T11-3", "T11-4"]
T12 = ["T12-1", "T12-2", "T12-3", "T12-4", "T12-5"]
BYSTANDER = "T21-1"
SHARED, STRANGER = "+9990000000", "+9990000009"
PEOPLE = {
    **{
        customer: Reached(phones=(f"+999{ord(customer[2])}{customer[-1]}000",), name=customer)
        for customer in (*T11, *T12)
    },
    "T11-1": Reached(phones=(SHARED,), name="T11-1"),
    "T11-2": Reached(phones=(SHARED,), name="T11-2", language="zh"),
    BYSTANDER: Reached(phones=("+9990000021",), name=BYSTANDER, life_support=True),
}
MANNERS = Manners(zone=dt.UTC, languages=("en", "zh"), quiet_from=dt.time(6, 42), quiet_until=dt.time(6, 50))
NOBODY = [f"NOBODY-{number}" for number in range(5_000)]


def changed(name: str, at: str, incident: str, revision: int, state: str, **given: Any) -> IncidentChanged:
    """Return a change of an incident."""
    plain: dict[str, Any] = {
        "area": "A1",
        "device": device_id("T11"),
        "place": Place(lon=8, lat=50),
        "started_at": moment("06:00"),
        "reason": "asReported",
        "customers_out": 4,
    }
    return IncidentChanged(
        id=name, at=moment(at), incident=incident, revision=revision, state=IncidentState(state), **{**plain, **given}
    )


def order(name: str, at: str, state: str, incident: str = "I-1", **given: Any) -> OrderChanged:
    """Return what became of the order of an incident."""
    plain: dict[str, Any] = {"order": f"order-{incident}", "area": "A1", "device": device_id("T11")}
    return OrderChanged(
        id=name,
        at=moment(at),
        crew="W1",
        incident=incident,
        place=Place(lon=8, lat=50),
        state=OrderState(state),
        reason="scripted",
        **{**plain, **given},
    )


def receipt(name: str, at: str, notice: str, outcome: str = "delivered", **given: Any) -> TextReceipt:
    """Return what the operator says of a text."""
    return TextReceipt(id=name, at=moment(at), notice=notice, outcome=TextOutcome(outcome), **{"area": "A1", **given})


def text(name: str, at: str, words: str, phone: str = STRANGER) -> TextReceived:
    """Return a text that somebody sent us."""
    return TextReceived(id=name, at=moment(at), phone=phone, words=words)


def consent(name: str, at: dt.datetime, *, consents: bool, phone: str = STRANGER) -> ConsentChanged:
    """Return what a phone said of wanting texts."""
    return ConsentChanged(id=name, at=at, phone=phone, area="A1", consents=consents)


STORY = (
    (ms("06:01"), (changed("one", "06:01", "I-1", 1, "predicted", out=T11, estimate=moment("08:00")),)),
    (ms("06:10"), (order("go", "06:10", "enroute", arrival_estimate=moment("06:30")),)),
    (ms("06:20"), (text("ask", "06:20", "OUT", SHARED), text("stop", "06:20", "stop", PEOPLE["T12-1"].phones[0]))),
    (ms("06:21"), (consent("stopped", moment("06:20"), consents=False, phone=PEOPLE["T12-1"].phones[0]),)),
    (ms("06:22"), (text("choose", "06:22", "2", SHARED),)),
    (ms("06:40"), (order("done", "06:40", "done"), changed("two", "06:40", "I-1", 2, "confirmed"))),
    (ms("06:45"), (changed("three", "06:45", "I-1", 3, "restored", restored=T11),)),
    (ms("06:55"), (changed("four", "06:55", "I-1", 4, "closed"),)),
    (ms("07:00"), (changed("other", "07:00", "I-2", 1, "predicted", out=T12),)),
)


def thrown(name: str, before: int, *facts: Event, **given: Any) -> Insane:
    """Return insane facts before a step."""
    return Insane(name=name, before=before, facts=facts, **given)


def asked(name: str, customer: str, at: dt.datetime | None = None) -> CustomerAsked:
    """Return that a customer is to be asked whether power is on."""
    return CustomerAsked(
        id=name, at=at or moment("06:09"), area="A1", region="R1", incident="I-9", customer=customer, device="D-1"
    )


def work(name: str, what: type[Event], isolates: str, *, window: str = "W", **given: Any) -> Any:
    """Return a notice of planned work."""
    said = {"starts_at": moment("07:00"), "ends_at": moment("08:00")} if "starts_at" in what.__struct_fields__ else {}
    return what(id=name, at=moment("06:09"), window=window, isolates=[isolates], **{**said, **given})  # type: ignore[call-arg]


def danger(name: str, place: Place, *, hazard: str = "H-1", revision: int = 1, **given: Any) -> HazardChanged:
    """Return that a wire is down."""
    plain: dict[str, Any] = {"state": HazardState.REPORTED, "reported_at": moment("06:09")}
    return HazardChanged(
        id=name,
        at=moment("06:09"),
        hazard=hazard,
        area="A1",
        revision=revision,
        hazard_kind=HazardKind.WIRE_DOWN,
        place=place,
        reason="reported",
        **{**plain, **given},
    )


BEHIND_T21 = frozenset({"V", "W", *(f"{what} T21-{number}" for what in "VW" for number in range(1, 9))})
IN_THE_BEGINNING = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
STRANGE = frozenset({STRANGER, handle_of(STRANGER), *"xyz"})
AT_LONG_LAST = moment("23:59").replace(year=2099, month=12, day=31)

INSANE = (
    thrown("an area nobody has", 1, changed("x", "06:09", "I-9", 1, "predicted", area="A9"), parked="unknownArea"),
    thrown("a receipt for a text nobody sent", 1, receipt("x", "06:09", "never")),
    thrown(
        "two receipts that contradict each other", 1, receipt("x", "06:09", "n"), receipt("y", "06:08", "n", "failed")
    ),
    thrown("a crew on its way to an unknown incident", 1, order("x", "06:09", "enroute", "I-9")),
    thrown(
        "a crew that set out in the year 2000",
        1,
        order("x", "06:09", "enroute", "I-9", arrival_estimate=moment("00:00").replace(year=2000)),
    ),
    thrown("arrived at an unknown incident", 1, order("x", "06:09", "arrived", "I-9"), unheard=True),
    thrown("a revision twice, with other content", 1, changed("x", "06:09", "I-1", 1, "restored", restored=T11)),
    thrown("a revision that goes back", 6, changed("x", "06:44", "I-1", 1, "merged", merged_into="I-1", out=T12)),
    thrown(
        "a first revision anew, after the end",
        8,
        changed("x", "06:59", "I-1", 1, "predicted", out=T11),
        changed("y", "06:59", "I-1", 4, "dismissed"),
        about=frozenset(T11),  # their return is not remembered any more
    ),
    thrown(
        "restored, of nobody who was out",
        1,
        changed("x", "06:09", "I-9", 1, "restored", restored=T12),
        about=frozenset({"I-9"}),
    ),
    thrown(
        "an unknown device and 5,000 customers nobody has",
        1,
        changed("x", "06:09", "I-9", 1, "predicted", device="NOWHERE", out=NOBODY, estimate=AT_LONG_LAST),
        changed("y", "06:09", "I-9", 2, "closed", started_at=AT_LONG_LAST),
        about=frozenset({"I-9"}),
    ),
    thrown(
        "the same customers five times over",
        1,
        changed("x", "06:09", "I-9", 1, "dismissed", out=["NOBODY"] * 5, restored=["NOBODY"] * 5),
        about=frozenset({"I-9", "NOBODY"}),
    ),
    thrown(
        "merged into itself",
        1,
        changed("x", "06:09", "I-9", 1, "merged", merged_into="I-9", out=["NOBODY"]),
        about=frozenset({"I-9", "NOBODY"}),
    ),
    thrown(
        "merged in a ring",
        1,
        changed("x", "06:08", "I-8", 1, "merged", merged_into="I-9", out=["NOBODY"]),
        changed("y", "06:09", "I-9", 1, "merged", merged_into="I-8", out=["NOBODY"]),
        changed("z", "06:09", "I-9", 2, "closed"),
        about=frozenset({"I-8", "I-9", "NOBODY"}),
    ),
    thrown(
        "an outage from the first to the last day that there is",
        1,
        changed(
            "x", "06:08", "I-9", 1, "predicted", out=[BYSTANDER], started_at=IN_THE_BEGINNING, estimate=AT_LONG_LAST
        ),
        changed("y", "06:09", "I-9", 2, "predicted", estimate=IN_THE_BEGINNING),
        order("z", "06:09", "enroute", "I-9", arrival_estimate=AT_LONG_LAST),
        about=frozenset({"I-9", BYSTANDER, handle_of("+9990000021")}),
    ),
    thrown(
        "an order of no incident",
        1,
        OrderChanged(
            id="x",
            at=moment("06:09"),
            order="of-a-hazard",
            crew="W1",
            area="A1",
            place=Place(lon=8, lat=50),
            state=OrderState.ENROUTE,
            reason="scripted",
        ),
        unheard=True,
    ),
    thrown(
        "a hazard",
        1,
        HazardChanged(
            id="x",
            at=moment("06:09"),
            hazard="H-1",
            area="A1",
            revision=1,
            state=HazardState.REPORTED,
            hazard_kind=HazardKind.FIRE,
            place=Place(lon=8, lat=50),
            reported_at=AT_LONG_LAST,
            reason="reported",
        ),
        unheard=True,
    ),
    thrown("a question to nobody, and one to a phone of two", 1, asked("x", "NOBODY"), asked("y", "T11-1")),
    thrown(
        "one customer asked a thousand times, in the year 2000 too",
        1,
        *(asked(f"x{n}", BYSTANDER) for n in range(1_000)),
        asked("y", BYSTANDER, at=IN_THE_BEGINNING),
        about=frozenset({"y", BYSTANDER, handle_of("+9990000021"), *(f"x{n}" for n in range(1_000))}),
    ),
    thrown(
        "a text of nothing, and a long one of no sense",
        1,
        text("x", "06:09", ""),
        text("y", "06:09", "🔥\t\n停" * 400),
        about=STRANGE,
    ),
    thrown("a choice that nobody offered", 1, text("x", "06:09", "7"), text("y", "06:09", "99"), about=STRANGE),
    thrown(
        "a text from the first day that there is",
        1,
        TextReceived(id="x", at=IN_THE_BEGINNING, phone=STRANGER, words="停电"),
        about=STRANGE,
    ),
    thrown(
        "stop, start, stop and help in one instant",
        3,
        *(text(name, "06:19", words) for name, words in zip("xyz", ("stop", "start", "help"), strict=True)),
        about=STRANGE,
    ),
    thrown(
        "a machine that writes without end",
        1,
        *(text(f"machine{n}", "06:09", "OUT OF OFFICE") for n in range(40)),
        about=STRANGE | {f"machine{n}" for n in range(40)},
    ),
    thrown(
        "consents of nobody, in the wrong order",
        1,
        consent("x", AT_LONG_LAST, consents=True),
        consent("y", IN_THE_BEGINNING, consents=False),
        consent("z", moment("06:00"), consents=False),
        about=STRANGE,
    ),
    thrown(
        "phones that follow nobody known, nobody at all, and the same customer twice",
        1,
        PhoneLinked(id="x", at=AT_LONG_LAST, area="A1", phone=STRANGER, customer="NOBODY"),
        PhoneLinked(id="y", at=IN_THE_BEGINNING, area="A1", customer="NOBODY", linked=False),
        PhoneLinked(id="z", at=IN_THE_BEGINNING, area="A1", customer=BYSTANDER),
        about=STRANGE | {BYSTANDER, "NOBODY"},
    ),
    thrown(
        "a language that nobody speaks",
        1,
        LanguageChosen(id="x", at=AT_LONG_LAST, area="A1", phone=STRANGER, language="qq"),
        about=STRANGE,
    ),
    thrown(
        "a broadcast to nobody known, and an answer to no text",
        1,
        BroadcastSent(
            id="x",
            at=AT_LONG_LAST,
            area="A1",
            broadcast="B",
            customers=NOBODY,
            words=[WordsIn("qq", "")],
            part=9,
            parts=1,
            by="nobody",
        ),
        InboundAnswered(id="y", at=IN_THE_BEGINNING, area="A1", text="never", by="nobody", words=""),
        about=frozenset({"x", "y", "never", *NOBODY}),
    ),
    thrown(
        "a stop of nothing that took back what never was, and an end of no stop",
        1,
        NoticesStopped(
            id="x",
            at=AT_LONG_LAST,
            area="A1",
            by="nobody",
            incident="I-9",
            unsent=[Unsent("n", "nothing", [BYSTANDER, "NOBODY"], 2**53)],
        ),
        NoticesResumed(
            id="y", at=IN_THE_BEGINNING, area="A1", by="nobody", unsent=[Unsent("n", "powerOut", ["NOBODY"], 0)]
        ),
        about=frozenset({"I-9", "all", BYSTANDER, "NOBODY"}),
    ),
    thrown(
        "a text passed on to an area nobody has",
        1,
        TextReceived(id="x", at=moment("06:09"), phone=STRANGER, words="status", area="A9"),
        parked="unknownArea",
    ),
    thrown("codes that nobody was sent", 1, text("x", "06:09", "123456"), text("y", "06:09", "LINK"), about=STRANGE),
    thrown("work behind devices nobody has", 1, work("x", WindowAnnounced, "NOWHERE"), parked="unknownDevice"),
    thrown(
        "work from the first to the last day that there is, and work that ends before it begins",
        1,
        work("x", WindowAnnounced, device_id("T21"), starts_at=IN_THE_BEGINNING, ends_at=AT_LONG_LAST),
        work("y", WindowChanged, device_id("T21"), starts_at=AT_LONG_LAST, ends_at=IN_THE_BEGINNING),
        about=BEHIND_T21,
    ),
    thrown(
        "work that begins, is cancelled, complete and announced in one instant, and work that nobody knows",
        1,
        work("x", WorkStarted, device_id("T21")),
        work("y", WindowCancelled, device_id("T21")),
        work("z", WorkCompleted, device_id("T21"), window="V"),
        work("w", WindowAnnounced, device_id("T21"), starts_at=AT_LONG_LAST, ends_at=AT_LONG_LAST),
        about=BEHIND_T21,
    ),
    thrown(
        "a wire down at the end of the world, in the last year, and one that is safe before it is known",
        1,
        danger("x", Place(lon=180, lat=90), reported_at=AT_LONG_LAST, told_us=["NOBODY"]),
        danger("y", Place(lon=0, lat=0), hazard="H-2", state=HazardState.MADE_SAFE, reported_at=IN_THE_BEGINNING),
        danger("z", Place(lon=0, lat=0), hazard="H-2", revision=2),
        about=frozenset({"H-1", "H-2"}),
    ),
    thrown("nothing", 1),
)

NOTIFY = Course(
    stage=lambda: NotifyStage(town(), PEOPLE, MANNERS),
    store=NotifyStore,
    shard="A1",
    story=STORY,
    until=ms("08:00"),
    insane=INSANE,
)
