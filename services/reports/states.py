"""The states in which intake leaves a report. What is located goes on to the inference, which decides on the rest of its life."""

from __future__ import annotations

import enum


class ReportState(enum.StrEnum):
    """Where a report stands when it was taken."""

    LOCATED = "located"
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"
    CLOSED_ACCOUNT = "closedAccount"
    LATE = "late"
