"""What a file of a utility folder looks like: its columns, and what a cell means that is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, how a cell is read, whether the file must have it, and whether a cell may be empty.

    `default` says what is taken where the column is missing, for those where that should be known.
    """

    name: str
    parse: Callable[[str], Any]
    required: bool = True
    may_be_empty: bool = False
    default: str = ""


def optional(name: str, parse: Callable[[str], Any], default: str = "") -> Column:
    """Return a column that may be missing and whose cells may be empty; `parse` is asked about the empty text too."""
    return Column(name, parse, required=False, may_be_empty=True, default=default)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileForm(Generic[Row]):
    """A file: its columns in the order of the row's fields, and the sets of columns no two rows may share.

    A cell of a column that the file does not have is read as empty. `id` is the column by which other files name a row.
    `without` says what a folder without this file means; empty: the folder must have it.
    """

    name: str
    id: str | None = None
    row: Callable[..., Row]
    columns: tuple[Column, ...]
    unique: tuple[tuple[str, ...], ...]
    without: str = ""
