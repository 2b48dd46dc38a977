"""Who is signed in, and what the person may do. Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Role(enum.StrEnum):
    """What a person is to the installation. A crew's phone is signed in as `crew`, for one crew."""

    VIEWER = "viewer"
    DISPATCHER = "dispatcher"
    OPERATIONS = "operations"
    ADMINISTRATOR = "administrator"
    CREW = "crew"


class Right(enum.StrEnum):
    """What may be done. `personal`: names and telephone numbers are shown in full; without it they are masked."""

    LOOK = "look"
    ACT = "act"
    PERSONAL = "personal"
    FIGURES = "figures"
    EXPORT = "export"
    REQUEUE = "requeue"
    ADMINISTER = "administer"
    CREW = "crew"
    DRILL = "drill"


RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.LOOK, Right.FIGURES}),
    Role.DISPATCHER: frozenset(
        {Right.LOOK, Right.FIGURES, Right.ACT, Right.PERSONAL, Right.EXPORT, Right.REQUEUE, Right.DRILL}
    ),
    Role.OPERATIONS: frozenset({Right.LOOK, Right.FIGURES, Right.EXPORT, Right.REQUEUE}),
    Role.ADMINISTRATOR: frozenset(set(Right) - {Right.CREW}),
    Role.CREW: frozenset({Right.CREW}),
}
"""What each role may do. `drill` counts in an exercise only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A person with an open session: user id and name, role, the session's id, and the crew of a crew's phone.

    Who must change the password may do nothing else before.
    """

    user: str
    name: str
    role: Role
    session: str
    crew: str | None = None
    must_change_password: bool = False

    def may(self, right: Right) -> bool:
        """Answers whether the person's role allows this."""
        return right in RIGHTS[self.role]
