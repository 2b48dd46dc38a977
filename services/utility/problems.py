"""What can be wrong with a utility folder, each with its place and a sentence."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Code(enum.StrEnum):
    """Why something in a folder was refused or remarked."""

    MISSING_FILE = "missingFile"
    UNREADABLE_FILE = "unreadableFile"
    BAD_ENCODING = "badEncoding"
    BAD_QUOTING = "badQuoting"
    BAD_CHARACTER = "badCharacter"
    MISSING_COLUMN = "missingColumn"
    DOUBLED_COLUMN = "doubledColumn"
    UNKNOWN_COLUMN = "unknownColumn"
    CELL_COUNT = "cellCount"
    NO_ROWS = "noRows"
    TOO_MANY_ROWS = "tooManyRows"
    MISSING_VALUE = "missingValue"
    BAD_ID = "badId"
    BAD_NUMBER = "badNumber"
    BAD_DATE = "badDate"
    BAD_TIME = "badTime"
    BAD_PHONE = "badPhone"
    BAD_ADDRESS = "badAddress"
    OUT_OF_RANGE = "outOfRange"
    UNKNOWN_VALUE = "unknownValue"
    DOUBLED_ID = "doubledId"
    DANGLING = "dangling"
    SELF_LOOP = "selfLoop"
    LOOP = "loop"
    UNFED = "unfed"
    FEEDER_DIFFERS = "feederDiffers"
    TRANSFORMER_DIFFERS = "transformerDiffers"
    SWAPPED = "swapped"
    OFF_NETWORK = "offNetwork"
    DIFFERENT_AREAS = "differentAreas"
    EMPTY_SPAN = "emptySpan"
    OVERLAP = "overlap"
    NO_CONTACT = "noContact"
    BROKEN_LADDER = "brokenLadder"
    UNCOVERED_HOURS = "uncoveredHours"
    TWO_HOLDERS = "twoHolders"
    UNKNOWN_LANGUAGE = "unknownLanguage"
    DEFAULTED = "defaulted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in a folder. `line` counts from 1 as an editor does; None: the file or the column as a whole.

    The sentence never repeats a phone number. `warning` is true for what does not stand in the way of an import.
    """

    file: str
    line: int | None
    column: str | None
    code: Code
    sentence: str
    warning: bool = False

    def __str__(self) -> str:
        """Return `file:line, column: sentence [code]`, leaving out what does not apply."""
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        if self.column is not None:
            where += f", {self.column}"
        return f"{where}: {self.sentence} [{self.code}]"


class FolderProblems(Exception):
    """A utility folder that cannot be imported; `problems` are all that was found, warnings too, by file and line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        errors = [problem for problem in problems if not problem.warning]
        super().__init__(f"{len(errors)} problems, the first: {errors[0]}")
