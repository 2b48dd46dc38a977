"""What asking buys: meters are pinged as the product would choose them, and their answers are heard half a minute later.

Every customer is taken to have a meter that can be asked, also in storms of which no last gasp comes. Names on the judge's
networks: a device is its number, a customer too.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from services.outages.asking import By, Doubt, is_in_doubt, questions, within
from services.outages.entities import Hypothesis
from tests.benchmarks.parts.inference_judge import Engine

if TYPE_CHECKING:
    from services.network import Network

PINGS_A_MINUTE = 10
ANSWERED = 0.95
ANSWERS_AFTER_MIN = 0.5
SAME_AGAIN_MIN = 10.0
"""A meter is not asked again sooner."""


class Numbered:
    """A network of the judge as the product's chooser reads one."""

    def __init__(self, network: Any) -> None:
        self._first, self._end = network.first, network.end
        self._customer_device = network.customer_device
        self._parent = network.parent

    def is_behind(self, device: str, ancestor: str) -> bool:
        """Answers whether opening `ancestor` cuts `device` off; a device is behind itself."""
        step, upper = int(device), int(ancestor)
        while step != upper and step >= 0:
            step = self._parent[step]
        return step == upper

    def count_behind(self, device: str) -> int:
        """Return how many customers are behind a device."""
        return int(self._end[int(device)] - self._first[int(device)])

    def customers_behind(self, device: str) -> tuple[str, ...]:
        """Return the customers behind a device."""
        return tuple(map(str, range(self._first[int(device)], self._end[int(device)])))

    def customer_device(self, customer: str) -> str:
        """Return the lowest device that feeds a customer."""
        return str(self._customer_device[int(customer)])


class Asking:
    """An engine whose product asks: `ranked()` of it gives the hypotheses of each incident, as (device, probability), best first.

    It hears `power_restored` of a meter that answers, and `no_answer` of one that does not.
    """

    def __init__(self, engine: Engine, network: Any, scenario: Any, seed: int) -> None:
        if not hasattr(engine, "ranked"):
            raise TypeError(
                f"{type(engine).__name__} has no ranked(): its doubts are not known, so nobody can be asked"
            )
        self.asked = 0
        self._engine: Any = engine
        self._network = cast("Network", Numbered(network))
        self._customers = network.customers
        self._out_since: dict[int, float] = scenario.out_since
        self._draw = random.Random(f"pings {seed}")
        self._coming: list[tuple[float, str, int]] = []
        self._last: dict[str, float] = {}
        self._room = 0.0
        self._before = 0.0
        self.add = engine.add
        if hasattr(engine, "hypotheses"):
            self.hypotheses = engine.hypotheses

    def tick(self, t_min: float) -> None:
        """Hear the answers that have come, go on, and ask anew."""
        due = [each for each in self._coming if each[0] <= t_min]
        self._coming = [each for each in self._coming if each[0] > t_min]
        for at, kind, customer in due:
            self._engine.add(at, kind, customer)
        self._engine.tick(t_min)
        self._room = min(PINGS_A_MINUTE, self._room + PINGS_A_MINUTE * (t_min - self._before))
        self._before = t_min
        self._ask(t_min)

    def incidents(self) -> Iterable[Any]:
        """Return what the engine believes."""
        found: Iterable[Any] = self._engine.incidents()
        return found

    def _ask(self, now: float) -> None:
        def may_ask(_incident: str, customer: str, _by: By) -> bool:
            return now - self._last.get(customer, -SAME_AGAIN_MIN) >= SAME_AGAIN_MIN

        doubts = []
        for number, ranked in enumerate(self._engine.ranked()):
            hypotheses = tuple(Hypothesis(str(device), round(1000 * p)) for device, p in ranked if p > 0)
            if is_in_doubt(hypotheses):
                doubts.append(Doubt(incident=str(number), hypotheses=hypotheses))
        ordered = questions(self._network, doubts, may_ask, (By.METER,))
        for question in within(ordered, {By.METER: int(self._room)}):
            if not may_ask(question.incident, question.customer, question.by):
                continue  # about another incident he is asked already
            self._room -= 1
            self.asked += 1
            self._last[question.customer] = now
            customer = int(question.customer)
            lit = self._out_since.get(customer, now + 1) > now
            answers = lit and self._draw.random() < ANSWERED
            self._coming.append((now + ANSWERS_AFTER_MIN, "power_restored" if answers else "no_answer", customer))
