"""What became of an action: on its way, done, refused or undone, and whether it can be undone. Pure, but for one look-up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec

from services.access import acted
from services.access.acted import Acted, Entry
from services.dispatch.reasons import Reason as Dispatch
from services.engine.taking import Connection

State: TypeAlias = Literal["sent", "done", "refused", "undone"]

WITHOUT_EFFECT: Final = frozenset(
    {
        Dispatch.NOTHING_TO_CHANGE,
        Dispatch.ORDER_OVER,
        Dispatch.OUT_OF_ORDER,
        Dispatch.UNKNOWN_ORDER,
        Dispatch.CLEARANCE_NOT_NEEDED,
    }
)
"""Reasons of entries that leave their subject as it is, though they repeat its state."""
REFUSED: Final = frozenset({"refused", "stays"})
"""What a subject is said to have become when an action had no effect."""

UNDOABLE: Final = frozenset(
    {
        "hold",
        "release",
        "assign",
        "forbid",
        "allow",
        "first",
        "notFirst",
        "estimate",
        "cause",
        "note",
        "deviceState",
        "stopTexts",
        "resumeTexts",
    }
)
"""Kinds of actions that can be taken back. A merged, split, rejected or confirmed incident is another one since: what has followed
from it cannot be recalled, it takes a new decision. So with a danger that was said to be none."""


class ActionRow(msgspec.Struct, frozen=True, kw_only=True):
    """An action as people see it; `types.ts` says what each field means."""

    id: str
    at_ms: int
    by: str
    by_name: str
    kind: str
    subject_kind: str
    subject: str
    why: str
    said: Mapping[str, Any]
    state: State
    reason: str
    undoable: bool


def order_made(action: Acted, entries: Iterable[Entry]) -> str | None:
    """Return the order that an assignment gave; None when it gave none: the crew had it already, or it was refused."""
    return next(
        (
            e.subject
            for e in entries
            if e.event_id == action.event_id and (e.subject_kind, e.became) == ("order", "sent")
        ),
        None,
    )


def fate(action: Acted, entries: Sequence[Entry]) -> tuple[State, str]:
    """Return the state of an action and the reason for it, undone ones left aside.

    `entries` are what the journal says of its event. What had no effect is refused, by the reason that was noted.
    """
    if action.event_id is None:
        return "done", ""
    if action.kept_as is not None:
        return "done", action.kept_as
    if not action.decided:
        return ("sent", "") if action.parked is None else ("refused", action.parked)
    own = [entry for entry in entries if entry.event_id == action.event_id]
    done = [entry for entry in own if not _without_effect(entry)]
    if done:
        return "done", _closest(action, done).reason
    return ("refused", own[0].reason) if own else ("done", "")


def _without_effect(entry: Entry) -> bool:
    return entry.became in REFUSED or entry.reason in WITHOUT_EFFECT


def _closest(action: Acted, entries: Sequence[Entry]) -> Entry:
    """Return the entry that speaks of what the action was about: an assignment's of its order, else of its subject."""
    if action.kind == "assign":
        return next((e for e in entries if (e.subject_kind, e.became) == ("order", "sent")), entries[0])
    return next((e for e in entries if e.subject == action.subject), entries[0])


def row(action: Acted, fates: Mapping[str, tuple[State, str]], under_way: bool) -> ActionRow:
    """Return an action as it is shown. `fates` are those of itself and of what undoes it.

    `under_way`: the order that it gave can still be revoked.
    """
    state, reason = fates[action.id]
    undoing = [fates[each][0] for each in action.undone_by if each in fates]
    if state == "done" and "done" in undoing:
        state = "undone"
    free = not any(each in {"sent", "done"} for each in undoing)
    undoable = action.kind in UNDOABLE and action.undoes is None and state == "done" and free
    return ActionRow(
        id=action.id,
        at_ms=action.at_ms,
        by=action.by,
        by_name=action.by_name,
        kind=action.kind,
        subject_kind=action.subject_kind,
        subject=action.subject,
        why=action.why,
        said=action.said if action.undoes is None else {**action.said, "undoes": action.undoes},
        state=state,
        reason=reason,
        undoable=undoable and (action.kind != "assign" or under_way),
    )


async def rows(connection: Connection, actions: Sequence[Acted]) -> list[ActionRow]:
    """Return these actions as they are shown, each with what became of it."""
    known = {each.id for each in actions}
    others = [each for one in actions for each in one.undone_by if each not in known]
    undoing = await acted.actions_named(connection, others) if others else []
    together = [*actions, *undoing]
    entries = await acted.entries_of(connection, together)
    by_event: dict[str, list[Entry]] = {}
    for entry in entries:
        by_event.setdefault(entry.event_id, []).append(entry)
    fates = {each.id: fate(each, by_event.get(each.event_id or "", [])) for each in together}
    made = {
        each.id: order_made(each, by_event.get(each.event_id or "", [])) for each in actions if each.kind == "assign"
    }
    going = await acted.under_way(connection, [order for order in made.values() if order is not None])
    return [row(each, fates, made.get(each.id) in going) for each in actions]
