"""The files of those who repair: regions, depots, crews, shifts; and of planned work."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from services.utility import cells
from services.utility.columns import Column, FileForm, optional
from services.utility.grid_files import LAT, LON
from services.utility.rows import CrewRow, DepotRow, RegionRow

SKILLS = ("line", "service")
"""What a crew can be able to do: every repair; or work on low voltage and at premises, and making safe."""

_names = cells.several(cells.identifier)


class ShiftLine(NamedTuple):
    """A line of shifts.csv: one shift on several weekdays."""

    crew: str
    weekdays: tuple[int, ...]
    starts: dt.time
    ends: dt.time
    kind: str


class WindowLine(NamedTuple):
    """A line of windows.csv: its times are of the utility's time zone where they name no offset."""

    window: str
    isolates: tuple[str, ...]
    starts: dt.datetime
    ends: dt.datetime
    work: str


REGIONS: FileForm[RegionRow] = FileForm(
    name="regions.csv",
    id="region",
    row=RegionRow,
    columns=(Column("region", cells.identifier), Column("name", cells.words)),
    unique=(("region",),),
    without="the regions are those that feeders and depots name",
)
DEPOTS: FileForm[DepotRow] = FileForm(
    name="depots.csv",
    id="depot",
    row=DepotRow,
    columns=(
        Column("depot", cells.identifier),
        optional("name", cells.words),
        optional("region", cells.or_else("R1", cells.identifier), "R1"),
        LON,
        LAT,
    ),
    unique=(("depot",),),
    without="there are no depots",
)
CREWS: FileForm[CrewRow] = FileForm(
    name="crews.csv",
    id="crew",
    row=CrewRow,
    columns=(
        Column("crew", cells.identifier),
        Column("depot", cells.identifier),
        optional(
            "skills", cells.or_else(("line",), cells.several(cells.one_of({name: name for name in SKILLS}))), "line"
        ),
        optional("certificates", _names),
        optional("kit", _names),
        optional("members", cells.or_else(2, cells.whole(1, 50, "members")), "2"),
        optional("barred", cells.several(cells.circle)),
    ),
    unique=(("crew",),),
    without="there are no crews, and nobody is sent",
)
SHIFTS: FileForm[ShiftLine] = FileForm(
    name="shifts.csv",
    row=ShiftLine,
    columns=(
        Column("crew", cells.identifier),
        Column("weekday", cells.weekdays),
        Column("starts", cells.time_of_day),
        Column("ends", cells.time_of_day),
        optional("kind", cells.or_else("duty", cells.one_of({"duty": "duty", "standby": "standby"})), "duty"),
    ),
    unique=(),
    without="every crew is always on duty",
)
WINDOWS: FileForm[WindowLine] = FileForm(
    name="windows.csv",
    id="window",
    row=WindowLine,
    columns=(
        Column("window", cells.identifier),
        Column("isolates", cells.several(cells.identifier, r";\s")),
        Column("starts", cells.moment),
        Column("ends", cells.moment),
        optional("work", cells.words),
    ),
    unique=(("window",),),
    without="no work is planned",
)
