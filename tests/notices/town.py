"""A town of several supply areas: what one area says on a topic that notify reads, the others hear in their next turn."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from schemas.events import Event, IncidentChanged, IncidentState, OutageReported, Place, TextReceived
from schemas.ids import derived
from schemas.topics import consumed_by
from services.clock import from_ms, to_ms
from services.engine.deciding import apply
from services.engine.turn import Entity, Fact, Record, Turn
from services.notices.moments import InboundTaken, NoticeDecided, TextBody
from services.notices.stage import NotifyStage
from tests.notices.storm import DAY_AND_NIGHT, MINUTE_MS, PREDICTED, T0

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.notices.people import Manners, Reached


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """A text that left: the area that decided on it, whom it is for (a customer, a link, whose text it answers), its words."""

    area: str
    to: str
    words: str


class Town:
    """A script. `areas` names the supply area of each customer; all are supplied."""

    def __init__(
        self,
        reached: Mapping[str, Reached],
        areas: Mapping[str, str],
        manners: Manners = DAY_AND_NIGHT,
        *,
        exercise: bool = False,
    ) -> None:
        network = SimpleNamespace(
            areas=tuple(SimpleNamespace(id=area) for area in sorted(set(areas.values()))),
            area_of=areas.__getitem__,
            customers=tuple(
                SimpleNamespace(id=customer, active=True, lon=10.0, lat=50.0) for customer in sorted(areas)
            ),
        )
        self.stage = NotifyStage(cast("Any", network), reached, manners)
        self.areas = areas
        self.exercise = exercise
        self.now = T0
        self.entities: dict[str, dict[str, dict[str, Entity]]] = {area: {} for area in self.stage.shards()}
        self.said: list[Said] = []
        self.records: list[Record] = []
        self.emitted: list[Event] = []
        self.reasons: list[tuple[str, str]] = []
        self.recalled: list[str] = []
        self._facts: dict[str, list[Fact]] = {area: [] for area in self.stage.shards()}
        self._number = 0

    def at(self, minute: float) -> Town:
        """Let it be so many minutes after the beginning."""
        self.now = T0 + round(minute * MINUTE_MS)
        return self

    def hear(self, *events: Event) -> Town:
        """Let events come, and everything that follows of them, in turns of the areas; what was said before is forgotten."""
        self.said, self.records, self.emitted, self.reasons, self.recalled = [], [], [], [], []
        for event in events:
            self._take(event)
        for _ in range(9):
            self._turns()
            if not any(self._facts.values()):
                return self
        raise AssertionError("it never ends")

    def waits(self) -> Town:
        """Let a turn pass without any fact."""
        self.said, self.records, self.emitted, self.reasons, self.recalled = [], [], [], [], []
        self._turns(always=True)
        return self

    def text(self, sender: str, words: str, *, nonce: str | None = "5ec4e7") -> Town:
        """Let somebody write."""
        self._number += 1
        return self.hear(
            TextReceived(
                id=f"text-{self._number}",
                at=from_ms(self.now),
                exercise=self.exercise,
                phone=sender,
                words=words,
                nonce=nonce,
            )
        )

    def incident(
        self,
        name: str,
        area: str,
        *,
        out: tuple[str, ...] = (),
        back: tuple[str, ...] = (),
        state: IncidentState = PREDICTED,
        estimate: int | None = 120,
    ) -> IncidentChanged:
        """Return a change of an incident; its estimate is so many minutes after the beginning."""
        self._number += 1
        return IncidentChanged(
            id=derived("incidentChanged", name, self._number),
            at=from_ms(self.now),
            exercise=self.exercise,
            incident=name,
            area=area,
            revision=self._number,
            state=state,
            device="D1",
            place=Place(lon=10.0, lat=50.0),
            started_at=from_ms(T0),
            reason="test",
            customers_out=0,
            out=list(out),
            restored=list(back),
            estimate=None if estimate is None else from_ms(T0 + estimate * MINUTE_MS),
        )

    def _take(self, event: Event) -> None:
        area = self.stage.shard_of(event)
        self._facts[area].append(Fact(to_ms(event.at), event.id, event))

    def _turns(self, *, always: bool = False) -> None:
        heard = {topic.name for topic in consumed_by("notify")}
        due = [(area, facts) for area, facts in self._facts.items() if facts or always]
        self._facts = {area: [] for area in self._facts}
        for area, facts in due:
            turn = Turn(shard=area, now=self.now, facts=facts, entities=self.entities[area], exercise=self.exercise)
            self.stage.decide(turn)
            apply(self.entities[area], turn.outcome)
            for effect in turn.outcome.effects:
                body = cast("TextBody", effect.body)
                self.said.append(Said(area, body.linked or body.inbound or body.customer, body.words))
            self.records += turn.outcome.records
            self.reasons += [(entry.to, entry.reason) for entry in turn.outcome.journal]
            self.recalled += turn.outcome.recalled
            for emission in turn.outcome.events:
                self.emitted.append(emission.event)
                if emission.topic.name in heard:
                    self._take(emission.event)

    # -------------------------------------------------------------------------------------------- what is looked at
    def words(self) -> list[str]:
        """Return what was said since the last event."""
        return [each.words for each in self.said]

    def states(self) -> list[tuple[str, str]]:
        """Return state and reason of each text that was read."""
        return [(r.state, r.reason) for r in self.records if isinstance(r, InboundTaken)]

    def notices(self) -> list[NoticeDecided]:
        """Return the notices that were decided."""
        return [record for record in self.records if isinstance(record, NoticeDecided)]

    def reports(self) -> list[OutageReported]:
        """Return the reports that came of it."""
        return [event for event in self.emitted if isinstance(event, OutageReported)]
