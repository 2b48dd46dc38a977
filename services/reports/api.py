"""The HTTP edge of reports: one or many are sent in, and each can be asked what became of it."""

from __future__ import annotations

from aiohttp import web

from schemas.events import Event, HazardReported, OutageReported
from schemas.topics import OUTAGE_REPORTS
from services.access.edge import NOT_LET_IN, Route, accepting
from services.access.http import POOL, ApiError, answer, authorised
from services.reports.locating import names_anything
from services.reports.store import fate

SCOPE = "reports:write"


def _check(event: Event) -> None:
    if isinstance(event, OutageReported | HazardReported) and not names_anything(event):
        raise ApiError(422, "nobodyNamed", "nothing says where it is", event=event.id)


async def _state(request: web.Request) -> web.Response:
    key = await authorised(request, SCOPE)
    report = request.match_info["id"]
    async with request.config_dict[POOL].acquire() as connection:
        found = await fate(connection, key.id, report) if "\0" not in report else None
    if found is None:
        raise ApiError(404, "noSuchReport", "this key sent no report of this id")
    return answer(200, {"id": report, "state": found[0], "reason": found[1]})


ROUTES: tuple[Route, ...] = (
    accepting(
        "/api/v1/reports",
        OUTAGE_REPORTS,
        SCOPE,
        "Send in one report or up to 1,000: of an outage, of power that is back, of danger.",
        takes=(OutageReported, HazardReported),
        examples={
            "call": {
                "type": "outage.reported.v1",
                "id": "call-4711",
                "at": "2026-03-01T18:00:00Z",
                "kind": "call",
                "phone": "+4915550100",
                "words": "All dark in our street",
            },
            "lastGasps": [
                {"type": "outage.reported.v1", "at": "2026-03-01T18:00:00Z", "kind": "lastGasp", "meter": "M-1"},
                {"type": "outage.reported.v1", "at": "2026-03-01T18:00:01Z", "kind": "lastGasp", "meter": "M-2"},
            ],
            "danger": {
                "type": "hazard.reported.v1",
                "at": "2026-03-01T18:02:00Z",
                "hazard": "wireDown",
                "place": {"lon": 11.25, "lat": 48.125},
                "pole": "P-17",
            },
        },
        also=("nobodyNamed",),
        check=_check,
    ),
    Route(
        method="GET",
        path="/api/v1/reports/{id}",
        scope=SCOPE,
        summary="Tell the state of a report that this key sent, and why it is in it.",
        handler=_state,
        status=200,
        gives={
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("id", "state", "reason")},
            "required": ["id", "state", "reason"],
            "description": (
                "States: received, parked, located, ambiguous, unknown, closedAccount, late, muted, counted, answered, doubled."
            ),
        },
        refuses={**NOT_LET_IN, 404: ("noSuchReport",)},
    ),
)
