"""The files of how customers are told: where beside the first phone, and when they are let sleep."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

from services.utility import cells
from services.utility.columns import Column, FileForm, optional
from services.utility.grid_files import TIERS
from services.utility.problems import Code
from services.utility.rows import ChannelRow, QuietRow

if TYPE_CHECKING:
    from services.utility.reading import Reading

ADDRESSES = {"text": cells.phone, "email": cells.email, "webhook": cells.url, "voice": cells.phone}
"""The channels, and how an address of each is read."""
MOMENTS = ("outage", "estimate", "restored", "planned", "safety", "broadcast")
"""The kinds of notice that an address may be for."""
KINDS = ("outage", "estimate", "restored", "planned")
"""The kinds of notice that may have hours of their own; a warning of danger waits for nothing."""


class QuietLine(NamedTuple):
    """A line of quiet_hours.csv."""

    kind: str
    starts: dt.time
    ends: dt.time
    tier: str


CHANNELS: FileForm[ChannelRow] = FileForm(
    name="channels.csv",
    row=ChannelRow,
    columns=(
        Column("customer", cells.identifier),
        Column("channel", cells.one_of({name: name for name in ADDRESSES})),
        Column("address", cells.words),
        optional("language", cells.or_else("", cells.language)),
        optional("quiet_from", cells.or_else(None, cells.time_of_day)),
        optional("quiet_until", cells.or_else(None, cells.time_of_day)),
        optional("moments", cells.several(cells.one_of({name: name for name in MOMENTS}))),
    ),
    unique=(("customer", "channel", "address"),),
    without="customers are told by their first phone only",
)
QUIET_HOURS: FileForm[QuietLine] = FileForm(
    name="quiet_hours.csv",
    row=QuietLine,
    columns=(
        Column("kind", cells.one_of({name: name for name in KINDS})),
        Column("from", cells.time_of_day),
        Column("until", cells.time_of_day),
        optional("tier", cells.or_else("", cells.one_of({name: name for name in TIERS}))),
    ),
    unique=(),
    without="it is quiet for all notices alike",
)


def check_channels(channels: Reading[ChannelRow]) -> None:
    """Check that each address is one of its channel, and that quiet hours have a beginning and an end."""
    for row, line in zip(channels.rows, channels.lines, strict=True):
        try:
            ADDRESSES[row.channel](row.address)
        except cells.RefusedCell as refused:
            channels.note(line, "address", refused.code, refused.sentence)
        if (row.quiet_from is None) is not (row.quiet_until is None):
            column = "quiet_from" if row.quiet_from is None else "quiet_until"
            channels.note(line, column, Code.MISSING_VALUE, "Quiet hours need a beginning and an end.")


def quiet_hours(reading: Reading[QuietLine]) -> list[QuietRow]:
    """Return the quiet hours; a kind that has some twice, for one tier, is noted."""
    first: dict[tuple[str, str], int] = {}
    for row, line in zip(reading.rows, reading.lines, strict=True):
        if (known := first.setdefault((row.kind, row.tier), line)) != line:
            whose = f"{row.kind} of {row.tier} customers" if row.tier else row.kind
            reading.note(line, "kind", Code.DOUBLED_ID, f"The quiet hours of {whose} are already in line {known}.")
    return [QuietRow(row.kind, row.tier, row.starts, row.ends) for row in reading.rows]
