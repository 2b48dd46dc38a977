"""What an import would change: every table by the keys of its rows, and of changed rows the columns. No value is repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.utility.contents import TABLES, key_of

if TYPE_CHECKING:
    from services.utility.contents import Table, UtilityFolder

ROADS = "roads.osm"
"""Stands for the file of the roads, however it is compressed."""
SHOWN = 20
"""How many keys of a kind are listed; the counts are whole."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A row that is there before and after, and its columns that differ."""

    key: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDiff:
    """What changes in one file: keys of rows that come and go, rows that differ; all sorted."""

    file: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[Changed, ...] = ()


@dataclass(frozen=True, slots=True)
class Diff:
    """What an import changes: the files in which something does."""

    tables: tuple[TableDiff, ...]

    def as_json(self) -> list[dict[str, Any]]:
        """Return the diff as plain values: of each file the counts, and the first keys of each kind."""
        return [
            {
                "file": table.file,
                "counts": {name: len(getattr(table, name)) for name in ("added", "removed", "changed")},
                "added": list(table.added[:SHOWN]),
                "removed": list(table.removed[:SHOWN]),
                "changed": [{"key": row.key, "columns": list(row.columns)} for row in table.changed[:SHOWN]],
            }
            for table in self.tables
        ]

    def in_words(self) -> str:
        """Return the diff for a person at the terminal."""
        if not self.tables:
            return "Nothing changes."
        lines = []
        for table in self.tables:
            counts = f"{len(table.added)} added, {len(table.removed)} removed, {len(table.changed)} changed"
            lines.append(f"{table.file}: {counts}")
            lines += _listed("+", table.added)
            lines += _listed("-", table.removed)
            lines += _listed("~", tuple(f"{row.key} ({', '.join(row.columns)})" for row in table.changed))
        return "\n".join(lines)


def compare(old: UtilityFolder, new: UtilityFolder) -> Diff:
    """Return what changes from one to the other."""
    columns = tuple(name for name, value in new.about.items() if old.about[name] != value)
    about = TableDiff(file="utility.csv", changed=(Changed(new.name, columns),) if columns else ())
    tables = [about, *(_compared(table, old.rows(table), new.rows(table)) for table in TABLES), _roads(old, new)]
    return Diff(tuple(table for table in tables if table.added or table.removed or table.changed))


def _compared(table: Table, old: tuple[Any, ...], new: tuple[Any, ...]) -> TableDiff:
    before, after = ({key_of(table, row): row for row in rows} for rows in (old, new))
    return TableDiff(
        file=table.file,
        added=tuple(_shown(key) for key in sorted(after.keys() - before.keys())),
        removed=tuple(_shown(key) for key in sorted(before.keys() - after.keys())),
        changed=tuple(
            Changed(
                _shown(key),
                tuple(f for f, was, is_now in zip(table.fields, before[key], row, strict=True) if was != is_now),
            )
            for key, row in sorted(after.items())
            if key in before and before[key] != row
        ),
    )


def _roads(old: UtilityFolder, new: UtilityFolder) -> TableDiff:
    """Return what changes in the roads, which have no rows: they come, go or are others as a whole."""
    if old.roads == new.roads:
        return TableDiff(file=ROADS)
    came, went = ((ROADS,) if folder.roads is not None else () for folder in (new, old))
    if came and went:
        return TableDiff(file=ROADS, changed=(Changed(ROADS, ("roads",)),))
    return TableDiff(file=ROADS, added=came, removed=went)


def _shown(key: tuple[Any, ...]) -> str:
    return " ".join(map(str, key))


def _listed(sign: str, keys: tuple[str, ...]) -> list[str]:
    more = [f"  {sign} and {len(keys) - SHOWN} more"] if len(keys) > SHOWN else []
    return [f"  {sign} {key}" for key in keys[:SHOWN]] + more
