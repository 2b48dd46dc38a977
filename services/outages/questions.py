"""Asking: of the open incidents whose cause is in doubt, somebody is asked whether power is on, as far as the budget goes.

An answer comes back as a report like any other. Who was asked is kept as long as it limits who may be asked again.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec.structs import replace

from schemas.events import CustomerAsked
from schemas.ids import derived
from schemas.topics import OUTAGE_INCIDENTS
from services.clock import from_ms
from services.engine.turn import EffectBody, Entity, Record
from services.outages.asking import By, Doubt, Question, in_order, is_in_doubt, questions, within
from services.outages.entities import Pending, Supplied, Unanswered, WindowState
from services.outages.reasons import Reason
from services.outages.scene import may_move

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from services.outages.board import Board
    from services.outages.entities import Incident

LOOK_MS = 10_000
"""It is looked at most once in this time whom to ask."""
EFFECT_KIND = "ping"
PING_LIFETIME_MS = 300_000
"""A ping later than this after its decision asks about another time."""
PERIOD_MS = {By.METER: 60_000, By.TEXT: 3_600_000}
"""A budget is for so long: pings per minute, texts per hour."""
PATIENCE_MS = {By.METER: 30_000, By.TEXT: 180_000}
"""Nobody is asked about an incident sooner: most doubts are over once the gasps and calls of the first moments are in."""
ANSWER_MS = {By.METER: 120_000, By.TEXT: 900_000}
"""So long an answer is waited for before somebody else is asked who would tell the same."""
AGAIN_MS = {By.METER: 600_000, By.TEXT: 86_400_000}
"""Nobody is asked the same way again within this time."""


class Mode(enum.StrEnum):
    """How much is asked."""

    OFF = "off"
    LOW = "low"
    STORM = "storm"


class AskingSet(msgspec.Struct, frozen=True, kw_only=True):
    """A fact: how much may be asked in an area from now on, as the installation's settings say. In storm mode also at night."""

    mode: Mode
    pings_per_minute: int
    texts_per_hour: int


class Asking(Entity, frozen=True, kw_only=True):
    """How much may be asked; `id` is the area. Times are milliseconds.

    `seen` stands for what was in doubt at the last look, `looked_at`; at `look_at` it is looked again though nothing has changed.
    """

    kind: ClassVar[str] = "asking"
    rules: AskingSet
    seen: str = ""
    looked_at: int = 0
    look_at: int | None = None


class Asked(Entity, frozen=True, kw_only=True):
    """A customer who was asked, and when last in each way; `id` is the customer. Of the last question: incident and place."""

    kind: ClassVar[str] = "asked"
    incident: str
    place: str
    pinged_at: int | None = None
    texted_at: int | None = None

    def last(self, by: By) -> int | None:
        """Return when he was last asked in this way, milliseconds."""
        return self.pinged_at if by is By.METER else self.texted_at


class PingBody(EffectBody, frozen=True, kw_only=True):
    """What the meters' head-end is asked for."""

    customer: str
    meter: str


class QuestionRow(Record, frozen=True, kw_only=True):
    """A question as people are shown it; `key` is that of the ping's effect, or the id of the event that asks for a text."""

    key: str
    incident: str
    customer: str
    meter: str
    by: By
    device: str
    other: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Askable:
    """Who may be asked by text, and until when (milliseconds) it is too late at night for that at a time, None: it is not."""

    by_text: Collection[str] = frozenset()
    quiet_end: Callable[[int], int | None] = lambda _: None


NOBODY = Askable()


def set_asking(board: Board, rules: AskingSet) -> None:
    """Take it that so much may be asked from now on."""
    standing = board.turn.get(Asking, board.turn.shard)
    board.turn.put(Asking(id=board.turn.shard, rules=rules) if standing is None else replace(standing, rules=rules))


def ask(board: Board, askable: Askable) -> None:
    """Ask, if anything in doubt has changed since the last look, or the time for another look has come."""
    asking = board.turn.get(Asking, board.turn.shard)
    if asking is None:
        return
    rules, now = asking.rules, board.now
    doubts = _doubts(board) if rules.mode is not Mode.OFF else []
    seen = derived("doubts", rules.mode, rules.pings_per_minute, rules.texts_per_hour, *_told(doubts)) if doubts else ""
    due = asking.look_at is not None and asking.look_at <= now
    if not doubts:
        board.turn.put(replace(asking, seen="", look_at=None))
    elif seen == asking.seen and not due:
        return
    elif now < asking.looked_at + LOOK_MS:
        board.turn.put(replace(asking, look_at=asking.looked_at + LOOK_MS))
    else:
        look_at = _Look(board, rules, askable).choose(doubts)
        board.turn.put(replace(asking, seen=seen, looked_at=now, look_at=look_at))


def next_look(board: Board) -> int | None:
    """Return when it is to be looked again whom to ask, milliseconds; None: not until something changes."""
    asking = board.turn.get(Asking, board.turn.shard)
    return None if asking is None else asking.look_at


def _doubts(board: Board) -> list[Doubt]:
    """Return the incidents that are still a guess, and of which it is not certain what has failed."""
    found = []
    for incident in filter(may_move, board.incidents()):
        devices = tuple(each for each in incident.hypotheses if board.is_device(each.device))
        if is_in_doubt(devices):
            found.append(Doubt(incident=incident.id, hypotheses=devices))
    return found


def _told(doubts: list[Doubt]) -> list[str]:
    return [f"{doubt.incident} {each.device} {each.permille // 10}" for doubt in doubts for each in doubt.hypotheses]


class _Look:
    """One look: who may be asked, how many, and when to look again."""

    def __init__(self, board: Board, rules: AskingSet, askable: Askable) -> None:
        self._board = board
        self._rules = rules
        self._askable = askable
        self._incidents: dict[str, Incident] = {each.id: each for each in board.incidents()}
        windows = board.windows(WindowState.ACTIVE, WindowState.VERIFYING)
        self._isolated = frozenset(device for window in windows for device in window.isolates)
        self._forget()
        self._asked = board.turn.all(Asked)
        self._again: list[int] = []
        self._waiting = self._places_that_wait()

    def choose(self, doubts: list[Doubt]) -> int | None:
        """Ask whom it is worth most to ask, and return when to look again."""
        now, ways = self._board.now, self._ways()
        ordered = in_order(
            question
            for by in ways
            for question in questions(self._board.network, self._ripe(doubts, by), self._may_ask, (by,), self._waiting)
        )
        room = {by: self._room(by) for by in ways}
        chosen = within(ordered, room)
        for question in chosen:
            self._put(question)
            self._again.append(now + ANSWER_MS[question.by])
        self._asked = self._board.turn.all(Asked)
        places = {(each.incident, each.place) for each in chosen}
        left_out = {each.by for each in ordered if (each.incident, each.place) not in places}
        self._again += [self._room_at(by) for by in left_out]
        return min((max(at, now + LOOK_MS) for at in self._again), default=None)

    def _ways(self) -> list[By]:
        """Return how anybody may be asked now, and note when quiet hours end."""
        ways = [by for by in By if self._budget(by) and (by is By.METER or self._askable.by_text)]
        quiet_end = None if self._rules.mode is Mode.STORM else self._askable.quiet_end(self._board.now)
        if quiet_end is not None and By.TEXT in ways:
            ways.remove(By.TEXT)
            self._again.append(quiet_end)
        return ways

    def _ripe(self, doubts: list[Doubt], by: By) -> list[Doubt]:
        """Return the doubts that have lasted long enough to ask in this way, and note when the others will have."""
        found = []
        for doubt in doubts:
            ripe_at = self._incidents[doubt.incident].opened_at + PATIENCE_MS[by]
            if ripe_at <= self._board.now:
                found.append(doubt)
            else:
                self._again.append(ripe_at)
        return found

    # ------------------------------------------------------------------------------------------------------- who may
    def _may_ask(self, incident: str, customer: str, by: By) -> bool:
        asked = self._board.turn.get(Asked, customer)
        last = None if asked is None else asked.last(by)
        if last is not None and last > self._board.now - AGAIN_MS[by]:
            return False
        if self._is_known(incident, customer):
            return False
        if by is By.TEXT:
            return customer in self._askable.by_text
        unanswered = self._board.turn.get(Unanswered, customer)
        silent = unanswered is not None and unanswered.at >= self._incidents[incident].started_at
        return not silent and bool(self._board.network.customer(customer).meter)

    def _is_known(self, incident: str, customer: str) -> bool:
        """Answers whether it is known whether a customer has power: he reported, is out otherwise, or has proved it."""
        board = self._board
        out, supplied = board.ledger.out(customer), board.turn.get(Supplied, customer)
        return (
            (out is not None and (out.holder != incident or out.reported))
            or (supplied is not None and supplied.since >= self._incidents[incident].started_at)
            or board.turn.get(Pending, customer) is not None
            or not self._isolated.isdisjoint(board.path(board.ledger.device(customer)))
        )

    def _places_that_wait(self) -> set[tuple[str, str]]:
        """Return where somebody was asked whose answer may still come, and note when that is over."""
        found = set()
        for asked in self._asked:
            for by in By:
                at = asked.last(by)
                if at is not None and at + ANSWER_MS[by] > self._board.now and not self._answered(asked.id, at):
                    found.add((asked.incident, asked.place))
                    self._again.append(at + ANSWER_MS[by])
        return found

    def _answered(self, customer: str, at: int) -> bool:
        board = self._board
        supplied, unanswered = board.turn.get(Supplied, customer), board.turn.get(Unanswered, customer)
        out = board.ledger.out(customer)
        return (
            (supplied is not None and supplied.since >= at)
            or (unanswered is not None and unanswered.at >= at)
            or board.turn.get(Pending, customer) is not None
            or (out is not None and out.reported)
        )

    # ------------------------------------------------------------------------------------------------------ how many
    def _times(self, by: By) -> list[int]:
        """Return when somebody was asked in this way within the time that its budget is for, sorted."""
        times = (asked.last(by) for asked in self._asked)
        return sorted(at for at in times if at is not None and at > self._board.now - PERIOD_MS[by])

    def _budget(self, by: By) -> int:
        return self._rules.pings_per_minute if by is By.METER else self._rules.texts_per_hour

    def _room(self, by: By) -> int:
        return max(0, self._budget(by) - len(self._times(by)))

    def _room_at(self, by: By) -> int:
        """Return when there is room for one more in this way."""
        budget, times = self._budget(by), self._times(by)
        return self._board.now if len(times) < budget else times[len(times) - budget] + PERIOD_MS[by]

    # ---------------------------------------------------------------------------------------------------------- asking
    def _put(self, question: Question) -> None:
        board, by_meter = self._board, question.by is By.METER
        turn, meter = board.turn, str(board.network.customer(question.customer).meter)
        key = derived(EFFECT_KIND if by_meter else "customerAsked", question.incident, question.customer, board.now)
        if by_meter:
            body = PingBody(customer=question.customer, meter=meter)
            turn.effect(key, EFFECT_KIND, body, expires_at=board.now + PING_LIFETIME_MS)
        else:
            turn.emit(OUTAGE_INCIDENTS, turn.shard, self._event(key, question))
        before = turn.get(Asked, question.customer)
        pinged_at, texted_at = (None, None) if before is None else (before.pinged_at, before.texted_at)
        turn.put(
            Asked(
                id=question.customer,
                incident=question.incident,
                place=question.place,
                pinged_at=board.now if by_meter else pinged_at,
                texted_at=texted_at if by_meter else board.now,
            )
        )
        reason = Reason.TELLS_APART if question.other is not None else Reason.TELLS_WHETHER
        turn.note(("question", key), "asked", reason, [question.incident])
        turn.record(
            QuestionRow(
                key=key,
                incident=question.incident,
                customer=question.customer,
                meter=meter,
                by=question.by,
                device=question.device,
                other=question.other,
            )
        )

    def _event(self, key: str, question: Question) -> CustomerAsked:
        turn = self._board.turn
        return CustomerAsked(
            id=key,
            at=from_ms(turn.now),
            exercise=turn.exercise,
            area=turn.shard,
            region=self._incidents[question.incident].region,
            incident=question.incident,
            customer=question.customer,
            device=question.device,
            other=question.other,
            at_night=self._rules.mode is Mode.STORM,
        )

    def _forget(self) -> None:
        """Forget whom nothing keeps from being asked again."""
        turn = self._board.turn
        for asked in turn.all(Asked):
            if all((at := asked.last(by)) is None or at <= turn.now - AGAIN_MS[by] for by in By):
                turn.remove(asked)
