"""Why the inference did what it did, or did nothing. Each transition and each report carries one of these."""

from __future__ import annotations

import enum


class Reason(enum.StrEnum):
    """Reason codes of the stage `correlate`."""

    # of reports
    GATHERING = "gathering"
    """Unexplained so far: others of the same fault may still be on their way."""
    ALREADY_OUT = "alreadyOut"
    EXPLAINED = "explained"
    SAME_AGAIN = "sameAgain"
    PLANNED_WORK = "plannedWork"
    OLDER_THAN_RESTORATION = "olderThanRestoration"
    OLDER_THAN_LOSS = "olderThanLoss"
    POWER_BACK = "powerBack"
    NOT_KNOWN_OUT = "notKnownOut"

    # of incidents
    LOWEST_COMMON_DEVICE = "lowestCommonDevice"
    """It explains the reports of its neighbourhood better than separate faults further down."""
    ONLY_WHO_REPORTED = "onlyWhoReported"
    """Reports at a device whose other meters stay silent: nobody else is presumed out."""
    NEIGHBOURS_REPORT = "neighboursReport"
    REPORTERS_AGREE = "reportersAgree"
    CREW_UNDER_WAY = "crewUnderWay"
    CREW_ARRIVED = "crewArrived"
    CREW_FOUND = "crewFound"
    FOUND_ELSEWHERE = "foundElsewhere"
    """The crew mended another known fault; this one still stands."""
    FOUND_FOR_OTHER = "foundForOther"
    """Another incident's crew found what failed here."""
    FOUND_UNKNOWN_DEVICE = "foundUnknownDevice"
    SUPPLY_IN_ORDER = "supplyInOrder"
    AWAITING_SIGNS = "awaitingSigns"
    METERS_REPORT_POWER = "metersReportPower"
    NO_SIGN_OF_RESTORATION = "noSignOfRestoration"
    REST_IS_NESTED = "restIsNested"
    STILL_OUT_AFTER_WINDOW = "stillOutAfterWindow"
    UPSTREAM_STILL_OUT = "upstreamStillOut"
    NOBODY_PROVED_OUT = "nobodyProvedOut"
    QUIET = "quiet"
    OVER_ALREADY = "overAlready"
    NOBODY_KNOWN_OUT = "nobodyKnownOut"

    # of windows
    ANNOUNCED = "announced"
    WORK_STARTED = "workStarted"
    WORK_COMPLETED = "workCompleted"
    UNKNOWN_WINDOW = "unknownWindow"

    # of interruptions
    OWN_METER = "ownMeter"
    OWN_CALL = "ownCall"
    BEHIND_FAILED_DEVICE = "behindFailedDevice"
    EARLIER_LOSS = "earlierLoss"
    NOT_BEHIND_FOUND = "notBehindFound"
    NO_TIME_OUT = "noTimeOut"
