"""A text that came in, what is made of it, and what was said to its phone before."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from services.engine.turn import Entity

if TYPE_CHECKING:
    from schemas.events import TextReceived
    from services.engine.turn import Fact
    from services.notices.choosing import About
    from services.notices.moments import InboundState
    from services.notices.reasons import Reason
    from services.notices.wording import Wording


class Conversation(Entity, frozen=True, kw_only=True, omit_defaults=True):
    """What was said to a phone: times of the answers of the last hour (ms), and the premises between which it may choose.

    `about` is what a number is wanted for, `next` the place of the first premise that was not offered yet (0: all were).
    """

    kind: ClassVar[str] = "conversation"
    answers: tuple[int, ...] = ()
    choice: tuple[str, ...] = ()
    choice_until: int = 0
    about: str = "out"
    next: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Received:
    """A text, the handle of its phone, the premises that this stands for, and in which words to answer."""

    fact: Fact
    text: TextReceived
    handle: str
    premises: tuple[str, ...]
    wording: Wording


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """What became of a text and why, the words of the answer (empty: none), and the premises between which a number chooses now.

    `lifetime_ms` is how long the answer is worth sending, None: as long as any answer.
    """

    state: InboundState
    reason: Reason
    words: str
    choice: tuple[str, ...] = ()
    about: About = "out"
    next: int = 0
    lifetime_ms: int | None = None
