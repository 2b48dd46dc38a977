"""Sheets: rows by id, each with the version of the sheet at which it last changed, so that a tab fetches what is new to it.

Pure but for compression. A row is encoded once however many tabs ask for it, and an answer that several tabs ask for at the
same moment is put together once.
"""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, Protocol, TypeVar

import msgspec

GONE_KEPT = 5_000
"""So many ids of rows that are gone are remembered; whoever has not asked for longer gets the whole sheet."""
ANSWERS_KEPT = 8
LARGE = 1_400
"""An answer of more bytes than one packet carries is compressed."""


class Identified(Protocol):
    """Whatever has an id can be a row; rows that are equal are the same to a tab."""

    @property
    def id(self) -> str:
        """The id, unique in the sheet."""


R = TypeVar("R", bound=Identified)
_encoder = msgspec.json.Encoder()


class Sheet(Generic[R]):
    """The rows of one sheet. `version` grows by one with each change of any of its rows."""

    def __init__(self) -> None:
        self.version = 0
        self._rows: dict[str, R] = {}
        # Id by the version at which it last changed, oldest first; what changed since a version is read from the end.
        self._changed: OrderedDict[str, int] = OrderedDict()
        self._gone: OrderedDict[str, int] = OrderedDict()
        self._forgotten = 0

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self._rows)

    def __contains__(self, row_id: str) -> bool:
        """Answers whether there is a row of this id."""
        return row_id in self._rows

    def __iter__(self) -> Iterator[R]:
        """Return the rows."""
        return iter(self._rows.values())

    def row(self, row_id: str) -> R | None:
        """Return the row of this id; None when there is none."""
        return self._rows.get(row_id)

    def ids(self) -> list[str]:
        """Return the ids of all rows."""
        return list(self._rows)

    def put(self, rows: Iterable[R]) -> bool:
        """Make these the rows of the sheet; say whether anything differs. What is equal to what stands there stays."""
        fresh = {row.id: row for row in rows}
        return self.change(fresh.values(), [row_id for row_id in self._rows if row_id not in fresh])

    def change(self, rows: Iterable[R], gone: Iterable[str] = ()) -> bool:
        """Put these rows beside the others, and take away those of the ids `gone`; say whether anything differs."""
        version = self.version + 1
        differs = False
        for row in rows:
            if self._rows.get(row.id) == row:
                continue
            differs = True
            self._rows[row.id] = row
            self._gone.pop(row.id, None)
            self._changed[row.id] = version
            self._changed.move_to_end(row.id)
        for row_id in gone:
            if self._rows.pop(row_id, None) is None:
                continue
            differs = True
            del self._changed[row_id]
            self._gone[row_id] = version
            self._gone.move_to_end(row_id)
        while len(self._gone) > GONE_KEPT:
            _, self._forgotten = self._gone.popitem(last=False)
        if differs:
            self.version = version
        return differs

    def since(self, version: int | None) -> tuple[bool, list[R], list[str]]:
        """Return whether it is the whole sheet, the rows that changed after this version, and the ids that are gone since.

        Whole for None, for a version that is not reached yet, and for one before the memory of what is gone.
        """
        if version is None or not self._forgotten <= version <= self.version:
            return True, list(self._rows.values()), []
        return False, [self._rows[row_id] for row_id in _after(self._changed, version)], _after(self._gone, version)


def _after(at: OrderedDict[str, int], version: int) -> list[str]:
    found = []
    for row_id in reversed(at):
        if at[row_id] <= version:
            break
        found.append(row_id)
    return found


class Answer(msgspec.Struct):
    """The body of an answer, and the same compressed where that is worth it. Both are made once."""

    body: bytes
    packed: bytes | None = None

    def pack(self) -> bytes | None:
        """Compress the body, and return it so; None for one that is small. To be called beside the event loop when large."""
        if self.packed is None and len(self.body) > LARGE:
            self.packed = gzip.compress(self.body, compresslevel=1, mtime=0)
        return self.packed


class Answers(Generic[R]):
    """The latest answers about one sheet, by what was asked: many tabs ask for the same when something has moved.

    `veil` makes of a row what is told to those who may not see all of it.
    """

    def __init__(self, sheet: Sheet[R], veil: Callable[[R], object] | None = None) -> None:
        self._sheet = sheet
        self._veil = veil
        self._kept: OrderedDict[tuple[str, int, int | None, int], Answer] = OrderedDict()
        self._encoded: dict[str, tuple[R, bytes]] = {}

    def of(self, epoch: str, since: int | None, now_ms: int, read: int) -> Answer:
        """Return the answer to a tab that has version `since` (None: nothing, or something of another epoch).

        `read` numbers the looks at the database: within one of them the same question has the same answer.
        """
        key = (epoch, self._sheet.version, since, read)
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = Answer(self._made(epoch, since, now_ms))
            while len(self._kept) > ANSWERS_KEPT:
                self._kept.popitem(last=False)
        return kept

    def _made(self, epoch: str, since: int | None, now_ms: int) -> bytes:
        whole, rows, gone = self._sheet.since(since)
        head: dict[str, Any] = {
            "epoch": epoch,
            "version": self._sheet.version,
            "now_ms": now_ms,
            "whole": whole,
            "gone": gone,
        }
        if len(self._encoded) > 2 * len(self._sheet) + GONE_KEPT:
            self._encoded = {row_id: kept for row_id, kept in self._encoded.items() if row_id in self._sheet}
        return b"".join((_encoder.encode(head)[:-1], b',"rows":[', b",".join(map(self._row, rows)), b"]}"))

    def _row(self, row: R) -> bytes:
        known = self._encoded.get(row.id)
        if known is None or known[0] is not row:
            known = self._encoded[row.id] = row, _encoder.encode(row if self._veil is None else self._veil(row))
        return known[1]
