"""Why a customer was told something, or was not."""

from __future__ import annotations

import enum


class Reason(enum.StrEnum):
    """Reason codes of the stage `notify`."""

    INCIDENT_CHANGED = "incidentChanged"
    """What is known of the incident is brought up to date; what follows for a customer is noted of him."""
    OUTDATED_REVISION = "outdatedRevision"
    """A change of an incident that is older than what is known of it."""
    NEWLY_OUT = "newlyOut"
    """The customer's power failed with this incident, and nobody had told him."""
    CREW_ENROUTE = "crewEnroute"
    """A crew is on its way to the incident that holds the customer."""
    POWER_BACK = "powerBack"
    """The customer, who was told of the outage, has power again."""
    NEWER_NOTICE = "newerNotice"
    """What was to be said is overtaken by newer news."""
    OPERATOR_RECEIPT = "operatorReceipt"
    """The operator says what became of the text."""
    NO_PHONE = "noPhone"
    """No number is known to which a text could go."""
    TOLD_BEFORE = "toldBefore"
    """Another incident holds the customer now; the outage is the same and he knows of it."""
    NEVER_TOLD = "neverTold"
    """Power is back for somebody who was not told that it was out."""
    BACK_BEFORE_TOLD = "backBeforeTold"
    """Power failed and came back before anything was said."""
    STILL_OUT = "stillOut"
    """Power came back and failed again before anything was said."""
    OTHER_HOLDER = "otherHolder"
    """The incident that reports the return does not hold the customer; the one that does will say so."""
    NO_LONGER_ENROUTE = "noLongerEnroute"
    """The crew arrived or was called back before anybody was told that it comes."""
    NOBODY_TO_TELL = "nobodyToTell"
    """Nobody is out under the incident, or nobody of them was told."""
    INCIDENT_ENDED = "incidentEnded"
    """The incident was closed or dismissed and says nothing of the customer's return."""
