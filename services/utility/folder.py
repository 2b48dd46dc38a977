"""A utility folder read and validated whole."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.network.places import Place
from services.network.tables import GridTables
from services.utility import hours
from services.utility.account_files import ACCOUNTS, AGREEMENTS, CONTACTS, HOLIDAYS, PREMISES, ROSTERS, UTILITY
from services.utility.checks import (
    check_branches,
    check_normal_state,
    check_poles,
    check_references,
    refuse_dangling,
)
from services.utility.checks_beside import check_agreements, check_ladders, check_languages, check_windows
from services.utility.contents import ABOUT, BESIDE, UtilityFolder, sorted_rows
from services.utility.crew_files import CREWS, DEPOTS, REGIONS, SHIFTS, WINDOWS
from services.utility.grid_files import BRANCHES, CUSTOMERS, FEEDERS, NODES
from services.utility.notice_files import CHANNELS, QUIET_HOURS, check_channels, quiet_hours
from services.utility.positions import check_positions
from services.utility.problems import Code, FolderProblems, Problem
from services.utility.reading import Reading, read_file
from services.utility.road_file import read_roads
from services.utility.rows import RegionRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.network.tables import CustomerRow, FeederRow
    from services.utility.account_files import UtilityRow
    from services.utility.rows import DepotRow

__all__ = ["EXAMPLE", "FolderProblems", "Problem", "UtilityFolder", "meter_of", "read_folder"]

EXAMPLE = Path(__file__).parent / "example"
"""The example utility, which comes along with the program."""

_DEFAULTS: dict[str, Any] = {
    "name": "Utility",
    "time_zone": "UTC",
    "attribution": "",
    **{name: UtilityFolder.__dataclass_fields__[name].default for name in ABOUT[3:]},
}


def meter_of(customer: str) -> str:
    """Return the id of the meter of a customer for whom the folder names none."""
    return f"M-{customer}"


def read_folder(path: Path) -> UtilityFolder:
    """Read and validate the folder. Raises FolderProblems with all that was found when anything stands in the way."""
    about = read_file(path, UTILITY)
    feeders, nodes = read_file(path, FEEDERS), read_file(path, NODES)
    branches, customers = read_file(path, BRANCHES), read_file(path, CUSTOMERS)
    regions, depots = read_file(path, REGIONS), read_file(path, DEPOTS)
    crews, shifts = read_file(path, CREWS), read_file(path, SHIFTS)
    accounts, premises = read_file(path, ACCOUNTS), read_file(path, PREMISES)
    contacts, rosters = read_file(path, CONTACTS), read_file(path, ROSTERS)
    agreements, windows, holidays = read_file(path, AGREEMENTS), read_file(path, WINDOWS), read_file(path, HOLIDAYS)
    channels, quiet = read_file(path, CHANNELS), read_file(path, QUIET_HOURS)

    said = _about(about)
    check_branches(branches)
    check_references(nodes, branches, feeders, customers)
    check_poles(nodes)
    check_positions(nodes, feeders, depots, said["time_zone"] if _gives(about, "time_zone") else None)
    _give_meters(customers)
    _name_regions(regions, (feeders, depots))
    refuse_dangling("region", regions, ((feeders, "region"), (depots, "region")))
    refuse_dangling("depot", depots, ((crews, "depot"),))
    refuse_dangling("crew", crews, ((shifts, "crew"),))
    refuse_dangling("customer", customers, ((premises, "customer"), (channels, "customer")))
    refuse_dangling("account", accounts, ((each, "account") for each in (premises, contacts, rosters, agreements)))
    on_duty, on_roster = hours.shifts(shifts), hours.rosters(rosters)
    check_ladders(accounts, premises, contacts, rosters, on_roster)
    check_agreements(agreements)
    check_languages(said["languages"], (customers, accounts, contacts, channels))
    check_channels(channels)
    hours_of_kinds = quiet_hours(quiet)

    grid = GridTables.of(feeders.rows, nodes.rows, branches.rows, customers.rows)
    planned = hours.windows(windows, said["time_zone"])
    if nodes.whole and branches.whole and feeders.whole:
        check_normal_state(grid, branches, customers)
    if planned and nodes.whole and branches.whole and feeders.whole and customers.whole:
        check_windows(windows, planned, grid)
    beside: tuple[list[Any], ...] = (
        regions.rows, depots.rows, crews.rows, on_duty, accounts.rows, premises.rows, contacts.rows, on_roster,
        agreements.rows, planned, holidays.rows, channels.rows, hours_of_kinds,
    )  # fmt: skip
    readings: tuple[Reading[Any], ...] = (
        about, feeders, nodes, branches, customers, regions, depots, crews, shifts, accounts, premises, contacts,
        rosters, agreements, windows, holidays, channels, quiet,
    )  # fmt: skip
    problems = tuple(
        problem
        for reading in readings
        for problem in sorted(reading.problems, key=lambda found: (found.line or 0, found.column or "", found.code))
    )
    roads, about_roads = read_roads(
        path,
        [(row.depot, Place(row.lon, row.lat)) for row in depots.rows],
        [Place(row.lon, row.lat) for row in nodes.rows],
    )
    problems = (*problems, *about_roads)
    if not all(problem.warning for problem in problems):
        raise FolderProblems(problems)
    tables: dict[str, Any] = {table.name: sorted_rows(table, rows) for table, rows in zip(BESIDE, beside, strict=True)}
    return UtilityFolder(**said, grid=grid, **tables, roads=roads, warnings=problems)


def _about(about: Reading[UtilityRow]) -> dict[str, Any]:
    """Return what utility.csv says, which may be missing or say little; each default is remarked."""
    about.problems = [problem for problem in about.problems if not (about.missing and problem.warning)]
    if len(about.rows) > 1:
        about.note(about.lines[1], None, Code.TOO_MANY_ROWS, "The file speaks of one utility, in one row.")
    said = dict(_DEFAULTS)
    whole = about.whole
    for column, default in _DEFAULTS.items():
        if _gives(about, column):
            said[column] = getattr(about.rows[0], column)
        elif whole:
            shown = f"taken as {_shown(default)!r}" if default else "left empty"
            about.note(None, column, Code.DEFAULTED, f"The {column} is not given and was {shown}.", warning=True)
    return said


def _gives(about: Reading[UtilityRow], column: str) -> bool:
    return bool(about.rows) and getattr(about.rows[0], column) not in {None, "", ()}


def _shown(default: Any) -> str:
    if isinstance(default, dt.time):
        return default.isoformat("minutes")
    return " ".join(default) if isinstance(default, tuple) else str(default)


def _name_regions(regions: Reading[RegionRow], named_by: Iterable[Reading[FeederRow] | Reading[DepotRow]]) -> None:
    """Where the folder has no regions of its own, take those that are named."""
    if regions.missing:
        named = sorted({row.region for reading in named_by for row in reading.rows})
        regions.rows += [RegionRow(region, region) for region in named]


def _give_meters(customers: Reading[CustomerRow]) -> None:
    """Name the meters that the folder does not name; a name that another customer's meter has is a doubled id."""
    owner = {row.meter: row.customer for row in customers.rows if row.meter}
    for number, row in enumerate(customers.rows):
        if row.meter:
            continue
        meter = meter_of(row.customer)
        if meter in owner:
            sentence = f"The meter of customer {row.customer} would be named {meter}, which {owner[meter]} has."
            customers.note(customers.lines[number], "meter", Code.DOUBLED_ID, sentence)
        customers.rows[number] = row._replace(meter=meter)
