"""The HTTP edge of crews: what they say of themselves and of their orders."""

from __future__ import annotations

from schemas.events import CrewReported
from schemas.topics import CREW_STATUS
from services.access.edge import Route, accepting

ROUTES: tuple[Route, ...] = (
    accepting(
        "/api/v1/crew-status",
        CREW_STATUS,
        "crew-status:write",
        "Tell what a crew says: sign-on and sign-off, position, each step of an order, a request for help, a fault found.",
        takes=(CrewReported,),
        examples={
            "signedOn": {
                "type": "crew.reported.v1",
                "at": "2026-03-01T18:00:00Z",
                "crew": "C-1",
                "status": "signedOn",
                "place": {"lon": 11.25, "lat": 48.125},
            },
            "done": {
                "type": "crew.reported.v1",
                "at": "2026-03-01T19:30:00Z",
                "crew": "C-1",
                "status": "done",
                "order": "4f1c",
                "found": "switch:FU-12",
                "cause": "VEGETATION",
            },
            "foundFault": {
                "type": "crew.reported.v1",
                "at": "2026-03-01T19:10:00Z",
                "crew": "C-1",
                "status": "foundFault",
                "order": "4f1c",
                "found": "switch:FU-14",
                "hazard": "wireDown",
                "place": {"lon": 11.25, "lat": 48.125},
            },
        },
    ),
)
