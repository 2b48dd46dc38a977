"""The languages there are words for: one file of `words/` each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from services.notices.templates import load
from services.notices.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS: Final = Path(__file__).parent / "words"

WORDINGS: Final[Mapping[str, Wording]] = {code: Wording(templates) for code, templates in load(WORDS).items()}


def wording_in(*wished: str) -> Wording:
    """Return the words of the first of these languages (ISO 639-1) that there are words for, else the English ones."""
    return next((WORDINGS[language] for language in wished if language in WORDINGS), WORDINGS["en"])
