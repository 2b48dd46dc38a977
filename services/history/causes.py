"""Causes of outages as IEEE Std 1782 groups them, from the codes and spellings found in co-operatives' records.

The codes are those of the Rural Utilities Service (USDA), bulletin 1730A-119. A code of two digits is some utility's own:
there its words decide.
"""

from __future__ import annotations

import enum
import re


class Cause(enum.StrEnum):
    """The ten categories of IEEE Std 1782."""

    EQUIPMENT = "EQUIPMENT"
    LIGHTNING = "LIGHTNING"
    PLANNED = "PLANNED"
    POWER_SUPPLY = "POWER_SUPPLY"
    PUBLIC = "PUBLIC"
    VEGETATION = "VEGETATION"
    WEATHER = "WEATHER"
    WILDLIFE = "WILDLIFE"
    UNKNOWN = "UNKNOWN"
    OTHER = "OTHER"


RUS_CODES: dict[str, tuple[Cause, str]] = {
    "000": (Cause.POWER_SUPPLY, "power supply"),
    "100": (Cause.PLANNED, "construction"),
    "110": (Cause.PLANNED, "maintenance"),
    "190": (Cause.PLANNED, "other planned"),
    "300": (Cause.EQUIPMENT, "material or equipment fault/failure"),
    "310": (Cause.EQUIPMENT, "installation fault"),
    "320": (Cause.EQUIPMENT, "conductor sag or inadequate clearance"),
    "340": (Cause.EQUIPMENT, "overload"),
    "350": (Cause.EQUIPMENT, "miscoordination of protection devices"),
    "360": (Cause.EQUIPMENT, "other equipment installation/design"),
    "400": (Cause.EQUIPMENT, "decay/age of material/equipment"),
    "410": (Cause.EQUIPMENT, "corrosion/abrasion of material/equipment"),
    "420": (Cause.VEGETATION, "tree growth"),
    "430": (Cause.VEGETATION, "tree failure from overhang or dead tree without ice/snow"),
    "440": (Cause.VEGETATION, "trees with ice/snow"),
    "450": (Cause.EQUIPMENT, "contamination (leakage/external)"),
    "460": (Cause.EQUIPMENT, "moisture"),
    "490": (Cause.EQUIPMENT, "maintenance, other"),
    "500": (Cause.LIGHTNING, "lightning"),
    "510": (Cause.WEATHER, "wind, not trees"),
    "520": (Cause.WEATHER, "ice, sleet, frost, not trees"),
    "530": (Cause.WEATHER, "flood"),
    "590": (Cause.WEATHER, "weather, other"),
    "600": (Cause.WILDLIFE, "small animal/bird"),
    "610": (Cause.WILDLIFE, "large animal"),
    "620": (Cause.WILDLIFE, "animal damage - gnawing or boring"),
    "690": (Cause.WILDLIFE, "animal, other"),
    "700": (Cause.PUBLIC, "customer-caused"),
    "710": (Cause.PUBLIC, "motor vehicle"),
    "720": (Cause.PUBLIC, "aircraft"),
    "730": (Cause.PUBLIC, "fire"),
    "740": (Cause.PUBLIC, "public cuts tree"),
    "750": (Cause.PUBLIC, "vandalism"),
    "760": (Cause.OTHER, "switching error or caused by construction or maintenance"),
    "790": (Cause.PUBLIC, "public, other"),
    "800": (Cause.OTHER, "other"),
    "999": (Cause.UNKNOWN, "cause unknown"),
}
"""The cause and the words of each code. What is called maintenance among the 400s is decay for want of it."""

_NOT_ALNUM = re.compile(r"[^a-z0-9]+")
_CODE = re.compile(r"([0-9]{2,3})\b\s*(.*)", re.DOTALL)


def _spelt(text: str) -> str:
    return _NOT_ALNUM.sub(" ", text.casefold()).strip()


_SPELLINGS: dict[str, Cause] = {_spelt(words): cause for cause, words in RUS_CODES.values()} | {
    "": Cause.UNKNOWN,
    "investigating": Cause.UNKNOWN,
    "pending investigation": Cause.UNKNOWN,
    "unknown": Cause.UNKNOWN,
    "unknown cause": Cause.UNKNOWN,
    "member requested": Cause.PLANNED,
    "other scheduled see remarks": Cause.PLANNED,
    "planned": Cause.PLANNED,
    "planned outage": Cause.PLANNED,
    "corrosion": Cause.EQUIPMENT,
    "damaged material or equip": Cause.EQUIPMENT,
    "equipment failure": Cause.EQUIPMENT,
    "dig in": Cause.PUBLIC,
    "human cause accident": Cause.PUBLIC,
    "tree": Cause.VEGETATION,
    "vegetation": Cause.VEGETATION,
    "weather": Cause.WEATHER,
    "wind": Cause.WEATHER,
    "animal": Cause.WILDLIFE,
    "wildlife": Cause.WILDLIFE,
}
"""The spellings that were met, without case and signs."""

MEMBER_REQUESTED = "member requested"


def cause_of(written: str) -> Cause | None:
    """Return the cause of a code, of words, or of a code followed by words; None for what is not in the table."""
    code = _CODE.fullmatch(written.strip())
    if code is None:
        return _SPELLINGS.get(_spelt(written))
    known = RUS_CODES.get(code[1])
    return known[0] if known else _SPELLINGS.get(_spelt(code[2])) if code[2] else None


def is_asked_for(written: str) -> bool:
    """Answers whether the customer asked to be disconnected."""
    return _spelt(written) == MEMBER_REQUESTED
