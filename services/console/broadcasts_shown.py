"""Who would get a broadcast, reckoned before anything is sent, and the broadcasts there were."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from schemas.events.base import PRINTABLE, Id, Note
from services.access.http import ApiError
from services.console.asking import STATE
from services.console.ground import Ground
from services.engine.taking import Connection
from services.notices import store as notices
from services.notices import store_broadcasts
from services.notices.broadcasting import ASKED_FOR_MS, Audience, audience
from services.notices.store_broadcasts import Broadcast
from services.outages import showing_incident as outages

BROADCASTING: Final = "broadcasting"
"""In `STATE`: `Rules`."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """From how many phones on a broadcast takes a second person, and what a segment costs, in which currency."""

    second_from: int = 50
    text_cost: float = 0.0
    currency: str = ""


def rules_of(request: web.Request) -> Rules:
    """Return the rules of this installation."""
    found = request.config_dict[STATE].get(BROADCASTING)
    return found if isinstance(found, Rules) else Rules()


Language = Annotated[str, Meta(min_length=2, max_length=8, pattern=r"\A[a-z]{2,3}\Z")]
PersonsWords = Annotated[str, Meta(min_length=1, max_length=1_000, pattern=PRINTABLE)]


class AudienceAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a broadcast is for: exactly one of an incident's customers who are out now, a supply area, a feeder, what is behind a
    device, or all; of them those who read one of `languages` (empty: everybody). `words` by language.
    """

    words: Mapping[Language, PersonsWords]
    incident: Id | None = None
    area: Id | None = None
    feeder: Id | None = None
    device: Id | None = None
    all: bool = False
    languages: Annotated[list[Language], Meta(max_length=20)] = msgspec.field(default_factory=list)


class BroadcastAsked(AudienceAsked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A broadcast, and why. `phones` is how many the person saw that it reaches; other than so many are refused."""

    why: Note
    phones: Annotated[int, Meta(ge=0, le=10_000_000)] | None = None


class AudienceShown(msgspec.Struct, frozen=True, kw_only=True):
    """Whom it reaches and what it comes to. `cost` is in `currency`; `second_person`: somebody else has to approve it.

    `by_language` counts phones, `without_consent` and `without_phone` customers.
    """

    customers: int
    phones: int
    by_language: Mapping[str, int]
    without_consent: int
    without_phone: int
    segments: int
    cost: float
    currency: str
    second_person: bool


async def reckoned(connection: Connection, ground: Ground, asked: AudienceAsked, *, exercise: bool) -> Audience:
    """Return whom a broadcast reaches.

    Raises `ApiError` 422 `wordsMissing`, `audienceMissing`, `unknownIncident`, `unknownArea`, `unknownFeeder`, `unknownDevice`.
    """
    if not asked.words or not all(words.strip() for words in asked.words.values()):
        raise ApiError(422, "wordsMissing", "say what is to be said")
    wanted = await customers_of(connection, ground, asked)
    found = await store_broadcasts.candidates(connection, wanted)
    said = await store_broadcasts.said_by_phones(connection)
    manners = await notices.read_manners(connection)
    network = ground.network
    return audience(
        store_broadcasts.reachable(found, said),
        lambda customer: str(network.area_of(customer)),
        asked.words,
        manners.languages,
        languages=asked.languages,
        exercise=exercise,
    )


async def customers_of(connection: Connection, ground: Ground, asked: AudienceAsked) -> Sequence[str]:
    """Return who is meant. Raises `ApiError` 422 as `reckoned` does."""
    named = [name for name in (asked.incident, asked.area, asked.feeder, asked.device) if name is not None]
    if len(named) + asked.all != 1:
        raise ApiError(422, "audienceMissing", "name one of incident, area, feeder, device and all")
    network = ground.network
    if asked.incident is not None:
        if await outages.standing(connection, asked.incident) is None:
            raise ApiError(422, "unknownIncident", f"there is no incident {asked.incident}")
        return await outages.held_now(connection, asked.incident)
    if asked.area is not None:
        if all(str(area.id) != asked.area for area in network.areas):
            raise ApiError(422, "unknownArea", f"there is no supply area {asked.area}")
        return [c.id for c in network.customers if c.active and str(network.area_of(c.id)) == asked.area]
    if asked.feeder is not None:
        found = [c.id for c in network.customers if c.active and str(c.feeder) == asked.feeder]
        if not found:
            raise ApiError(422, "unknownFeeder", f"nobody is on a feeder {asked.feeder}")
        return found
    if asked.device is not None:
        try:
            return (await ground.present(connection)).customers_behind(asked.device)
        except KeyError:
            raise ApiError(422, "unknownDevice", f"the network has no device {asked.device}") from None
    return [c.id for c in network.customers if c.active]


def shown(found: Audience, rules: Rules) -> AudienceShown:
    """Return an audience as people see it."""
    return AudienceShown(
        customers=found.customers,
        phones=found.phones,
        by_language=found.by_language,
        without_consent=found.without_consent,
        without_phone=found.without_phone,
        segments=found.segments,
        cost=round(found.segments * rules.text_cost, 2),
        currency=rules.currency,
        second_person=found.phones >= rules.second_from,
    )


class BroadcastRow(msgspec.Struct, frozen=True, kw_only=True):
    """A broadcast. `audience` says what was chosen; while it is `asked` a person other than `asked_by` may approve or refuse it,
    until `expires_at_ms`. Times are milliseconds.
    """

    id: str
    state: Literal["asked", "approved", "refused", "sent"]
    audience: Mapping[str, object]
    words: Mapping[str, str]
    why: str
    customers: int
    phones: int
    segments: int
    cost: float
    currency: str
    second_person: bool
    asked_by: str
    asked_by_name: str
    asked_at_ms: int
    approved_by: str | None
    approved_by_name: str | None
    approved_at_ms: int | None
    expires_at_ms: int


class AreaShown(msgspec.Struct, frozen=True, kw_only=True):
    """A supply area that a broadcast may be for, and the substations that feed it."""

    area: str
    substations: tuple[str, ...]


class Broadcasts(msgspec.Struct, frozen=True, kw_only=True):
    """The newest broadcasts first, from how many phones on one takes a second person, and which areas and languages there are."""

    rows: list[BroadcastRow]
    second_from: int
    areas: list[AreaShown]
    languages: tuple[str, ...]


def row(broadcast: Broadcast, rules: Rules) -> BroadcastRow:
    """Return a broadcast as people see it."""
    return BroadcastRow(
        id=broadcast.id,
        state=broadcast.state,  # type: ignore[arg-type]  # the table allows no other
        audience={name: value for name, value in broadcast.audience.items() if name != "areas"},
        words=broadcast.words,
        why=broadcast.why,
        customers=broadcast.customers,
        phones=broadcast.phones,
        segments=broadcast.segments,
        cost=round(broadcast.segments * rules.text_cost, 2),
        currency=rules.currency,
        second_person=broadcast.phones >= broadcast.second_from,
        asked_by=broadcast.asked_by,
        asked_by_name=broadcast.asked_by_name,
        asked_at_ms=broadcast.asked_at_ms,
        approved_by=broadcast.approved_by,
        approved_by_name=broadcast.approved_by_name,
        approved_at_ms=broadcast.approved_at_ms,
        expires_at_ms=broadcast.asked_at_ms + ASKED_FOR_MS,
    )
