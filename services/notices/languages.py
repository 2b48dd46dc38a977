"""The languages there are words for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.notices.wording_en import English
from services.notices.wording_zh import Chinese

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.notices.wording import Wording

WORDINGS: Final[Mapping[str, Wording]] = {"en": English(), "zh": Chinese()}


def wording_in(*wished: str) -> Wording:
    """Return the words of the first of these languages (ISO 639-1) that there are words for, else the English ones."""
    return next((WORDINGS[language] for language in wished if language in WORDINGS), WORDINGS["en"])
