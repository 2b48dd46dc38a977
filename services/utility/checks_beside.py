"""What must hold beside the grid: of depots and crews, of hotline accounts, of agreements, languages and planned work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.network.network import Network
from services.utility import hours
from services.utility.problems import Code

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.network.tables import GridTables
    from services.utility.reading import Reading
    from services.utility.rows import AccountRow, AgreementRow, ContactRow, PremiseRow, RosterRow, WindowRow


def check_ladders(
    accounts: Reading[AccountRow],
    premises: Reading[PremiseRow],
    contacts: Reading[ContactRow],
    rosters: Reading[Any],
    hours_of: Sequence[RosterRow],
) -> None:
    """Check that every account can be called: a ladder from rank 1 without a gap, at every hour of the week."""
    known = {(row.account, row.contact) for row in contacts.rows}
    for row, line in zip(rosters.rows, rosters.lines, strict=True):
        if contacts.ids_known and (row.account, row.contact) not in known and row.contact not in contacts.refused:
            rosters.note(line, "contact", Code.DANGLING, f"Account {row.account} has no contact {row.contact}.")
    if not contacts.whole:
        return  # a contact that was refused may be the one that seems to be missing
    held = {row.account for row in premises.rows}
    for account, line in zip(accounts.rows, accounts.lines, strict=True):
        _check_ladder(accounts, line, [row for row in contacts.rows if row.account == account.account], hours_of)
        if account.account not in held and premises.whole:
            sentence = f"Account {account.account} holds no customer."
            accounts.note(line, "account", Code.DANGLING, sentence, warning=True)


def _check_ladder(
    accounts: Reading[AccountRow], line: int, ladder: Sequence[ContactRow], hours_of: Sequence[RosterRow]
) -> None:
    if not ladder:
        accounts.note(line, "account", Code.NO_CONTACT, "The account has nobody who could be called.")
        return
    ranks = sorted({contact.rank for contact in ladder})
    if ranks != list(range(1, len(ranks) + 1)):
        shown = ", ".join(map(str, ranks))
        sentence = f"The account's ladder has the ranks {shown}: it must begin at 1, without a gap."
        accounts.note(line, "account", Code.BROKEN_LADDER, sentence)
    rostered = {(row.account, row.contact) for row in hours_of}
    if all((contact.account, contact.contact) in rostered for contact in ladder):
        gap = hours.uncovered(row for row in hours_of if row.account == ladder[0].account)
        if gap is not None:
            sentence = f"Nobody of the account is on a roster on {gap}."
            accounts.note(line, "account", Code.UNCOVERED_HOURS, sentence, warning=True)


def check_agreements(agreements: Reading[AgreementRow]) -> None:
    """Check that an agreement is with an account or with a tier, and does not end before it begins."""
    for row, line in zip(agreements.rows, agreements.lines, strict=True):
        if row.account and row.tier:
            sentence = f"Agreement {row.agreement} is with an account and with a tier: one of them must be empty."
            agreements.note(line, "tier", Code.TWO_HOLDERS, sentence)
        if row.valid_until is not None and row.valid_until < row.valid_from:
            sentence = f"Agreement {row.agreement} ends before it begins."
            agreements.note(line, "valid_until", Code.EMPTY_SPAN, sentence)


def check_languages(spoken: Sequence[str], speakers: Iterable[Reading[Any]]) -> None:
    """Remark, once for each file, every language that the utility does not speak."""
    for reading in speakers:
        told: set[str] = set()
        for row, line in zip(reading.rows, reading.lines, strict=True):
            if row.language and row.language not in spoken and row.language not in told:
                told.add(row.language)
                sentence = f"The utility speaks no {row.language}; {spoken[0]} is taken instead, here and below."
                reading.note(line, "language", Code.UNKNOWN_LANGUAGE, sentence, warning=True)


def check_windows(reading: Reading[Any], windows: Sequence[WindowRow], grid: GridTables) -> None:
    """Check that planned work is isolated by protective devices of one supply area, and remark work that overlaps.

    The grid must be sound.
    """
    network = Network(grid)
    areas = {device.id: device.area for device in network.devices}
    line_of = {row.window: line for row, line in zip(reading.rows, reading.lines, strict=True)}
    for row in windows:
        line = line_of[row.window]
        for name in row.isolates:
            if name not in areas:
                sentence = f"There is no protective device {name}, such as switch:FU-1 or transformer:T1."
                reading.note(line, "isolates", Code.DANGLING, sentence)
        known = [name for name in row.isolates if name in areas]
        found = sorted({areas[name] for name in known})  # type: ignore[index] # a device's id, as it was looked up
        if len(found) > 1:
            sentence = f"Window {row.window} is isolated in the supply areas {' and '.join(found)}; it must be one."
            reading.note(line, "isolates", Code.DIFFERENT_AREAS, sentence)
        for other in windows:
            overlap = other.starts_at < row.ends_at and row.starts_at < other.ends_at
            if not overlap or line_of[other.window] >= line:
                continue
            theirs = [name for name in other.isolates if name in areas]
            if any(network.is_behind(a, b) or network.is_behind(b, a) for a in known for b in theirs):
                sentence = f"Window {row.window} overlaps in time with {other.window}, and one lies behind the other."
                reading.note(line, "isolates", Code.OVERLAP, sentence, warning=True)
