"""The rules that a region dispatches by, as a fact: what the installation's settings say, and what a dispatcher says of its mode.

They are kept in the state of the stage, so that a replay decides by the rules of then. A worker says them when it starts; what
has not changed is not said again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec.structs import replace

from schemas.events import DispatchMode, ModeSet
from services.dispatch.reasons import Reason
from services.engine.turn import Entity

if TYPE_CHECKING:
    from services.engine.turn import Turn

Asked = tuple[tuple[str, tuple[str, ...]], ...]
"""What is asked for by the class of the device that failed."""

_SECOND_MS, _MINUTE_MS, _HOUR_MS = 1_000, 60_000, 3_600_000


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What a region dispatches by. Units are in the names; the defaults are those of the settings.

    `certificates` and `kit` are asked for by the class of the device that failed. `two_crews` and `clearance_for` are device
    classes too: work on these needs two crews, or a clearance. `fewest_on_line` is how many people a crew must have to be
    sent to line work alone. Weights say how many other customers one of a tier counts as.
    """

    mode: DispatchMode = DispatchMode.PLAN
    answer_within_s: int = 300
    call_again_s: int = 150
    most_on_duty_h: int = 16
    rest_h: int = 8
    fewest_on_line: int = 2
    certificates: Asked = tuple((kind, ("HV-switching",)) for kind in ("breaker", "recloser", "switch"))
    kit: Asked = (("fuse", ("bucket-truck",)),)
    two_crews: tuple[str, ...] = ()
    clearance_for: tuple[str, ...] = ()
    reserve_for_hazards: bool = True
    hazards_expected_min: int = 45
    divert_gain_min: int = 5
    fairness_per_mille: int = 50
    weight_life_support: int = 200
    weight_important: int = 20
    weight_large: int = 20

    def certificates_for(self, device_class: str) -> tuple[str, ...]:
        """Return the certificates that work on a device of a class asks for."""
        return next((asked for kind, asked in self.certificates if kind == device_class), ())

    def kit_for(self, device_class: str) -> tuple[str, ...]:
        """Return the kit that work on a device of a class asks for."""
        return next((asked for kind, asked in self.kit if kind == device_class), ())

    @property
    def answer_within_ms(self) -> int:
        """Return how long a crew has to answer an order."""
        return self.answer_within_s * _SECOND_MS

    @property
    def call_again_ms(self) -> int | None:
        """Return how long after an order that is not answered it is sent again; None: it is not."""
        return self.call_again_s * _SECOND_MS if 0 < self.call_again_s < self.answer_within_s else None

    @property
    def most_on_duty_ms(self) -> int:
        """Return how long a crew may be on duty without rest."""
        return self.most_on_duty_h * _HOUR_MS

    @property
    def rest_ms(self) -> int:
        """Return the rest that ends a stretch of duty."""
        return self.rest_h * _HOUR_MS

    @property
    def sign_on_holds_ms(self) -> int:
        """Return the age at which a sign-on has lost its sign-off: nobody was on duty that long."""
        return self.most_on_duty_ms + self.rest_ms

    @property
    def hazards_expected_ms(self) -> int:
        """Return how long after the last word of an outage or a danger more dangers are expected."""
        return self.hazards_expected_min * _MINUTE_MS

    @property
    def divert_gain_ms(self) -> int:
        """Return what a crew under way must win by being sent elsewhere."""
        return self.divert_gain_min * _MINUTE_MS


DEFAULTS = Rules()
"""What holds where nothing was said."""


class DispatchRulesSet(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="dispatch.rulesSet.v1"):
    """A fact: what a region dispatches by from now on, as the installation's settings say."""

    rules: Rules


class RulesSaid(Entity, frozen=True, kw_only=True):
    """What was said last of a region's rules; `id` is the region.

    `mode` is what a dispatcher chose, which goes before that of the settings until he takes it back; `mode_by` is that fact.
    """

    kind: ClassVar[str] = "rules"

    rules: Rules = DEFAULTS
    mode: DispatchMode | None = None
    mode_by: str | None = None


def rules_of(turn: Turn) -> Rules:
    """Return what the region of this turn dispatches by now."""
    return standing_rules(turn.get(RulesSaid, turn.shard))


def standing_rules(said: RulesSaid | None) -> Rules:
    """Return what holds after this was said; None: nothing was."""
    if said is None:
        return DEFAULTS
    return said.rules if said.mode is None else replace(said.rules, mode=said.mode)


def set_rules(turn: Turn) -> None:
    """Take what this turn's facts say of the rules: it holds for the whole turn, and the last word stands."""
    for fact in turn.facts:
        said = turn.get(RulesSaid, turn.shard) or RulesSaid(id=turn.shard)
        if isinstance(fact.what, DispatchRulesSet):
            told = replace(said, rules=fact.what.rules)
            turn.put(told)
            turn.note(told, standing_rules(told).mode, Reason.RULES_SET, [fact.id])
        elif isinstance(fact.what, ModeSet):
            _set_mode(turn, said, fact.id, fact.what.mode)


def _set_mode(turn: Turn, said: RulesSaid, fact_id: str, mode: DispatchMode | None) -> None:
    if mode is said.mode:
        turn.note(said, standing_rules(said).mode, Reason.NOTHING_TO_CHANGE, [fact_id])
        return
    chosen = replace(said, mode=mode, mode_by=None if mode is None else fact_id)
    turn.put(chosen)
    reason = Reason.DISPATCHER_LEFT_MODE if mode is None else Reason.DISPATCHER_SET_MODE
    turn.note(chosen, standing_rules(chosen).mode, reason, [fact_id])
