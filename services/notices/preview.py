"""Every text of a language as it would be sent, with made-up premises and times, and what it costs.

    python -m services.notices.preview FOLDER

writes one file for each language, `words_en.txt`: each text by its key, with its alphabet, its length and its segments.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from services.clock import to_ms
from services.notices.gsm import measure
from services.notices.languages import WORDINGS
from services.notices.templates import FIELDS, TEXTS, Field
from services.notices.wording import Calendar, Where

if TYPE_CHECKING:
    from services.notices.wording import Wording

ZONE: Final = dt.UTC
NOW: Final = to_ms(dt.datetime(2026, 3, 1, 18, 7, tzinfo=ZONE))
"""When the texts are said, a Sunday."""
_TOMORROW: Final = to_ms(dt.datetime(2026, 3, 2, 2, 30, tzinfo=ZONE))
_WEDNESDAY: Final = to_ms(dt.datetime(2026, 3, 11, 8, 30, tzinfo=ZONE))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TextPreview:
    """A text by its key (`section.variant`), its words, and what it costs (`gsm.Measured`)."""

    key: str
    words: str
    alphabet: Literal["gsm7", "ucs2"]
    units: int
    segments: int

    @property
    def too_long(self) -> bool:
        """Answers whether it takes more than one segment, which costs as much again: that deserves a warning."""
        return self.segments > 1


def preview(language: str) -> list[TextPreview]:
    """Return every text of a language, in their order. Raises KeyError for a language without words."""
    wording = WORDINGS[language]
    samples = _samples(wording)
    found = []
    for key, fields in TEXTS.items():
        words = wording.say(key, **{field: samples[FIELDS[field]] for field in fields})
        cost = measure(words)
        found.append(
            TextPreview(key=key, words=words, alphabet=cost.alphabet, units=cost.units, segments=cost.segments)
        )
    return found


def _samples(wording: Wording) -> dict[Field, str | int]:
    calendar = Calendar(NOW, ZONE)
    names = (wording.say("place.numbered", number=number, name=f"SP-1234{number}") for number in (1, 2))
    return {
        Field.PLACE: wording.place(Where(("SP-12341",), 2)),
        Field.PAST: wording.time(NOW - 12 * 60_000, calendar),
        Field.TIME: wording.time(_TOMORROW, calendar),
        Field.DATE: wording.date(_WEDNESDAY, calendar),
        Field.NUMBER: 12,
        Field.CHOICES: wording.say("place.comma").join(names),
        Field.CODE: "123456",
        Field.DIGITS: "89",
    }


def written(language: str) -> str:
    """Return the texts of a language as a file of lines, each with what it costs."""
    lines = []
    for each in preview(language):
        warning = "  MORE THAN ONE SEGMENT" if each.too_long else ""
        lines.append(f"{each.key} [{each.alphabet} {each.units} {each.segments}]{warning}: {each.words}")
    return "\n".join(lines) + "\n"


def main(folder: Path) -> None:
    """Write the file of each language into the folder."""
    for language in WORDINGS:
        (folder / f"words_{language}.txt").write_text(written(language), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
