"""A script of an outage for the stage: facts collect until `decide`; what is told is read by customer and moment."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from schemas.events import (
    ConsentChanged,
    Event,
    HazardChanged,
    HazardKind,
    HazardState,
    IncidentChanged,
    IncidentState,
    OrderChanged,
    OrderState,
    OrderWork,
    Place,
    TextOutcome,
    TextReceipt,
    TextReceived,
)
from schemas.ids import derived
from services.clock import from_ms
from services.engine.deciding import apply
from services.engine.turn import Entity, Fact, Outcome, Turn
from services.notices.moments import InboundTaken, Moment, NoticeDecided, TextBody
from services.notices.people import Manners, Reached
from services.notices.stage import NotifyStage

if TYPE_CHECKING:
    from collections.abc import Mapping

T0 = 1_772_388_000_000
MINUTE_MS = 60_000
OUT, CREW, BACK = Moment.POWER_OUT, Moment.INFORM_DISPATCHED, Moment.POWER_RESTORED
FIRST, CHANGE = Moment.INITIAL_ETR, Moment.ETR_CHANGE
STILL = Moment.STILL_OUT
ANNOUNCED, REMINDER, CHANGED = Moment.PLANNED_ANNOUNCED, Moment.PLANNED_REMINDER, Moment.PLANNED_CHANGED
CANCELLED, OVER, DANGER = Moment.PLANNED_CANCELLED, Moment.PLANNED_OVER, Moment.SAFETY
PREDICTED, PARTIAL, RESTORED = IncidentState.PREDICTED, IncidentState.PARTIALLY_RESTORED, IncidentState.RESTORED
CLOSED, MERGED, DISMISSED = IncidentState.CLOSED, IncidentState.MERGED, IncidentState.DISMISSED


DAY_AND_NIGHT = Manners(zone=ZoneInfo("UTC"), quiet_from=dt.time(0), quiet_until=dt.time(0))
"""A utility that knows no quiet hours."""
NIGHTLY = Manners(zone=ZoneInfo("UTC"), languages=("en", "zh"))
"""One that does: from ten until seven."""


def phone(number: int | str) -> str:
    """Return a number that nobody has."""
    return f"+9990000{ord(number) if isinstance(number, str) else number:04}"


def north(metres: int) -> Place:
    """Return the place so many metres north of that of all hazards."""
    return Place(lon=10.0, lat=50.0 + metres / 111_195)


def each_alone(customers: str) -> dict[str, Reached]:
    """Return customers of one letter, each with a phone of his own."""
    return {customer: Reached(phones=(phone(customer),), name=f"SP-{customer}") for customer in customers}


class Storm:
    """A script: facts collect until `decide`; what is told is read by customer and moment. Time zero is 18:00 UTC."""

    def __init__(
        self,
        reachable: str | Mapping[str, Reached] = "abcdefghij",
        manners: Manners = DAY_AND_NIGHT,
        *,
        areas: Mapping[str, str] | None = None,
        exercise: bool = False,
        behind: Mapping[str, str] | None = None,
        metres: Mapping[str, int] | None = None,
    ) -> None:
        """`behind` has the customers of devices; `metres` how far customers live from the place of all hazards."""
        reached = each_alone(reachable) if isinstance(reachable, str) else reachable
        areas = areas or {}
        here = {customer: north(distance) for customer, distance in (metres or {}).items()}
        network = SimpleNamespace(
            areas=tuple(SimpleNamespace(id=area) for area in sorted({"A1", *areas.values()})),
            area_of=lambda customer: areas.get(customer, "A1"),
            customers=tuple(
                SimpleNamespace(id=customer, active=True, lon=place.lon, lat=place.lat)
                for customer, place in sorted(here.items())
            ),
            customers_behind=lambda device: tuple((behind or {})[device]),
            switch=lambda device: (
                SimpleNamespace(area=areas.get(device, "A1")) if device in (behind or {}) else {}[device]
            ),
        )
        self.stage = NotifyStage(cast("Any", network), reached, manners)
        self.exercise = exercise
        self.wake_at: int | None = None
        self.now = T0
        self.entities: dict[str, dict[str, Entity]] = {}
        self.told: list[tuple[str, str]] = []
        self.reasons: list[tuple[str, str]] = []
        self.outcomes: list[Outcome] = []
        self._facts: list[Fact] = []
        self._revisions: Counter[str] = Counter()

    def at(self, minute: int) -> Storm:
        self.now = T0 + minute * MINUTE_MS
        return self

    def incident(
        self,
        name: str,
        state: IncidentState = PREDICTED,
        *,
        out: str = "",
        back: str = "",
        merged_into: str | None = None,
        upstream: str | None = None,
        estimate: int | None = 120,
        told_us: str = "",
        since: int = 0,
        reason: str = "test",
    ) -> Storm:
        self._revisions[name] += 1
        revision = self._revisions[name]
        return self.fact(
            IncidentChanged(
                id=derived("incidentChanged", name, revision),
                at=from_ms(self.now),
                incident=name,
                area="A1",
                revision=revision,
                state=state,
                device="D1",
                place=Place(lon=10.0, lat=50.0),
                started_at=from_ms(T0 + since * MINUTE_MS),
                reason=reason,
                customers_out=0,
                out=list(out),
                restored=list(back),
                estimate=None if estimate is None else from_ms(T0 + estimate * MINUTE_MS),
                merged_into=merged_into,
                upstream=upstream,
                told_us=list(told_us),
            )
        )

    def hazard(
        self,
        name: str,
        state: HazardState = HazardState.REPORTED,
        *,
        kind: HazardKind = HazardKind.WIRE_DOWN,
        told_us: str = "",
    ) -> Storm:
        self._revisions[name] += 1
        revision = self._revisions[name]
        return self.fact(
            HazardChanged(
                id=derived("hazardChanged", name, revision),
                at=from_ms(self.now),
                hazard=name,
                area="A1",
                revision=revision,
                state=state,
                hazard_kind=kind,
                place=north(0),
                reported_at=from_ms(self.now),
                reason="test",
                told_us=list(told_us),
            )
        )

    def work(
        self, name: str, what: type[Event], begins: int | None = None, ends: int | None = None, *, isolates: str = "D1"
    ) -> Storm:
        """Tell of planned work: an announcement or a change has its time, in minutes of the script."""
        said: dict[str, Any] = {}
        if begins is not None and ends is not None:
            said = {"starts_at": from_ms(T0 + begins * MINUTE_MS), "ends_at": from_ms(T0 + ends * MINUTE_MS)}
        self._revisions[name] += 1
        return self.fact(
            what(
                id=derived("work", name, self._revisions[name]),
                at=from_ms(self.now),
                window=name,
                isolates=isolates.split(),
                **said,
            )  # type: ignore[call-arg]
        )

    def order(self, name: str, incident: str | None, state: OrderState, *, work: OrderWork = OrderWork.REPAIR) -> Storm:
        return self.fact(
            OrderChanged(
                id=derived("order", name, state),
                at=from_ms(self.now),
                order=name,
                crew="CREW-1",
                incident=incident,
                area="A1",
                device="D1",
                place=Place(lon=10.0, lat=50.0),
                state=state,
                work=work,
                reason="test",
                arrival_estimate=from_ms(self.now + 25 * MINUTE_MS),
            )
        )

    def receipt(self, notice: str, outcome: TextOutcome) -> Storm:
        return self.fact(
            TextReceipt(
                id=derived("receipt", notice, outcome),
                at=from_ms(self.now),
                notice=notice,
                area="A1",
                outcome=outcome,
                operator_code="X",
            )
        )

    def writes(self, sender: str, words: str, name: str = "") -> Storm:
        return self.fact(
            TextReceived(
                id=derived("textReceived", sender, words, name, self.now),
                at=from_ms(self.now),
                exercise=self.exercise,
                phone=sender,
                words=words,
            )
        )

    def consent(self, sender: str, *, consents: bool, area: str = "A1") -> Storm:
        return self.fact(
            ConsentChanged(
                id=derived("consent", sender, consents, self.now, area),
                at=from_ms(self.now),
                phone=sender,
                area=area,
                consents=consents,
            )
        )

    def fact(self, event: Event) -> Storm:
        self._facts.append(Fact(self.now, event.id, event))
        return self

    def decide(self) -> Storm:
        turn = Turn(shard="A1", now=self.now, facts=self._facts, entities=self.entities, exercise=self.exercise)
        self.stage.decide(turn)
        self._facts = []
        apply(self.entities, turn.outcome)
        self.outcomes.append(turn.outcome)
        self.wake_at = turn.outcome.wake_at
        self.told = [(c, r.moment) for r in self.notices() for c in r.customers]
        self.reasons = [(entry.to, entry.reason) for entry in turn.outcome.journal]
        return self

    def notices(self) -> list[NoticeDecided]:
        """Return the notices of the last turn."""
        return [record for record in self.outcomes[-1].records if isinstance(record, NoticeDecided)]

    def words(self) -> list[str]:
        """Return the words of the last turn's texts."""
        return [text_of(effect).words for effect in self.outcomes[-1].effects]

    def taken(self) -> list[tuple[str, str, bool]]:
        """Return state, reason and whether it is answered, of each text that the last turn read."""
        return [(r.state, r.reason, bool(r.answer)) for r in self.outcomes[-1].records if isinstance(r, InboundTaken)]

    def expect(self, *told: tuple[str, Moment]) -> Storm:
        expected = [(customer, moment) for customers, moment in told for customer in customers]
        assert sorted(self.told) == sorted(expected)
        return self

    def left(self) -> list[str]:
        """Return the kinds of what is known still, beside what is only remembered for a while."""
        return sorted(
            kind for kind, found in self.entities.items() if found and kind not in {"counted", "sweep", "returned"}
        )

    def told_by(self) -> list[tuple[str, str, str]]:
        """Return customer, moment and channel of what the last turn told."""
        return sorted((c, r.moment, r.channel) for r in self.notices() for c in r.customers)

    def key(self, customer: str, moment: Moment) -> str:
        return next(
            record.key
            for outcome in self.outcomes
            for record in outcome.records
            if isinstance(record, NoticeDecided) and customer in record.customers and record.moment is moment
        )


def text_of(effect: Any) -> TextBody:
    """Return what an effect has a gateway send."""
    assert isinstance(effect.body, TextBody)
    return effect.body
