"""A utility folder read and validated whole."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.network.tables import GridTables
from services.utility.checks import check_branches, check_normal_state, check_references
from services.utility.columns import BRANCHES, CUSTOMERS, FEEDERS, NODES, UTILITY, UtilityRow
from services.utility.problems import Code, FolderProblems, Problem
from services.utility.reading import Reading, read_file

if TYPE_CHECKING:
    from services.network.tables import CustomerRow

__all__ = ["EXAMPLE", "FolderProblems", "Problem", "UtilityFolder", "meter_of", "read_folder"]

EXAMPLE = Path(__file__).parent / "example"
"""The example utility, which comes along with the program."""

_DEFAULTS = UtilityRow(name="Utility", time_zone="UTC", attribution="")


@dataclass(frozen=True, slots=True, kw_only=True)
class UtilityFolder:
    """A utility: its name, the time zone of its days, the attribution of its data, its grid, and what was remarked."""

    name: str
    time_zone: str
    attribution: str
    grid: GridTables
    warnings: tuple[Problem, ...] = field(default=(), compare=False)

    @property
    def digest(self) -> str:
        """The SHA-256 of the content, in hexadecimal; the order of rows and columns does not matter."""
        grid = self.grid
        content = [
            [self.name, self.time_zone, self.attribution],
            grid.feeders,
            grid.nodes,
            grid.branches,
            grid.customers,
        ]
        return hashlib.sha256(json.dumps(content, default=str, separators=(",", ":")).encode()).hexdigest()


def meter_of(customer: str) -> str:
    """Return the id of the meter of a customer for whom the folder names none."""
    return f"M-{customer}"


def read_folder(path: Path) -> UtilityFolder:
    """Read and validate the folder. Raises FolderProblems with all that was found when anything stands in the way."""
    nodes, branches = read_file(path, NODES), read_file(path, BRANCHES)
    feeders, customers = read_file(path, FEEDERS), read_file(path, CUSTOMERS)
    name, time_zone, attribution, about = _read_about(path)
    check_branches(branches)
    check_references(nodes, branches, feeders, customers)
    _give_meters(customers)
    readings: tuple[Reading[Any], ...] = (about, feeders, nodes, branches, customers)
    grid = GridTables.of(feeders.rows, nodes.rows, branches.rows, customers.rows)
    if nodes.whole and branches.whole and feeders.whole:
        check_normal_state(grid, branches, customers)
    problems = tuple(
        problem
        for reading in readings
        for problem in sorted(reading.problems, key=lambda found: (found.line or 0, found.column or "", found.code))
    )
    if not all(problem.warning for problem in problems):
        raise FolderProblems(problems)
    return UtilityFolder(name=name, time_zone=time_zone, attribution=attribution, grid=grid, warnings=problems)


def _read_about(path: Path) -> tuple[str, str, str, Reading[UtilityRow]]:
    """Read utility.csv, which may be missing or say little; each default is remarked."""
    about = read_file(path, UTILITY)
    if any(problem.code in {Code.MISSING_FILE, Code.NO_ROWS} for problem in about.problems):
        about.problems.clear()
    if len(about.rows) > 1:
        about.note(about.lines[1], None, Code.TOO_MANY_ROWS, "The file speaks of one utility, in one row.")
    said = about.rows[0] if about.rows else UtilityRow("", "", "")
    if about.whole:
        for column, value, default in zip(UtilityRow._fields, said, _DEFAULTS, strict=True):
            if not value:
                shown = f"taken as {default!r}" if default else "left empty"
                about.note(None, column, Code.DEFAULTED, f"The {column} is not given and was {shown}.", warning=True)
    name, time_zone, attribution = (value or default for value, default in zip(said, _DEFAULTS, strict=True))
    return name, time_zone, attribution, about


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
