"""What a hotline call says, in the contact's language. Times are those of the utility's zone."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from services.clock import from_ms

if TYPE_CHECKING:
    from services.hotline.entities import Escalation


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The sentences of a language. `time` and `day` are forms of a time of today and of another day."""

    time: str
    day: str
    exercise: str
    out: str
    planned: str
    reported: str
    expected: str
    changed: str
    withdrawn: str
    overdue: str
    acknowledge: str


LANGUAGES: dict[str, Words] = {
    "en": Words(
        time="{0:%H:%M}",
        day="{0:%H:%M} on {0.day} {0:%B}",
        exercise="This is an exercise. ",
        out="The power supply of your installation {customer} has been out since {time}.",
        planned=" This is the planned work that was announced.",
        reported=" It was reported to us and we are finding out why.",
        expected=" We expect it back at {time}.",
        changed=" The estimate has changed: we now expect it back at {time}.",
        withdrawn=" We cannot say any more when it will be back.",
        overdue=" It is taking longer than we expected.",
        acknowledge=" Please acknowledge this call.",
    ),
    "zh": Words(
        time="{0:%H:%M}",
        day="{0.month}月{0.day}日{0:%H:%M}",
        exercise="这是演习。",
        out="您的用电点{customer}自{time}起停电。",
        planned="这是已公告的计划检修。",
        reported="我们已收到报告，正在查找原因。",  # noqa: RUF001 (the comma of the language)
        expected="预计{time}恢复供电。",
        changed="预计时间有变，现预计{time}恢复供电。",  # noqa: RUF001 (as above)
        withdrawn="目前无法预计恢复时间。",
        overdue="恢复供电所需时间比预计的长。",
        acknowledge="请确认收到本次来电。",
    ),
}
"""The languages in which a call can be spoken; another one is spoken in English."""


def spoken(escalation: Escalation, language: str, *, now: int, zone: dt.tzinfo, exercise: bool) -> str:
    """Return the words of a call about this outage, placed now."""
    words = LANGUAGES.get(language, LANGUAGES["en"])

    def time(ms: int) -> str:
        local = from_ms(ms).astimezone(zone)
        today = from_ms(now).astimezone(zone).date()
        return (words.time if local.date() == today else words.day).format(local)

    said = words.exercise if exercise else ""
    said += words.out.format(customer=escalation.customer, time=time(escalation.out_since))
    if escalation.window is not None:
        said += words.planned
    elif escalation.alone:
        said += words.reported
    estimate = escalation.estimate
    if estimate is None:
        said += words.withdrawn if escalation.told is not None else ""
    elif estimate <= now:
        said += words.overdue
    else:
        fresh = escalation.told is None or escalation.told == estimate
        said += (words.expected if fresh else words.changed).format(time=time(estimate))
    return said + words.acknowledge
