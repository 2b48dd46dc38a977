"""Broadcasting: what a dispatcher tells many customers at once, each phone once, whoever wants texts, in the language that fits."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from services.notices.gsm import segments
from services.notices.languages import wording_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

PART: Final = 5_000
"""So many customers an event of a broadcast holds at most."""
ASKED_FOR_MS: Final = 60 * 60_000
"""So long a broadcast may be approved after it was asked for: later it may not hold any more whom it is for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Phone:
    """A phone by its handle, the language in which it is written to (empty: nobody said), and whether it wants texts."""

    handle: str
    language: str
    consents: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Reachable:
    """A customer and the phones at which he would be told something."""

    customer: str
    phones: tuple[Phone, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom a broadcast reaches, and what it comes to.

    `areas` holds the customers by supply area, in groups that share phones; no two groups have one in common.
    `without_phone` and `without_consent` are customers that it does not reach.
    """

    areas: Mapping[str, tuple[tuple[str, ...], ...]]
    customers: int
    phones: int
    by_language: Mapping[str, int]
    without_consent: int
    without_phone: int
    segments: int


def audience(
    reachable: Iterable[Reachable],
    area_of: Callable[[str], str],
    words: Mapping[str, str],
    utility: Sequence[str],
    *,
    languages: Sequence[str] = (),
    exercise: bool = False,
) -> Audience:
    """Return whom a broadcast of these words (by language) reaches, of these customers; `languages`: only who reads one of them.

    `utility` are the utility's languages, the first of which is that of whoever said nothing.
    """
    told: dict[str, str] = {}
    groups = _Groups()
    without_consent = without_phone = 0
    for each in sorted(reachable, key=lambda one: one.customer):
        read = [phone for phone in each.phones if not languages or _language(phone, utility) in languages]
        wanted = [phone for phone in read if phone.consents]
        without_phone += not each.phones
        without_consent += bool(read) and not wanted
        for phone in wanted:
            told.setdefault(phone.handle, spoken_in(words, phone.language, utility))
            groups.join(each.customer, phone.handle)
    size = {language: segments(framed(words[language], language, exercise=exercise)) for language in words}
    by_language = {language: list(told.values()).count(language) for language in sorted(set(told.values()))}
    found = groups.customers()
    areas: dict[str, list[tuple[str, ...]]] = {}
    for customers in found:
        areas.setdefault(area_of(customers[0]), []).append(customers)
    return Audience(
        areas={area: tuple(areas[area]) for area in sorted(areas)},
        customers=sum(map(len, found)),
        phones=len(told),
        by_language=by_language,
        without_consent=without_consent,
        without_phone=without_phone,
        segments=sum(size[language] * count for language, count in by_language.items()),
    )


class _Groups:
    """Customers who have a phone in common, directly or through others."""

    def __init__(self) -> None:
        self._above: dict[tuple[str, str], tuple[str, str]] = {}

    def join(self, customer: str, handle: str) -> None:
        self._above[self._top(("phone", handle))] = self._top(("customer", customer))

    def customers(self) -> list[tuple[str, ...]]:
        """Return the groups, each sorted, by their first customer."""
        found: dict[tuple[str, str], list[str]] = {}
        for kind, name in sorted(self._above):
            if kind == "customer":
                found.setdefault(self._top((kind, name)), []).append(name)
        return sorted(map(tuple, found.values()))

    def _top(self, one: tuple[str, str]) -> tuple[str, str]:
        above = self._above.setdefault(one, one)
        while above != one:
            self._above[one] = self._above[above]
            one, above = above, self._above[above]
        return one


def parts_of(groups: Iterable[Sequence[str]]) -> list[list[str]]:
    """Return the customers of these groups in parts of bounded size; those of one group stay together."""
    parts: list[list[str]] = [[]]
    for customers in groups:
        if parts[-1] and len(parts[-1]) + len(customers) > PART:
            parts.append([])
        parts[-1].extend(customers[:PART])
    return [part for part in parts if part]


def spoken_in(words: Mapping[str, str], language: str, utility: Sequence[str]) -> str:
    """Return in which of the languages of these words somebody is told: his own, else the utility's first one, else any."""
    return next((each for each in (language, *utility) if each in words), min(words))


def framed(words: str, language: str, *, exercise: bool) -> str:
    """Return the words as they are sent: in an exercise they say so."""
    return (wording_in(language).exercise if exercise else "") + words


def _language(phone: Phone, utility: Sequence[str]) -> str:
    return phone.language or next(iter(utility), "")
