"""A whole drill without Kafka and without waiting: all stages, the world and an operator, in lockstep in memory.

What is decided, and in which order, is as in an installation: a fact taken at a tick is decided at the next one, ticks share
an instant as long as anything is open, then the clock moves to the next whole ten seconds at which something is due.
"""

from __future__ import annotations

import dataclasses
import heapq
from typing import TYPE_CHECKING, Any

import msgspec

from schemas.codec import Unreadable, decode
from schemas.events import CallAnswered, Event, HotlineReported, TextOutcome, TextReceipt, TextReceived
from schemas.ids import derived
from schemas.topics import (
    HOTLINE_ANSWERS,
    HOTLINE_REPORTS,
    NOTICE_RECEIPTS,
    OUTAGE_REPORTS,
    TOPICS,
    Topic,
)
from services.clock import from_ms, to_ms
from services.dispatch import store as dispatch
from services.dispatch.stage import DispatchStage
from services.drill.asking import Asked, By, asks_power
from services.drill.faults import Appeared, MadeSafe, Mended, OptedOut, PowerBack, PowerLost
from services.drill.messages import Said, Texted
from services.drill.operator_fate import ANSWER_AFTER_MS, BUSY_MS, Fate, acknowledges, fate_of, receipt_delay_ms
from services.drill.prepare import recall
from services.drill.stage import WorldStage
from services.drill.truth_store import SAYS_RESTORED, SUSTAINED_MS
from services.engine.deciding import Entities, apply
from services.engine.turn import EffectDraft, Fact, Outcome, Stage, Turn, Unplaced
from services.hotline import store as hotline
from services.hotline.entities import CallBody
from services.hotline.stage import EscalateStage
from services.notices import store as notices
from services.notices.moments import NoticeDecided, TextBody
from services.notices.stage import NotifyStage
from services.outages.entities import Hypothesis, Incident
from services.outages.questions import AskingSet, Mode, PingBody, QuestionRow
from services.outages.records import HazardRow, IncidentRow, LedgerRow
from services.outages.report import LocatedHazard, LocatedReport
from services.outages.stage import CorrelateStage
from services.reports.locating import locate, names_anything
from services.reports.states import ReportState
from services.reports.store import read_premises
from streams.rules import askable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.drill.plans import Scenario
    from services.engine.taking import Connection
    from services.network import Network
    from services.reports.premises import Premises

QUANTUM_MS = 10_000
LOW = AskingSet(mode=Mode.LOW, pings_per_minute=6, texts_per_hour=12)
ROUNDS_AN_INSTANT = 200


@dataclasses.dataclass(slots=True)
class Shard:
    """One shard of a stage: its state, what it has heard, when it wants to be woken."""

    stage: Stage
    name: str
    entities: Entities
    heard: list[Fact] = dataclasses.field(default_factory=list)
    taken: set[str] = dataclasses.field(default_factory=set)
    wake_at: int | None = None


@dataclasses.dataclass(slots=True)
class Happened:
    """What truly happened, and what the product did about it; times in milliseconds."""

    outages: dict[tuple[str, int], int | None] = dataclasses.field(default_factory=dict)
    mended: dict[str, int] = dataclasses.field(default_factory=dict)
    safe: dict[str, int | None] = dataclasses.field(default_factory=dict)
    stopped: dict[str, int] = dataclasses.field(default_factory=dict)
    ledger: dict[str, LedgerRow] = dataclasses.field(default_factory=dict)
    incidents: dict[str, IncidentRow] = dataclasses.field(default_factory=dict)
    hazards: dict[str, HazardRow] = dataclasses.field(default_factory=dict)
    questions: dict[str, QuestionRow] = dataclasses.field(default_factory=dict)
    believed: dict[str, list[tuple[int, tuple[Hypothesis, ...]]]] = dataclasses.field(default_factory=dict)
    notices: dict[str, NoticeDecided] = dataclasses.field(default_factory=dict)
    texts: list[tuple[int, str, str, str]] = dataclasses.field(default_factory=list)
    calls: list[tuple[int, str, str, bool]] = dataclasses.field(default_factory=list)
    reports: dict[str, str] = dataclasses.field(default_factory=dict)
    unplaced: list[str] = dataclasses.field(default_factory=list)
    journal: list[tuple[int, str, str, str, str, str]] = dataclasses.field(default_factory=list)
    ticks: int = 0


class ClosedLoop:
    """All stages of a drill that was prepared in a database; `play` lets it end."""

    def __init__(
        self,
        network: Network,
        scenario: Scenario,
        seed: int,
        stages: list[Stage],
        premises: Premises,
        asking: AskingSet,
    ) -> None:
        self.network = network
        self.scenario = scenario
        self.seen = Happened()
        self.now = scenario.starts_at
        self._seed = seed
        self._premises = premises
        self._shards = {
            (stage.name, shard): Shard(stage, shard, {kind.kind: {} for kind in stage.entities})
            for stage in stages
            for shard in stage.shards()
        }
        self._shards["world", "world"].wake_at = scenario.starts_at
        for (name, area), shard in self._shards.items():
            if name == "correlate":
                shard.heard.append(Fact(scenario.starts_at, f"asking:{area}", asking))
        self._stages = {stage.name: stage for stage in stages}
        self._schedule: list[tuple[int, str, Topic, Event]] = []
        self._effects: dict[str, EffectDraft] = {}
        self._ids: set[str] = set()

    @classmethod
    async def of(
        cls, connection: Connection, network: Network, asking: AskingSet = LOW, *, dark: bool = False
    ) -> ClosedLoop:
        """Return the drill that this database plays. `dark`: no meter gasps, so that all is known from people alone."""
        scenario, seed = await recall(connection, network)
        if dark:
            faults = tuple(dataclasses.replace(fault, dark=True) for fault in scenario.faults)
            scenario = dataclasses.replace(scenario, faults=faults)
        stages: list[Stage] = [
            CorrelateStage(network, await hotline.accounts_by_customer(connection), await askable(connection)),
            DispatchStage(await dispatch.read_roster(connection)),
            EscalateStage(*await hotline.read_accounts(connection)),
            NotifyStage(network, await notices.read_people(connection), await notices.read_manners(connection)),
            WorldStage(network, scenario, seed),
        ]
        return cls(network, scenario, seed, stages, await read_premises(connection), asking)

    def play(self, until: int) -> Happened:
        """Let the drill end. Raises `AssertionError` when an instant never ends, or when it lasts past `until`."""
        while (due := self._next()) is not None:
            self.now = max(self.now, -(-due // QUANTUM_MS) * QUANTUM_MS)
            assert self.now <= until, f"not over at {from_ms(self.now)}"
            rounds = 0
            while self._deliver() | self._round():
                rounds += 1
                assert rounds < ROUNDS_AN_INSTANT, f"{from_ms(self.now)} never ends"
        return self.seen

    def _next(self) -> int | None:
        due = [shard.wake_at for shard in self._shards.values() if shard.wake_at is not None]
        due += [effect.due_at for effect in self._effects.values()]
        due += [self._schedule[0][0]] if self._schedule else []
        return min(due, default=None)

    def _deliver(self) -> bool:
        """Let the messages that are due be taken."""
        any_due = False
        while self._schedule and self._schedule[0][0] <= self.now:
            _, _, topic, event = heapq.heappop(self._schedule)
            self._take(topic, event)
            any_due = True
        return any_due

    def _round(self) -> bool:
        """Decide one tick: everything that was heard before it, all wake-ups and effects that are due."""
        effects = [self._effects.pop(key) for key in sorted(self._effects) if self._effects[key].due_at <= self.now]
        turns = []
        for key, shard in sorted(self._shards.items()):
            if shard.heard or (shard.wake_at is not None and shard.wake_at <= self.now):
                turns.append((key, shard, shard.heard))
                shard.heard = []
        if not turns and not effects:
            return False
        self.seen.ticks += 1
        outcomes = [(name, self._decide(shard, heard)) for (name, _), shard, heard in turns]
        for name, outcome in outcomes:
            self._publish(name, outcome)
        for effect in effects:
            self._do(effect)
        return True

    def _decide(self, shard: Shard, heard: list[Fact]) -> Outcome:
        turn = Turn(shard=shard.name, now=self.now, facts=heard, entities=shard.entities, exercise=True)
        shard.stage.decide(turn)
        shard.wake_at = turn.outcome.wake_at
        apply(shard.entities, turn.outcome)
        return turn.outcome

    def _publish(self, name: str, outcome: Outcome) -> None:
        for key in outcome.recalled:
            if key in self._effects and self._effects[key].due_at != self.now:
                del self._effects[key]
        self._once(entry.id for entry in outcome.journal)
        self._once(effect.key for effect in outcome.effects)
        self._once(emission.event.id for emission in outcome.events)
        self._effects |= {effect.key: effect for effect in outcome.effects}
        for record in outcome.records:
            self._record(record)
        for entity in outcome.entities.values():
            if isinstance(entity, Incident):
                self.seen.believed.setdefault(entity.id, []).append((self.now, entity.hypotheses))
        for entry in outcome.journal:
            self.seen.journal.append((self.now, name, entry.subject_kind, entry.subject, entry.to, str(entry.reason)))
        for emission in outcome.events:
            self._take(emission.topic, emission.event)

    def _once(self, ids: Iterable[str]) -> None:
        """Assert what the tables demand: nothing is noted, done or published twice."""
        for each in ids:
            assert each not in self._ids, f"{each} comes twice at {from_ms(self.now)}"
            self._ids.add(each)

    def _take(self, topic: Topic, event: Event) -> None:
        if topic in {OUTAGE_REPORTS, HOTLINE_REPORTS}:
            self._locate(event)
        for name in topic.consumers:
            if name == "intake":
                continue
            try:
                shard = self._shards[name, self._stages[name].shard_of(event)]
            except Unplaced as refused:
                self.seen.unplaced.append(f"{name}: {refused}")
                continue
            if event.id not in shard.taken:
                shard.taken.add(event.id)
                shard.heard.append(Fact(to_ms(event.at), event.id, event))

    def _locate(self, event: Any) -> None:
        if event.id in self.seen.reports or not names_anything(event):
            return
        where = locate(event, self.network, self.now, self._premises)
        self.seen.reports[event.id] = where.state
        if where.state not in {ReportState.LOCATED, ReportState.AMBIGUOUS}:
            return
        report: LocatedReport | LocatedHazard
        if where.place is not None:
            report = LocatedHazard(
                id=event.id,
                hazard=event.hazard,
                at=where.at,
                place=where.place,
                device=where.device,
                customer=where.customer,
            )
        else:
            report = LocatedReport(
                id=event.id, kind=event.kind, at=where.at, device=where.device or "", customer=where.customer,
                candidates=where.candidates, priority=isinstance(event, HotlineReported),
            )  # fmt: skip
        shard = self._shards["correlate", str(where.area)]
        shard.heard.append(Fact(where.at, event.id, report))

    def _record(self, record: Any) -> None:
        seen = self.seen
        match record:
            case Said():
                self._say(record)
            case PowerLost():
                seen.outages |= {(customer, record.at): None for customer in record.customers}
            case PowerBack():
                back = set(record.customers)
                over = [key for key, until in seen.outages.items() if until is None and key[0] in back]
                seen.outages |= dict.fromkeys(over, record.at)
            case OptedOut():
                seen.stopped.setdefault(record.phone, record.at)
            case Mended():
                seen.mended[record.fault] = record.at
            case Appeared() | MadeSafe():
                seen.safe[record.hazard] = record.at if isinstance(record, MadeSafe) else None
            case _:
                self._record_of_product(record)

    def _record_of_product(self, record: Any) -> None:
        match record:
            case LedgerRow():
                self.seen.ledger[record.id] = record
            case IncidentRow():
                self.seen.incidents[record.incident.id] = record
            case HazardRow():
                self.seen.hazards[record.hazard.id] = record
            case NoticeDecided():
                self.seen.notices[record.key] = record
            case QuestionRow():
                self.seen.questions[record.key] = record

    def _say(self, said: Said) -> None:
        event: Event
        if said.channel == "smpp":
            text = msgspec.json.decode(said.body, type=Texted)
            event = TextReceived(
                id=said.id,
                at=from_ms(said.at),
                exercise=True,
                phone=text.phone,
                words=text.words,
                nonce=derived("nonce", said.id),
            )
        else:
            try:
                event = decode(said.body, TOPICS[said.topic])
            except Unreadable:
                return
        heapq.heappush(self._schedule, (said.at, said.id, TOPICS[said.topic], event))

    def _do(self, effect: EffectDraft) -> None:
        if effect.expires_at is not None and effect.expires_at <= self.now:
            return
        body = effect.body
        if isinstance(body, CallBody):
            number = 1 + sum(outage == body.outage for _, _, outage, _ in self.seen.calls)
            acknowledged = acknowledges(self._seed, body.outage, body.contact, number)
            self.seen.calls.append((self.now, body.account, body.outage, acknowledged))
            answer = CallAnswered(
                id=derived("callAnswered", effect.key), at=from_ms(self.now + ANSWER_AFTER_MS), exercise=True,
                call=effect.key, account=body.account, outage=body.outage, acknowledged=acknowledged, contact=body.contact,
            )  # fmt: skip
            heapq.heappush(self._schedule, (self.now + ANSWER_AFTER_MS, answer.id, HOTLINE_ANSWERS, answer))
        elif isinstance(body, PingBody):
            self._ask_world(effect.key, Asked(customer=body.customer, by=By.METER))
        elif isinstance(body, TextBody) and body.customer and not (body.contact or body.linked):
            self._text(effect, body)

    def _ask_world(self, question: str, asked: Asked) -> None:
        self._shards["world", "world"].heard.append(Fact(self.now, question, asked))

    def _text(self, effect: EffectDraft, body: TextBody) -> None:
        phone = self.scenario.cast.phones[body.customer]
        fate = fate_of(phone)
        if fate is Fate.THROTTLED and effect.due_at + BUSY_MS > self.now:
            self._effects[effect.key] = dataclasses.replace(effect, due_at=self.now + BUSY_MS)
            return
        if fate in {Fate.REFUSED, Fate.OWN_CODE}:
            return
        self.seen.texts.append((self.now, effect.key, phone, body.words))
        if asks_power(body.words) and fate.outcome is TextOutcome.DELIVERED:
            self._ask_world(effect.key, Asked(customer=body.customer, by=By.TEXT))
        at = self.now + receipt_delay_ms(self._seed, effect.key)
        receipt = TextReceipt(
            id=derived("receipt", effect.key), at=from_ms(at), exercise=True, notice=effect.key,
            area=str(self.network.area_of(body.customer)), outcome=fate.outcome,
        )  # fmt: skip
        heapq.heappush(self._schedule, (at, receipt.id, NOTICE_RECEIPTS, receipt))


def figures(loop: ClosedLoop) -> dict[str, int]:
    """Return what the truth of a drill says, as services/drill/truth_store.py reckons it."""
    seen, now = loop.seen, loop.now
    ledger = [row for row in seen.ledger.values() if not row.voided]
    spans: dict[str, list[tuple[int, int]]] = {}
    for row in ledger:
        spans.setdefault(row.customer, []).append((row.start, now if row.end is None else row.end))
    true: dict[str, list[tuple[int, int]]] = {}
    for (customer, since), until in seen.outages.items():
        true.setdefault(customer, []).append((since, now if until is None else until))
    wrongly = [
        key
        for at, key, _, words in seen.texts
        if any(says in words.lower() for says in SAYS_RESTORED) and key in seen.notices
        for customer in seen.notices[key].customers
        if any(since < at < until and until - since > SUSTAINED_MS for since, until in true.get(customer, []))
    ]
    return {
        "faults": len(loop.scenario.faults),
        "repaired": len(seen.mended),
        "true_s": sum(until - since for each in true.values() for since, until in each) // 1000,
        "ledger_s": sum(until - since for each in spans.values() for since, until in each) // 1000,
        "never_in_ledger": sum(
            until - since > SUSTAINED_MS and not any(a < until and since < b for a, b in spans.get(customer, []))
            for customer, each in true.items()
            for since, until in each
        ),
        "told_restored_while_out": len(set(wrongly)),
        "hazards": len(seen.safe),
        "made_safe": sum(at is not None for at in seen.safe.values()),
        "hazards_left": sum(row.ended_at is None for row in seen.hazards.values()),
        "texts": len(seen.texts),
        "calls": len(seen.calls),
        "incidents_left": sum(
            row.incident.state not in {"restored", "closed", "merged", "dismissed"} for row in seen.incidents.values()
        ),
        "texts_after_stop": sum(
            key in seen.notices and phone in seen.stopped and at > seen.stopped[phone] + 60_000
            for at, key, phone, _ in seen.texts
        ),
    }
