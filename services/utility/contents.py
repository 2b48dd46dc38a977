"""Everything a utility folder says, as rows, and the one list of its tables: by file, key and columns."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from services.network.tables import BranchRow, CustomerRow, FeederRow, GridTables, NodeRow
from services.utility import rows

if TYPE_CHECKING:
    from services.roads.roads import Roads
    from services.utility.problems import Problem


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a folder: its file, where its rows are, their type, and the fields that name a row."""

    file: str
    name: str
    row: type[Any]
    key: tuple[str, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields of a row, in order."""
        fields: tuple[str, ...] = self.row._fields
        return fields


GRID: tuple[Table, ...] = (
    Table("feeders.csv", "feeders", FeederRow, ("feeder",)),
    Table("nodes.csv", "nodes", NodeRow, ("node",)),
    Table("branches.csv", "branches", BranchRow, ("kind", "id")),
    Table("customers.csv", "customers", CustomerRow, ("customer",)),
)
BESIDE: tuple[Table, ...] = (
    Table("regions.csv", "regions", rows.RegionRow, ("region",)),
    Table("depots.csv", "depots", rows.DepotRow, ("depot",)),
    Table("crews.csv", "crews", rows.CrewRow, ("crew",)),
    Table("shifts.csv", "shifts", rows.ShiftRow, ("crew", "weekday", "starts")),
    Table("accounts.csv", "accounts", rows.AccountRow, ("account",)),
    Table("premises.csv", "premises", rows.PremiseRow, ("customer",)),
    Table("contacts.csv", "contacts", rows.ContactRow, ("account", "contact")),
    Table("rosters.csv", "rosters", rows.RosterRow, ("account", "contact", "weekday", "starts")),
    Table("agreements.csv", "agreements", rows.AgreementRow, ("agreement",)),
    Table("windows.csv", "windows", rows.WindowRow, ("window",)),
    Table("holidays.csv", "holidays", rows.HolidayRow, ("day",)),
    Table("channels.csv", "channels", rows.ChannelRow, ("customer", "channel", "address")),
    Table("quiet_hours.csv", "quiet_hours", rows.QuietRow, ("kind", "tier")),
)
TABLES = (*GRID, *BESIDE)
"""Every table beside utility.csv, in the order in which what is referred to comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UtilityFolder:
    """A utility: what utility.csv says of it, its grid, everything beside the grid, and what was remarked.

    Every table is sorted by its key (`contents.sorted_rows`). The first of `languages` is for those who chose none; from
    `quiet_from` until `quiet_until` of its day no text that can wait is sent. A phone gets `texts_a_day` at most.
    """

    name: str
    time_zone: str
    attribution: str
    languages: tuple[str, ...] = ("en",)
    quiet_from: dt.time = dt.time(22)
    quiet_until: dt.time = dt.time(7)
    country: str = ""
    texts_a_day: int = 12
    grid: GridTables
    regions: tuple[rows.RegionRow, ...] = ()
    depots: tuple[rows.DepotRow, ...] = ()
    crews: tuple[rows.CrewRow, ...] = ()
    shifts: tuple[rows.ShiftRow, ...] = ()
    accounts: tuple[rows.AccountRow, ...] = ()
    premises: tuple[rows.PremiseRow, ...] = ()
    contacts: tuple[rows.ContactRow, ...] = ()
    rosters: tuple[rows.RosterRow, ...] = ()
    agreements: tuple[rows.AgreementRow, ...] = ()
    windows: tuple[rows.WindowRow, ...] = ()
    holidays: tuple[rows.HolidayRow, ...] = ()
    channels: tuple[rows.ChannelRow, ...] = ()
    quiet_hours: tuple[rows.QuietRow, ...] = ()
    roads: Roads | None = None
    warnings: tuple[Problem, ...] = field(default=(), compare=False)

    @property
    def credits(self) -> str:
        """Return whom all of the data asks to be named."""
        named = [self.attribution, self.roads.attribution if self.roads is not None else ""]
        return "; ".join(name for name in named if name)

    @property
    def about(self) -> dict[str, Any]:
        """Return what utility.csv says, by column."""
        return {name: getattr(self, name) for name in ABOUT}

    def rows(self, table: Table) -> tuple[Any, ...]:
        """Return the rows of a table."""
        found: tuple[Any, ...] = getattr(self.grid if table in GRID else self, table.name)
        return found

    @property
    def digest(self) -> str:
        """The SHA-256 of the content, in hexadecimal; the order of rows and columns does not matter."""
        about = {name: value for name, value in self.about.items() if name not in _LATER or value != _LATER[name]}
        # What an older folder could not say changes nothing of its digest.
        content = [about, *(rows for table in TABLES if (rows := self.rows(table)) or table.name not in _LATER)]
        if self.roads is not None:
            content.append(self.roads.digest)
        return hashlib.sha256(json.dumps(content, default=str, separators=(",", ":")).encode()).hexdigest()


ABOUT = ("name", "time_zone", "attribution", "languages", "quiet_from", "quiet_until", "country", "texts_a_day")
"""The columns of utility.csv, in the order of the database's."""


_LATER: dict[str, Any] = {"texts_a_day": 12, "channels": (), "quiet_hours": ()}
"""What folders could not say at first, and what is taken where they do not."""


def key_of(table: Table, row: Any) -> tuple[Any, ...]:
    """Return what names a row within its table."""
    return tuple(getattr(row, name) for name in table.key)


def sorted_rows(table: Table, found: list[Any]) -> tuple[Any, ...]:
    """Return the rows in the order of their keys, whatever order they came in."""
    return tuple(sorted(found, key=lambda row: key_of(table, row)))
