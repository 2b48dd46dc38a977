"""Sending: a notice that was decided on becomes an effect and a row, under a key that nothing else has."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from schemas.ids import derived
from services.notices import caps
from services.notices.gsm import segments
from services.notices.languages import wording_in
from services.notices.linking import premises_of
from services.notices.moments import (
    EFFECT_OF,
    KIND_OF,
    LIFETIME_MS,
    Channel,
    Kind,
    Moment,
    NoticeDecided,
    TextBody,
    priority_of,
)
from services.notices.speaking import spoken
from services.notices.wording import Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from services.engine.turn import Turn
    from services.notices.people import Manners, People, Way
    from services.notices.wording import Wording


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is told, by which way, to whom: premises of one phone or address, sorted.

    `of` is what it tells of and `revision` which one of it; `says` are the words in a language; `causes` what brought it up. Times
    are milliseconds; it expires after the lifetime of its moment, or at `until` if that is sooner. `first`: it is one of the first
    of its outage that are sent now.
    """

    moment: Moment
    of: str
    revision: int
    way: Way
    customers: tuple[str, ...]
    says: Callable[[Wording, Where], str]
    causes: Iterable[str]
    estimate: int | None = None
    until: int | None = None
    first: bool = False


def wait_of(cause: str) -> bool:
    """Answers whether a cause is the end of a wait, and no fact."""
    return cause.startswith("waited:")


def send(turn: Turn, people: People, manners: Manners, notice: Notice, reason: str) -> str:
    """Decide on a notice and return its key: what is told of the same, in the same revision, to the same is told once."""
    way, moment = notice.way, notice.moment
    causes = sorted(set(notice.causes))
    key = derived(
        "notice", notice.of, way.channel, way.handle, moment, notice.revision, "to", *notice.customers, "for", *causes
    )
    wording = wording_in(spoken(turn, way.handle), way.language, *manners.languages)
    names = tuple(map(people.name, notice.customers))
    where = Where(names, max(len(names), len(premises_of(turn, people, way.handle))))
    words = (wording.exercise if turn.exercise else "") + notice.says(wording, where)
    expires_at = min(turn.now + LIFETIME_MS[moment], max(notice.until or 2**62, turn.now + 1))
    body = TextBody(
        customer=notice.customers[0],
        moment=moment,
        words=words,
        contact=way.contact,
        linked=way.linked,
        subject=wording.subject(KIND_OF[moment]) if way.channel is Channel.EMAIL else "",
        safety=moment is Moment.SAFETY,
    )
    turn.effect(
        key, EFFECT_OF[way.channel], body, expires_at=expires_at, priority=priority_of(moment, first=notice.first)
    )
    turn.record(
        NoticeDecided(
            key=key,
            handle=way.handle,
            incident=notice.of,
            customers=notice.customers,
            moment=moment,
            estimate=notice.estimate,
            expires_at=expires_at,
            channel=way.channel,
            contact=way.contact,
            segments=segments(words) if way.channel is Channel.TEXT else 0,
            revision=notice.revision,
        )
    )
    turn.note(("notice", key), "due", reason, [cause for cause in causes if not wait_of(cause)])
    if way.channel is Channel.TEXT and KIND_OF[moment] not in {Kind.SAFETY, Kind.BROADCAST}:
        caps.count(turn, way.handle, manners)
    return key
