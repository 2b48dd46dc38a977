"""The files of what was agreed: the utility itself, hotline accounts, their contacts, agreements, bank holidays."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

from services.utility import cells
from services.utility.columns import Column, FileForm, optional
from services.utility.grid_files import TIERS
from services.utility.rows import AccountRow, AgreementRow, ContactRow, HolidayRow, PremiseRow

if TYPE_CHECKING:
    from collections.abc import Callable

_MINUTES_OF_A_YEAR = 527_040
_language = cells.or_else("", cells.language)


class UtilityRow(NamedTuple):
    """The one row of utility.csv; None or empty where it says nothing."""

    name: str
    time_zone: str
    attribution: str
    languages: tuple[str, ...]
    quiet_from: dt.time | None
    quiet_until: dt.time | None
    country: str
    texts_a_day: int | None


class RosterLine(NamedTuple):
    """A line of rosters.csv: the same hours on several weekdays."""

    account: str
    contact: str
    weekdays: tuple[int, ...]
    starts: dt.time
    ends: dt.time


def _optional_count(low: int, high: int, unit: str) -> Callable[[str], int | None]:
    return cells.or_else(None, cells.whole(low, high, unit))


UTILITY: FileForm[UtilityRow] = FileForm(
    name="utility.csv",
    row=UtilityRow,
    columns=(
        optional("name", cells.words),
        optional("time_zone", cells.or_else("", cells.time_zone)),
        optional("attribution", cells.words),
        optional("languages", cells.several(cells.language, r";\s")),
        optional("quiet_from", cells.or_else(None, cells.time_of_day)),
        optional("quiet_until", cells.or_else(None, cells.time_of_day)),
        optional("country", cells.or_else("", cells.country)),
        optional("texts_a_day", _optional_count(1, 1_000, "texts")),
    ),
    unique=(),
    without="its defaults are taken",
)
ACCOUNTS: FileForm[AccountRow] = FileForm(
    name="accounts.csv",
    id="account",
    row=AccountRow,
    columns=(Column("account", cells.identifier), Column("name", cells.words), optional("language", _language)),
    unique=(("account",),),
    without="nobody has a hotline account",
)
PREMISES: FileForm[PremiseRow] = FileForm(
    name="premises.csv",
    row=PremiseRow,
    columns=(Column("account", cells.identifier), Column("customer", cells.identifier)),
    unique=(("customer",),),
    without="no account holds a customer",
)
CONTACTS: FileForm[ContactRow] = FileForm(
    name="contacts.csv",
    id="contact",
    row=ContactRow,
    columns=(
        Column("account", cells.identifier),
        Column("contact", cells.identifier),
        Column("name", cells.words),
        Column("phone", cells.phone),
        Column("rank", cells.whole(1, 99, "rungs")),
        optional("wait_s", cells.or_else(120, cells.whole(15, 3600, "seconds")), "120 seconds"),
        optional("language", _language),
    ),
    unique=(("account", "contact"), ("account", "phone")),
    without="there is nobody to be called",
)
ROSTERS: FileForm[RosterLine] = FileForm(
    name="rosters.csv",
    row=RosterLine,
    columns=(
        Column("account", cells.identifier),
        Column("contact", cells.identifier),
        Column("weekday", cells.weekdays),
        Column("starts", cells.time_of_day),
        Column("ends", cells.time_of_day),
    ),
    unique=(),
    without="contacts are called at any hour",
)
AGREEMENTS: FileForm[AgreementRow] = FileForm(
    name="agreements.csv",
    id="agreement",
    row=AgreementRow,
    columns=(
        Column("agreement", cells.identifier),
        Column("item", cells.words),
        optional("account", cells.or_else("", cells.identifier)),
        optional("tier", cells.or_else("", cells.one_of({name: name for name in TIERS}))),
        optional("service_hours", cells.or_else("24x7", cells.service_hours), "24x7"),
        Column("valid_from", cells.date),
        optional("valid_until", cells.or_else(None, cells.date)),
        optional("arrive_within_min", _optional_count(1, _MINUTES_OF_A_YEAR, "minutes")),
        optional("restore_within_min", _optional_count(1, _MINUTES_OF_A_YEAR, "minutes")),
        optional("announce_days", _optional_count(0, 366, "days")),
        optional("most_interruptions", _optional_count(0, 100_000, "interruptions")),
        optional("availability", cells.or_else(None, cells.above_zero(1, "(the whole time)"))),
    ),
    unique=(("agreement",),),
    without="nothing was promised",
)
HOLIDAYS: FileForm[HolidayRow] = FileForm(
    name="holidays.csv",
    row=HolidayRow,
    columns=(Column("day", cells.date), Column("name", cells.words)),
    unique=(("day",),),
    without="there are no bank holidays",
)
