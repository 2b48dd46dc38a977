"""Whom to ask whether power is on: whose answer is expected to tell the most about what has failed. Pure.

An answer that depends only on whether the asked one has power tells of the hypotheses just what it tells of that: the mutual
information of the two. With q the probability that he is out, h the entropy of a yes or no in bits, and r the share that answers,
a meter, which is silent without power, tells h(r(1-q)) - (1-q) h(r), and a person, who answers either way, r h(q).
"""

from __future__ import annotations

import enum
import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from services.network import Network
    from services.outages.entities import Hypothesis

METERS_ANSWER = 0.95
"""The share of meters with power that answer a ping; one without power never does."""
PEOPLE_ANSWER = 0.4
"""The share of people that answer a text within a quarter of an hour."""
SURE_PERMILLE = 950
"""What is as likely as this needs no question."""
LEAST_MILLIBITS = 100
"""A question that is expected to tell less is not worth the trouble."""


class By(enum.StrEnum):
    """How a customer is asked: by a ping of his meter, or by text."""

    METER = "meter"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """An incident of which it is not certain what has failed; all `hypotheses` are devices as the grid is switched."""

    incident: str
    hypotheses: tuple[Hypothesis, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whom to ask about an incident, how, and what it is worth: expected millibits times customers times 1000.

    He is behind `device`, the likeliest device that he is behind; the answer tells it from `other`, the likeliest that he is
    not behind (None: from there being another fault). `place` is the lowest device in question above him: everybody there
    would tell the same.
    """

    incident: str
    customer: str
    by: By
    place: str
    device: str
    other: str | None
    worth: int


@functools.cache
def millibits(out_permille: int, by: By) -> int:
    """Return what asking somebody is expected to tell who is out with this probability, in thousandths of a bit.

    Rounded, so that the last digit of a logarithm decides nothing.
    """
    lit = (1000 - out_permille) / 1000
    by_meter = _entropy(METERS_ANSWER * lit) - lit * _entropy(METERS_ANSWER)
    return round(1000 * (by_meter if by is By.METER else PEOPLE_ANSWER * _entropy(lit)))


def _entropy(share: float) -> float:
    """Return the entropy of a yes or no with this share of yes, in bits."""
    return -sum(part * math.log2(part) for part in (share, 1 - share) if part > 0)


def is_in_doubt(hypotheses: Sequence[Hypothesis]) -> bool:
    """Answers whether it is worth asking at all: something may have failed, and nothing is nearly certain to have."""
    return bool(hypotheses) and hypotheses[0].permille < SURE_PERMILLE


def questions(
    network: Network,
    doubts: Iterable[Doubt],
    may_ask: Callable[[str, str, By], bool],
    ways: Iterable[By] = By,
    waiting: Collection[tuple[str, str]] = (),
) -> list[Question]:
    """Return the best questions, the most valuable first: for each place and way one, whose answer all others there would give.

    `may_ask(incident, customer, by)` says who may be asked; of several the first by id is. At the places of `waiting` (incident,
    device) nobody is: somebody was asked already. Costs O(customers behind what is in
    question) where nobody may be asked, else far less.
    """
    ways = tuple(ways)
    return in_order(question for doubt in doubts for question in _of(network, doubt, may_ask, ways, waiting))


def in_order(found: Iterable[Question]) -> list[Question]:
    """Return questions by their worth, the most valuable first."""
    return sorted(found, key=lambda each: (-each.worth, each.incident, each.place, each.by))


def _of(
    network: Network,
    doubt: Doubt,
    may_ask: Callable[[str, str, By], bool],
    ways: tuple[By, ...],
    waiting: Collection[tuple[str, str]],
) -> Iterator[Question]:
    ranked = sorted(doubt.hypotheses, key=lambda each: (-each.permille, each.device))
    places = {each.device for each in ranked}
    at_stake = sum(each.permille * network.count_behind(each.device) for each in ranked)
    for place in sorted(each for each in places if (doubt.incident, each) not in waiting):
        above = [each for each in ranked if network.is_behind(place, each.device)]
        out_permille = min(1000, sum(each.permille for each in above))
        left = [by for by in ways if millibits(out_permille, by) >= LEAST_MILLIBITS]
        if not left:
            continue
        beside = next((each.device for each in ranked if not network.is_behind(place, each.device)), None)
        for customer in _at(network, place, places):
            for by in [by for by in left if may_ask(doubt.incident, customer, by)]:
                left.remove(by)
                yield Question(
                    incident=doubt.incident,
                    customer=customer,
                    by=by,
                    place=place,
                    device=above[0].device,
                    other=beside,
                    worth=millibits(out_permille, by) * at_stake,
                )
            if not left:
                break


def _at(network: Network, place: str, places: set[str]) -> Iterator[str]:
    """Yield who has this device, of all in question, as the lowest above him; by id."""
    lower = [each for each in places if each != place and network.is_behind(each, place)]
    for customer in network.customers_behind(place):
        device = network.customer_device(customer)
        if not any(network.is_behind(device, each) for each in lower):
            yield customer


def within(ordered: Iterable[Question], room: dict[By, int]) -> list[Question]:
    """Return the questions that are asked, with `room` for so many of each way: of each place and customer the best alone."""
    left, chosen = dict(room), []
    places: set[tuple[str, str]] = set()
    customers: set[str] = set()
    for each in ordered:
        place = (each.incident, each.place)
        if place in places or each.customer in customers or left.get(each.by, 0) <= 0:
            continue
        left[each.by] -= 1
        places.add(place)
        customers.add(each.customer)
        chosen.append(each)
    return chosen
