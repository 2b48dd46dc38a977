"""The history of an incident tells who was asked whether power is on, and what the answer tells apart."""

from __future__ import annotations

from services.console.timeline import TimelineRow, questions
from services.outages.showing_asked import ShownQuestion


def asked(by: str, other: str | None) -> ShownQuestion:
    return ShownQuestion(
        key="k", at_ms=7, by=by, customer="C-1", meter="M-1", device="L1", other=other,
        reason="tellsWhether" if other is None else "tellsApart",
    )  # fmt: skip


def test_a_ping_is_told_of_the_meter_and_a_text_of_the_customer() -> None:
    rows = questions([asked("meter", "T11"), asked("text", None)])
    assert [(row.subject_kind, row.subject, row.words, row.reason) for row in rows] == [
        ("meter", "M-1", "L1|T11", "tellsApart"),
        ("customer", "C-1", "L1", "tellsWhether"),
    ]
    assert rows[0] == TimelineRow(
        at_ms=7,
        kind="decision",
        subject_kind="meter",
        subject="M-1",
        became="askedForPower",
        reason="tellsApart",
        by="correlate",
        words="L1|T11",
        facts=("k",),
        facts_total=1,
    )
