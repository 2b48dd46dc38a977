"""Orders: whose crew is on its way, as far as it concerns who is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from schemas.events import OrderChanged, OrderState, OrderWork
from services.clock import to_ms
from services.notices.audience import Followed, holder
from services.notices.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from services.engine.turn import Fact, Turn
    from services.notices.audience import Heard

_LIFE = {state: place for place, state in enumerate(OrderState)}
"""How far an order is: of two states told at one instant the later one counts."""

Enroute = tuple["Fact", str, str]
"""A fact by which a crew set out, its order, and the incident that the order is for now."""


def take_orders(turn: Turn, heard: Heard) -> list[Enroute]:
    """Keep whose crew is on its way; return the orders that are."""
    enroute = []
    for fact, order in _latest_orders(turn.facts):
        assert order.incident is not None, "an order without an incident was left out"
        incident = holder(turn, order.incident)
        followed = turn.get(Followed, incident)
        if order.state is OrderState.ENROUTE:
            enroute.append((fact, order.order, incident))
            if followed is not None:
                arrival = None if order.arrival_estimate is None else to_ms(order.arrival_estimate)
                turn.put(msgspec.structs.replace(followed, crew=order.order, arrival=arrival))
                heard.incidents[incident] = fact.id
            continue
        if followed is not None and followed.crew == order.order:
            turn.put(msgspec.structs.replace(followed, crew="", arrival=None))
        if _was_enroute(turn.facts, order.order):
            turn.note(("order", order.order), "untold", Reason.NO_LONGER_ENROUTE, [fact.id])
    return enroute


def note_orders(turn: Turn, orders: Sequence[Enroute], reached: Collection[str]) -> None:
    """Note of each order whose crew set out whether anybody of its incident is told, or will be."""
    for fact, order, incident in orders:
        to, why = ("followed", Reason.CREW_ENROUTE) if incident in reached else ("untold", Reason.NOBODY_TO_TELL)
        turn.note(("order", order), to, why, [fact.id])


def _latest_orders(facts: Sequence[Fact]) -> list[tuple[Fact, OrderChanged]]:
    """Return how each repair of an incident stands after these facts, by order. Who makes safe or assists is not told of."""
    latest: dict[str, tuple[Fact, OrderChanged]] = {}
    for fact in facts:
        order = fact.what
        if isinstance(order, OrderChanged) and order.incident is not None and order.work is OrderWork.REPAIR:
            standing = latest.get(order.order)
            if standing is None or _progress(fact, order) >= _progress(*standing):
                latest[order.order] = (fact, order)
    return [latest[order] for order in sorted(latest)]


def _progress(fact: Fact, order: OrderChanged) -> tuple[int, int, str]:
    return fact.at, _LIFE[order.state], fact.id


def _was_enroute(facts: Sequence[Fact], order: str) -> bool:
    return any(
        isinstance(fact.what, OrderChanged) and fact.what.order == order and fact.what.state is OrderState.ENROUTE
        for fact in facts
    )
