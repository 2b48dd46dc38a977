"""Why the world did what it did, as its journal says it."""

from __future__ import annotations

import enum


class Reason(enum.StrEnum):
    """The reason of a transition in the world."""

    SCENARIO = "scenario"
    """The storm's script says so."""
    ORDERED = "ordered"
    """The product sent the crew."""
    CALLED_BACK = "calledBack"
    """The product revoked the order before the crew was there."""
    ORDERED_BEFORE = "orderedBefore"
    """The product sent an order that a crew has already."""
    UNKNOWN_ORDER = "unknownOrder"
    """The product revoked an order that nobody got."""
    NOT_ON_THE_ROAD = "notOnTheRoad"
    """The product revoked an order whose crew is on site, or done with it, or was called back before."""
    FOUND = "found"
    """The crew found a failed device within its reach."""
    STILL_DARK = "stillDark"
    """Nothing is left to mend here, yet there is no power: the crew waits for whoever mends it."""
    IN_ORDER = "inOrder"
    """The crew found power and nothing failed."""
    MENDED = "mended"
    """The crew mended what it had found."""
    DUTY = "duty"
    """The crew did the next step of its order."""
    DETOUR = "detour"
    """The crew switched so that another feeder carries some until the fault is mended, or switched back."""
    UNWILLING = "unwilling"
    """The crew cannot take the order, and says so."""
    OUT_OF_REACH = "outOfReach"
    """The crew did not hear the order; it is heard of again later."""
    SHIFT_ENDS = "shiftEnds"
    """The crew's shift is over: it hands over what it cannot finish soon."""
    RELIEVED = "relieved"
    """The product hands the crew's order to another crew."""
    SHIFT_BEGINS = "shiftBegins"
    """The crew's shift begins."""
