"""Who looks at which incident or danger in which tab: kept while the tab's stream is open, in this process alone."""

from __future__ import annotations

from services.access.who import Who
from services.console.rows import PresenceRow
from services.console.sheets import Sheet


class Presence:
    """The open tabs. `sheet` shows those that have said where they look."""

    def __init__(self) -> None:
        self.sheet: Sheet[PresenceRow] = Sheet()
        self._session_of: dict[str, str] = {}

    def open(self, stream: str, who: Who) -> None:
        """A tab has opened its stream."""
        self._session_of[stream] = who.session

    def close(self, stream: str) -> bool:
        """The stream of a tab is over; say whether that changes what is shown."""
        self._session_of.pop(stream, None)
        return self.sheet.change((), [stream])

    def look(
        self, stream: str, who: Who, *, incident: str | None, hazard: str | None, doing: str | None, now_ms: int
    ) -> bool:
        """Let a tab look at an incident or a danger (None: at none); say whether that changes what is shown.

        Raises `KeyError` when the session has no such stream open.
        """
        if self._session_of[stream] != who.session:
            raise KeyError(stream)
        before = self.sheet.row(stream)
        stays = before is not None and (before.incident, before.hazard) == (incident, hazard)
        row = PresenceRow(
            id=stream,
            user=who.user,
            name=who.name,
            incident=incident,
            hazard=hazard,
            doing=doing,
            since_ms=before.since_ms if stays and before is not None else now_ms,
        )
        return self.sheet.change([row])
