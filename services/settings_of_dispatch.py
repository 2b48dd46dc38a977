"""The settings of dispatch: what crews are sent by. They become a fact of each region when a worker starts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

Mode = Literal["nearest-depot", "plan", "advise"]
_BY_CLASS = "by the class of the device that failed"


class DispatchSettings(BaseSettings):
    """What a person may choose about sending crews."""

    dispatch_mode: Mode = Field(
        default="plan",
        description=(
            "How crews are sent: `plan` by a plan that brings most customers back soonest, `nearest-depot` from the nearest depot, "
            "`advise` not before a dispatcher accepts. As all settings of dispatch it holds from the next start on."
        ),
    )
    dispatch_modes: dict[str, Mode] = Field(
        default={},
        description='Regions that have another mode than `LAMPLIGHTER_DISPATCH_MODE`: `{"REGION": "advise"}`.',
    )
    dispatch_answer_within_s: int = Field(
        default=300,
        ge=30,
        le=3_600,
        description="Seconds that a crew has to answer an order; then the next crew is sent, and this one counts as unreachable.",
    )
    dispatch_call_again_s: int = Field(
        default=150,
        ge=0,
        le=3_600,
        description=(
            "Seconds without an answer after which an order is sent to its crew again, once. 0, or no less than a crew has to "
            "answer: it is not sent again."
        ),
    )
    dispatch_most_on_duty_h: int = Field(
        default=16,
        ge=1,
        le=48,
        description="Hours that a crew may be on duty without rest; a dispatcher may extend those of a crew.",
    )
    dispatch_rest_h: int = Field(
        default=8, ge=1, le=48, description="Hours of rest that end a stretch of duty; less between two makes them one."
    )
    dispatch_fewest_on_line: int = Field(
        default=2,
        ge=1,
        le=9,
        description=(
            "People that a crew must have to be sent to work on the line; a crew with fewer may make safe, work on low voltage and "
            "at premises, or help another crew. 1: one who works alone may do everything."
        ),
    )
    dispatch_certificates: dict[str, tuple[str, ...]] = Field(
        default={"breaker": ("HV-switching",), "recloser": ("HV-switching",), "switch": ("HV-switching",)},
        description=f"Certificates that a crew must have, {_BY_CLASS}. One that no crew of the region has is not asked for.",
    )
    dispatch_kit: dict[str, tuple[str, ...]] = Field(
        default={"fuse": ("bucket-truck",)},
        description=f"Kit that must be on the truck, {_BY_CLASS}. What no crew of the region has is not asked for.",
    )
    dispatch_two_crews: tuple[str, ...] = Field(
        default=(),
        description="Classes of devices whose repair needs two crews: the second one is sent as help at once.",
    )
    dispatch_clearance_for: tuple[str, ...] = Field(
        default=(),
        description=(
            "Classes of devices at which nobody works without a clearance from the dispatcher, and which are not switched on "
            "before it is given back: those whose section can be fed from two sides, or by remote control."
        ),
    )
    dispatch_reserve_for_hazards: bool = Field(
        default=True,
        description="Whether one service crew of each depot is kept for dangers while more of them can be expected.",
    )
    dispatch_hazards_expected_min: int = Field(
        default=45,
        ge=0,
        le=1_440,
        description="Minutes after the last word of a new outage or danger for which more dangers are expected.",
    )
    dispatch_divert_gain_min: int = Field(
        default=5,
        ge=0,
        le=240,
        description=(
            "What the plan must gain by turning a crew under way to other work, so that orders do not flutter: as much as if 250 "
            "customers had power so many minutes sooner."
        ),
    )
    dispatch_fairness_per_mille: int = Field(
        default=50,
        ge=0,
        le=1_000,
        description=(
            "How much more, in thousandths, those customers weigh who were out longest in the last year; others who were out "
            "longer than the mean do in proportion. 0: nobody does."
        ),
    )
    dispatch_weight_life_support: int = Field(
        default=200, ge=1, le=10_000, description="How many customers one counts as who depends on power to live."
    )
    dispatch_weight_important: int = Field(
        default=20, ge=1, le=10_000, description="How many customers an important one (a hospital, water) counts as."
    )
    dispatch_weight_large: int = Field(
        default=20, ge=1, le=10_000, description="How many customers a large one counts as."
    )
