"""The hostile corpus: bodies that no consumer may accept, choke on or be stopped by, each with the code it must give.

`MALFORMED` are no JSON; `INSANE` are well-formed and wrong. `HARMLESS` look odd and are right: refusing them would lose
facts. All are meant for the topic that they name.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from schemas.codec import MAX_BYTES
from schemas.topics import CREW_STATUS, HOTLINE_REPORTS, OUTAGE_INCIDENTS, OUTAGE_REPORTS, Topic


@dataclasses.dataclass(frozen=True, slots=True)
class Payload:
    """A body on a topic, and the code with which it must be refused (empty: it must be read)."""

    name: str
    body: bytes
    code: str
    topic: Topic = OUTAGE_REPORTS


REPORT: dict[str, Any] = {
    "type": "outage.reported.v1",
    "id": "report-1",
    "at": "2026-03-01T18:00:00Z",
    "exercise": False,
    "kind": "call",
    "customer": "C-1",
    "meter": None,
    "phone": None,
    "pole": None,
    "device": None,
    "place": None,
    "words": "",
}
CREW: dict[str, Any] = {
    "type": "crew.reported.v1",
    "id": "said-1",
    "at": "2026-03-01T18:00:00Z",
    "crew": "CREW-1",
    "status": "arrived",
    "order": "ORDER-1",
    "place": {"lon": 11.25, "lat": 48.125},
}
DANGER: dict[str, Any] = {
    "type": "hazard.reported.v1",
    "id": "danger-1",
    "at": "2026-03-01T18:00:00Z",
    "hazard": "wireDown",
    "place": {"lon": 11.25, "lat": 48.125},
}
ACCOUNT: dict[str, Any] = {
    "type": "hotline.reported.v1",
    "id": "mill-1",
    "at": "2026-03-01T18:00:00Z",
    "account": "MILL",
    "kind": "call",
}
INCIDENT: dict[str, Any] = {
    "type": "outage.incidentChanged.v1",
    "id": "changed-1",
    "at": "2026-03-01T18:00:00Z",
    "incident": "I-1",
    "area": "A1",
    "revision": 1,
    "state": "predicted",
    "device": "FUSE-1",
    "place": {"lon": 11.25, "lat": 48.125},
    "started_at": "2026-03-01T17:59:00Z",
    "reason": "why",
    "customers_out": 3,
}
GOOD = json.dumps(REPORT, separators=(",", ":")).encode()


def report(**changed: object) -> bytes:
    """Return a report with these fields changed or added."""
    return json.dumps(REPORT | changed).encode()


def crew(**changed: object) -> bytes:
    """Return a crew's report with these fields changed or added."""
    return json.dumps(CREW | changed).encode()


def danger(**changed: object) -> bytes:
    """Return a report of danger with these fields changed or added."""
    return json.dumps(DANGER | changed).encode()


def account(**changed: object) -> bytes:
    """Return a report of a hotline account with these fields changed or added."""
    return json.dumps(ACCOUNT | changed).encode()


def incident(**changed: object) -> bytes:
    """Return a change of an incident with these fields changed or added."""
    return json.dumps(INCIDENT | changed).encode()


def without(*names: str) -> bytes:
    """Return a report that lacks these fields."""
    return json.dumps({name: value for name, value in REPORT.items() if name not in names}).encode()


def raw(old: bytes, new: bytes) -> bytes:
    """Return the good report with some of its bytes replaced."""
    assert old in GOOD
    return GOOD.replace(old, new)


NAN, INFINITE = float("nan"), float("inf")
TEN_MB = "x" * 10_000_000

MALFORMED: tuple[Payload, ...] = (
    Payload("nothing", b"", "empty"),
    Payload("white space", b" \n\t", "malformed"),
    Payload("a word", b"hello", "malformed"),
    Payload("cut off", GOOD[:-7], "malformed"),
    Payload("cut off in a string", GOOD[: GOOD.index(b"C-1") + 2], "malformed"),
    Payload("trailing garbage", GOOD + b"garbage", "malformed"),
    Payload("a second object", GOOD + GOOD, "malformed"),
    Payload("a trailing NUL", GOOD + b"\x00", "malformed"),
    Payload("a trailing comma", GOOD[:-1] + b",}", "malformed"),
    Payload("single quotes", GOOD.replace(b'"', b"'"), "malformed"),
    Payload("a byte order mark", b"\xef\xbb\xbf" + GOOD, "malformed"),
    Payload("UTF-16", GOOD.decode().encode("utf-16"), "malformed"),
    Payload("UTF-16 without a mark", GOOD.decode().encode("utf-16-le"), "malformed"),
    Payload("UTF-32", GOOD.decode().encode("utf-32"), "malformed"),
    Payload("Latin-1 in a string", raw(b"C-1", b"C-\xe4"), "malformed"),
    Payload("bytes that are no UTF-8 in a name", raw(b'"kind"', b'"\xff\xfe"'), "malformed"),
    Payload("half a surrogate pair", raw(b"C-1", rb"\ud800"), "malformed"),
    Payload("a raw control character", raw(b"C-1", b"C\x01"), "malformed"),
    Payload("random bytes", bytes(range(256)), "malformed"),
    Payload("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff", "malformed"),
    Payload("deep objects", b'{"x":' * 100_000, "malformed"),
    Payload("deep arrays before the type", b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"," + GOOD[1:], "malformed"),
    Payload("NaN", crew(place={"lon": NAN, "lat": 48}), "malformed", CREW_STATUS),
    Payload("Infinity", crew(place={"lon": INFINITE, "lat": 48}), "malformed", CREW_STATUS),
    Payload("minus Infinity", crew(place={"lon": -INFINITE, "lat": 48}), "malformed", CREW_STATUS),
)

INSANE: tuple[Payload, ...] = (
    Payload("null", b"null", "invalid"),
    Payload("true", b"true", "invalid"),
    Payload("a number", b"42", "invalid"),
    Payload("a string", b'"outage.reported.v1"', "invalid"),
    Payload("an array", b"[]", "invalid"),
    Payload("an array of one event", b"[" + GOOD + b"]", "invalid"),
    Payload("deep arrays", b"[" * 100_000, "invalid"),
    Payload("an empty object", b"{}", "invalid"),
    Payload("no type", without("type"), "invalid"),
    Payload("no id", without("id"), "invalid"),
    Payload("no time", without("at"), "invalid"),
    Payload("an unknown type", report(type="outage.rumoured.v1"), "invalid"),
    Payload("an unknown version", report(type="outage.reported.v99"), "invalid"),
    Payload("a type that is a number", report(type=1), "invalid"),
    Payload("an unknown field", report(colour="red"), "invalid"),
    Payload(
        "deep arrays in an unknown field", raw(b'"kind"', b'"x":' + b"[" * 999 + b"]" * 999 + b',"kind"'), "invalid"
    ),
    Payload("an unknown kind", report(kind="smoke"), "invalid"),
    Payload("a kind in capitals", report(kind="CALL"), "invalid"),
    Payload("a number for a string", report(customer=7), "invalid"),
    Payload("a string for a flag", report(exercise="false"), "invalid"),
    Payload("a number for a flag", report(exercise=0), "invalid"),
    Payload("an object for a string", report(customer={"id": "C-1"}), "invalid"),
    Payload("null for an id", report(id=None), "invalid"),
    Payload("an empty id", report(id=""), "invalid"),
    Payload("a newline after an id", report(id="report-1\n"), "invalid"),
    Payload("a newline after a customer", report(customer="C-1\n"), "invalid"),
    Payload("a space in an id", report(id="report 1"), "invalid"),
    Payload("a NUL in an id", report(id="report\x00"), "invalid"),
    Payload("an id in another script", report(id="отчёт"), "invalid"),
    Payload("an id that is SQL", report(id="'; DROP TABLE report; --"), "invalid"),
    Payload("an id of 65 characters", report(id="x" * 65), "invalid"),
    Payload("an id of a million characters", report(id="x" * 1_000_000), "invalid"),
    Payload("a string of 10 MB", report(customer=TEN_MB), "tooLarge"),
    Payload("10 MB of white space", GOOD + b" " * 10_000_000, "tooLarge"),
    Payload("one byte too many", GOOD + b" " * (MAX_BYTES + 1 - len(GOOD)), "tooLarge"),
    Payload("a naive time", report(at="2026-03-01T18:00:00"), "invalid"),
    Payload("a date", report(at="2026-03-01"), "invalid"),
    Payload("seconds since the epoch", report(at=1_772_388_000), "invalid"),
    Payload("the 30th of February", report(at="2026-02-30T18:00:00Z"), "invalid"),
    Payload("a leap second", report(at="2026-03-01T23:59:60Z"), "invalid"),
    Payload("an offset of 99 hours", report(at="2026-03-01T18:00:00+99:00"), "invalid"),
    Payload("the year 10000", report(at="10000-01-01T00:00:00Z"), "invalid"),
    Payload("the year 2200", report(at="2200-01-01T00:00:00Z"), "insaneTime"),
    Payload("the year 1970", report(at="1970-01-01T00:00:00Z"), "insaneTime"),
    Payload("the year 1", report(at="0001-01-01T00:00:00+23:59"), "insaneTime"),
    Payload("the end of time", report(at="9999-12-31T23:59:59.999999-23:59"), "insaneTime"),
    Payload("the year 2000 only where it is said", report(at="2000-01-01T00:00:00+05:00"), "insaneTime"),
    Payload("the year 2100 by rounding", report(at="2099-12-31T23:59:59.9999999Z"), "insaneTime"),
    Payload(
        "the year 2200 in another time", incident(started_at="2200-01-01T00:00:00Z"), "insaneTime", OUTAGE_INCIDENTS
    ),
    Payload("a doubled field", GOOD[:-1] + b',"customer":"C-2"}', "doubledField"),
    Payload("a field doubled with an equal value", GOOD[:-1] + b',"customer":"C-1"}', "doubledField"),
    Payload("a field doubled by an escape", GOOD[:-1] + rb',"\u0063ustomer":"C-2"}', "doubledField"),
    Payload("a doubled type", GOOD[:-1] + b',"type":"outage.reported.v1"}', "doubledField"),
    Payload("two types", GOOD[:-1] + b',"type":"crew.reported.v1"}', "invalid"),
    Payload(
        "a doubled field inside a place", crew().replace(b'"lat"', b'"lon": 1, "lat"'), "doubledField", CREW_STATUS
    ),
    Payload("an event of another topic", crew(), "wrongTopic"),
    Payload("a report where crews speak", GOOD, "wrongTopic", CREW_STATUS),
    Payload("a longitude off the earth", crew(place={"lon": 180.1, "lat": 48}), "invalid", CREW_STATUS),
    Payload("a latitude off the earth", crew(place={"lon": 11, "lat": -90.5}), "invalid", CREW_STATUS),
    Payload("lon and lat as an array", crew(place=[11, 48]), "invalid", CREW_STATUS),
    Payload("half a place", crew(place={"lon": 11}), "invalid", CREW_STATUS),
    Payload("a height in a place", crew(place={"lon": 11, "lat": 48, "height": 400}), "invalid", CREW_STATUS),
    Payload("a longitude of 1e999", crew().replace(b"11.25", b"1e999"), "invalid", CREW_STATUS),
    Payload("a longitude of 5000 digits", crew().replace(b"11.25", b"1" * 5000), "invalid", CREW_STATUS),
    Payload("a NUL in a note", crew(why="tree\x00line"), "invalid", CREW_STATUS),
    Payload("a note of 501 characters", crew(why="x" * 501), "invalid", CREW_STATUS),
    Payload("a negative count", incident(customers_out=-1), "invalid", OUTAGE_INCIDENTS),
    Payload("a count beyond all customers", incident(customers_out=10_000_001), "invalid", OUTAGE_INCIDENTS),
    Payload("a count beyond 64 bits", incident(revision=2**64), "invalid", OUTAGE_INCIDENTS),
    Payload(
        "a count of 5000 digits",
        incident().replace(b'"revision": 1', b'"revision": ' + b"1" * 5000),
        "invalid",
        OUTAGE_INCIDENTS,
    ),
    Payload("half a customer", incident(customers_out=2.5), "invalid", OUTAGE_INCIDENTS),
    Payload("a string for a list", incident(out="C-1"), "invalid", OUTAGE_INCIDENTS),
    Payload("a phone without its country", report(phone="0815 4711"), "invalid"),
    Payload("a phone with letters", report(phone="+49CALLME"), "invalid"),
    Payload("a phone that is a number", report(phone=4_915_550_100), "invalid"),
    Payload("a phone of 16 digits", report(phone="+1234567890123456"), "invalid"),
    Payload("a newline after a phone", report(phone="+4915550100\n"), "invalid"),
    Payload("a pole that is SQL", report(pole="P' OR 1=1 --"), "invalid"),
    Payload("a pole with its place", report(pole={"id": "P-1", "lon": 11}), "invalid"),
    Payload("a device of 65 characters", report(device="x" * 65), "invalid"),
    Payload("a place off the earth", report(place={"lon": 11, "lat": 91}), "invalid"),
    Payload("a place that is a string", report(place="48.1,11.2"), "invalid"),
    Payload("words of 501 characters", report(words="x" * 501), "invalid"),
    Payload("a NUL in words", report(words="dark\x00"), "invalid"),
    Payload("an unknown danger", danger(hazard="ghost"), "invalid"),
    Payload("danger of no kind", danger(hazard=None), "invalid"),
    Payload("danger with a kind of report", danger(kind="call"), "invalid"),
    Payload("danger with a meter", danger(meter="M-1"), "invalid"),
    Payload("danger at half a place", danger(place={"lat": 48}), "invalid"),
    Payload("danger in the year 2200", danger(at="2200-01-01T00:00:00Z"), "insaneTime"),
    Payload("danger doubled", danger()[:-1] + b', "hazard": "fire"}', "doubledField"),
    Payload("danger where accounts report", danger(), "wrongTopic", HOTLINE_REPORTS),
    Payload("an account where everybody reports", account(), "wrongTopic"),
    Payload("an account that is empty", account(account=""), "invalid", HOTLINE_REPORTS),
    Payload("an account that is none", account(account=None), "invalid", HOTLINE_REPORTS),
    Payload("an account with a phone", account(phone="+4915550100"), "invalid", HOTLINE_REPORTS),
    Payload("null in a list", incident(out=["C-1", None]), "invalid", OUTAGE_INCIDENTS),
    Payload("a list in a list", incident(out=[["C-1"]]), "invalid", OUTAGE_INCIDENTS),
)

HARMLESS: tuple[Payload, ...] = (
    Payload("white space around", b" \r\n\t" + GOOD + b"\n", ""),
    Payload("white space inside", json.dumps(REPORT, indent=4).encode(), ""),
    Payload("fields in another order", json.dumps(dict(sorted(REPORT.items()))).encode(), ""),
    Payload("fields left to their defaults", without("exercise", "meter"), ""),
    Payload("escapes for plain letters", raw(b"C-1", rb"\u0043-1"), ""),
    Payload("a time with an offset", report(at="2026-03-01T23:30:00+05:30"), ""),
    Payload("a time with nanoseconds", report(at="2026-03-01T18:00:00.000000001Z"), ""),
    Payload("an id of 64 characters", report(id="x" * 64), ""),
    Payload("as many bytes as are read", GOOD + b" " * (MAX_BYTES - len(GOOD)), ""),
    Payload("neither customer nor meter", report(customer=None), ""),
    Payload("nothing that says where", report(customer=None, meter=None), ""),
    Payload("a place and nobody", report(customer=None, place={"lon": 0, "lat": 0}), ""),
    Payload("everything at once", report(phone="+4915550100", pole="P-1", device="17", place=CREW["place"]), ""),
    Payload("a phone of 7 digits", report(phone="+1234567"), ""),
    Payload("danger at a pole only", danger(place=None, pole="P-1"), ""),
    Payload("danger that nobody can find", danger(place=None), ""),
    Payload("danger on the other side of the earth", danger(place={"lon": 180, "lat": -90}), ""),
    Payload("an account that names no premise", account(), "", HOTLINE_REPORTS),
    Payload("whole degrees", crew(place={"lon": 11, "lat": 48}), "", CREW_STATUS),
    Payload("the date line and a pole", crew(place={"lon": -180, "lat": 90}), "", CREW_STATUS),
    Payload("a note in another script", crew(why="Дерево на линии\n木"), "", CREW_STATUS),
)

HOSTILE = MALFORMED + INSANE
"""Everything that must be refused."""
