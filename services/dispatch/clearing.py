"""Clearances: nobody works on what may be fed from elsewhere before the dispatcher clears it, and no power before it is given back.

A dispatcher gives a clearance, the crew takes it, works under it, and gives it back (`released`). Words out of turn are noted and
break nothing; work without a clearance, or its end while one is still held, is what a dispatcher must look into.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from schemas.events import Clearance, OrderState
from services.dispatch.entities import ACTIVE, Order
from services.dispatch.ordering import duty_of, publish_again
from services.dispatch.reasons import Reason

if TYPE_CHECKING:
    from schemas.events import ClearanceSet
    from services.engine.turn import Turn

WORKED = frozenset({OrderState.REPAIRED, OrderState.DONE})
"""The states of an order whose crew says that it has worked."""


def set_clearance(turn: Turn, fact_id: str, action: ClearanceSet) -> None:
    """Give a clearance to an active order that needs one, or take it back; a crew's that holds it is ended for it."""
    order = turn.get(Order, action.order)
    if order is None:
        turn.note((Order.kind, action.order), "refused", Reason.UNKNOWN_ORDER, [fact_id])
        return
    stands = order.clearance
    if stands is Clearance.NOT_NEEDED:
        turn.note(order, order.state, Reason.CLEARANCE_NOT_NEEDED, [fact_id])
    elif action.given and order.state not in ACTIVE:
        turn.note(order, order.state, Reason.ORDER_OVER, [fact_id])
    elif action.given and stands in {Clearance.NEEDED, Clearance.RELEASED}:
        _move(turn, fact_id, order, Clearance.GIVEN, Reason.CLEARANCE_GIVEN)
    elif not action.given and stands is Clearance.GIVEN:
        _move(turn, fact_id, order, Clearance.NEEDED, Reason.CLEARANCE_TAKEN_BACK)
    elif not action.given and stands is Clearance.TAKEN:
        _move(turn, fact_id, order, Clearance.RELEASED, Reason.CLEARANCE_TAKEN_BACK)
    else:
        turn.note(order, order.state, Reason.NOTHING_TO_CHANGE, [fact_id])


def take_clearance(turn: Turn, fact_id: str, order: Order) -> None:
    """Take a crew's word that it works under a clearance: that it has one, only the dispatcher says."""
    if order.clearance is Clearance.GIVEN:
        _move(turn, fact_id, order, Clearance.TAKEN, Reason.CLEARANCE_TAKEN)
    elif order.clearance is Clearance.TAKEN:
        turn.note(order, order.state, Reason.NOTHING_TO_CHANGE, [fact_id])
    else:
        turn.note(order, order.state, Reason.NO_CLEARANCE, [fact_id])


def release_clearance(turn: Turn, fact_id: str, order: Order) -> None:
    """Take a crew's word that it is out of the way, also after its order is over."""
    if order.clearance in {Clearance.GIVEN, Clearance.TAKEN}:
        _move(turn, fact_id, order, Clearance.RELEASED, Reason.CLEARANCE_RELEASED)
    else:
        turn.note(order, order.state, Reason.NO_CLEARANCE, [fact_id])


def doubt_work(turn: Turn, fact_id: str, order: Order) -> None:
    """Note of a crew that says it has worked what is wrong about its clearance."""
    if order.state not in WORKED:
        return
    if order.clearance in {Clearance.NEEDED, Clearance.GIVEN}:
        turn.note(order, order.state, Reason.NO_CLEARANCE, [fact_id])
    elif order.clearance is Clearance.TAKEN:
        turn.note(order, order.state, Reason.CLEARANCE_HELD, [fact_id])


def _move(turn: Turn, fact_id: str, order: Order, clearance: Clearance, reason: Reason) -> None:
    publish_again(turn, msgspec.structs.replace(order, clearance=clearance), reason, fact_id)
    duty = duty_of(turn, order.crew)
    if duty.holds_clearance == order.id:
        turn.put(msgspec.structs.replace(duty, holds_clearance=None))
