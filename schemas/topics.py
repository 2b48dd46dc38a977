"""The one table of topics: who writes, who reads, how many partitions, which events, how long they are kept."""

from __future__ import annotations

import dataclasses

from schemas import events

DAY_MS = 86_400_000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic. `consumers` are stages; `key` says which field of the event orders it; `retention_ms` is in milliseconds."""

    name: str
    key: str
    partitions: int
    events: tuple[type[events.Event], ...]
    producer: str
    consumers: tuple[str, ...]
    retention_ms: int = 7 * DAY_MS


OUTAGE_REPORTS = Topic(
    name="outage.reports",
    key="customer",
    partitions=4,
    events=(events.OutageReported, events.HazardReported),
    producer="call centre, meters' head-end, web edge, notify",
    consumers=("intake",),
)
HOTLINE_REPORTS = Topic(
    name="hotline.reports",
    key="account",
    partitions=2,
    events=(events.HotlineReported,),
    producer="hotline API, large customers' meters",
    consumers=("intake", "escalate"),
)
DEVICE_STATES = Topic(
    name="device.states",
    key="device",
    partitions=2,
    events=(events.DeviceStateReported, events.FaultFound),
    producer="SCADA, crews, console, dispatch",
    consumers=("correlate",),
)
MAINTENANCE_NOTICES = Topic(
    name="maintenance.notices",
    key="window",
    partitions=2,
    events=(
        events.WindowAnnounced,
        events.WindowChanged,
        events.WindowCancelled,
        events.WorkStarted,
        events.WorkCompleted,
    ),
    producer="work management, web edge",
    consumers=("correlate", "notify"),
)
INCIDENT_ACTIONS = Topic(
    name="incident.actions",
    key="area",
    partitions=2,
    events=(
        events.IncidentsMerged,
        events.IncidentSplit,
        events.IncidentRejected,
        events.IncidentConfirmed,
        events.EstimateGiven,
        events.HazardDismissed,
    ),
    producer="console",
    consumers=("correlate",),
)
OUTAGE_ESTIMATES = Topic(
    name="outage.estimates",
    key="area",
    partitions=1,
    events=(events.EstimatesLearnt,),
    producer="learning of estimates",
    consumers=("correlate",),
)
OUTAGE_INCIDENTS = Topic(
    name="outage.incidents",
    key="area",
    partitions=2,
    events=(events.IncidentChanged, events.HazardChanged, events.CustomerAsked),
    producer="correlate",
    consumers=("dispatch", "notify"),
)
CREW_STATUS = Topic(
    name="crew.status",
    key="crew",
    partitions=2,
    events=(events.CrewReported,),
    producer="crews' terminals, web edge",
    consumers=("dispatch",),
)
CREW_ACTIONS = Topic(
    name="crew.actions",
    key="region",
    partitions=2,
    events=(
        events.CrewAssigned,
        events.OrderRevoked,
        events.WorkHeld,
        events.PairForbidden,
        events.WorkPrioritised,
        events.SecondCrewAsked,
        events.HoursExtended,
        events.ClearanceSet,
        events.ModeSet,
        events.RoadClosed,
        events.RoadOpened,
        events.CrewVisiting,
        events.CrewLeft,
    ),
    producer="console",
    consumers=("dispatch",),
)
CREW_ASSIGNMENTS = Topic(
    name="crew.assignments",
    key="area",
    partitions=2,
    events=(events.OrderChanged, events.WorkPlanned),
    producer="dispatch",
    consumers=("correlate", "notify", "world"),
)
HOTLINE_PRIORITY = Topic(
    name="hotline.priority",
    key="account",
    partitions=2,
    events=(events.LargeCustomerOut, events.LargeCustomerRestored),
    producer="correlate",
    consumers=("escalate",),
)
HOTLINE_ANSWERS = Topic(
    name="hotline.answers",
    key="account",
    partitions=2,
    events=(events.CallAnswered, events.OutageAcknowledged, events.ContactsRanked),
    producer="voice provider, hotline API",
    consumers=("escalate",),
)
NOTICE_RECEIPTS = Topic(
    name="notice.receipts",
    key="notice",
    partitions=2,
    events=(events.TextReceipt,),
    producer="text gateway",
    consumers=("notify",),
)
NOTICE_INBOUND = Topic(
    name="notice.inbound",
    key="phone",
    partitions=2,
    events=(events.TextReceived,),
    producer="text gateway, notify",
    consumers=("notify",),
)
NOTICE_CONSENTS = Topic(
    name="notice.consents",
    key="area",
    partitions=2,
    events=(events.ConsentChanged, events.PhoneLinked, events.LanguageChosen),
    producer="notify",
    consumers=("notify",),
)
NOTICE_ACTIONS = Topic(
    name="notice.actions",
    key="area",
    partitions=2,
    events=(events.InboundAnswered, events.BroadcastSent, events.NoticesStopped, events.NoticesResumed),
    producer="console",
    consumers=("notify",),
)
DEAD_LETTERS = Topic(
    name="dead.letters",
    key="origin",
    partitions=1,
    events=(),
    producer="every consumer",
    consumers=(),
    retention_ms=30 * DAY_MS,
)

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        OUTAGE_REPORTS,
        HOTLINE_REPORTS,
        DEVICE_STATES,
        MAINTENANCE_NOTICES,
        INCIDENT_ACTIONS,
        OUTAGE_ESTIMATES,
        OUTAGE_INCIDENTS,
        CREW_STATUS,
        CREW_ACTIONS,
        CREW_ASSIGNMENTS,
        HOTLINE_PRIORITY,
        HOTLINE_ANSWERS,
        NOTICE_RECEIPTS,
        NOTICE_INBOUND,
        NOTICE_CONSENTS,
        NOTICE_ACTIONS,
        DEAD_LETTERS,
    )
}
"""Every topic by name, in the order of the data's way."""


def consumed_by(stage: str) -> tuple[Topic, ...]:
    """Return the topics that this stage takes facts from, in the order of the table."""
    return tuple(topic for topic in TOPICS.values() if stage in topic.consumers)
