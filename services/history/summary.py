"""What a person or a program is told of files of outages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from services.history.causes import Cause
from services.history.forms import Files
from services.history.outages import Kind, Outage


def summary(files: Files, outages: Sequence[Outage]) -> dict[str, Any]:
    """Return the counts of what was read.

    `records` are rows, `faults` the outages that began at different times: many records of one instant are one fault.
    """
    real = [outage for outage in outages if outage.kind is not Kind.NO_OUTAGE]
    return {
        "records": sum(len(each.rows) for each in files.lists) + sum(len(each.rows) for each in files.maps),
        "utilities": sorted({outage.utility for outage in outages}),
        "outages": len(real),
        "faults": len({(outage.utility, outage.start_ms) for outage in real}),
        "customers": sum(outage.customers for outage in real),
        "planned": sum(1 for outage in real if outage.planned),
        "ended": sum(outage.end_ms is not None for outage in real),
        "end_unknown": _counts(outage.why for outage in real if outage.why is not None),
        "no_outage": _counts(outage.why for outage in outages if outage.kind is Kind.NO_OUTAGE),
        "start_basis": _counts(outage.start_basis for outage in real),
        "by_cause": {cause.value: count for cause in Cause if (count := sum(each.cause is cause for each in real))},
        "unknown_spellings": _counts(outage.cause_written for outage in outages if not outage.cause_known),
    }


def _counts(values: Iterable[str | None]) -> dict[str, int]:
    return dict(sorted(Counter(map(str, values)).items()))


def in_words(counted: dict[str, Any]) -> str:
    """Return the counts for a person."""
    lines = [
        f"{counted['records']} records of {', '.join(counted['utilities'])}: {counted['outages']} outages.",
        f"{counted['planned']} were planned, {counted['customers']} customers were out, {counted['ended']} ends are known.",
        f"They began at {counted['faults']} different times.",
    ]
    titles = {
        "end_unknown": "End not known",
        "no_outage": "No outage",
        "start_basis": "Start taken from",
        "by_cause": "By cause (IEEE 1782)",
        "unknown_spellings": "Causes that no table knows, counted as UNKNOWN",
    }
    for name, title in titles.items():
        if counted[name]:
            lines.append(
                f"{title}: " + ", ".join(f"{key or '(empty)'} {count}" for key, count in counted[name].items()) + "."
            )
    return "\n".join(lines)
