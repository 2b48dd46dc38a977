"""The priority channel: outages of customers with a hotline account, and what their contacts answer."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.events.base import Event, Id, Instant


class LargeCustomerOut(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hotline.customerOut.v1"):
    """A customer with a hotline account lost power; `incident` or `window` is what explains it (both empty: not known yet).

    It comes again for the same outage when what explains it, or the estimate, has changed. `since` is when power was lost, as far
    as is known; `at` if left out.
    """

    account: Id
    customer: Id
    outage: Id
    reason: Id
    incident: Id | None = None
    window: Id | None = None
    estimate: Instant | None = None
    since: Instant | None = None


class LargeCustomerRestored(
    Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hotline.customerRestored.v1"
):
    """The power of a customer with a hotline account is back."""

    account: Id
    customer: Id
    outage: Id


class CallAnswered(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hotline.callAnswered.v1"):
    """What became of a hotline call: a contact acknowledged it, or nobody did."""

    call: Id
    account: Id
    outage: Id
    acknowledged: bool
    contact: Id | None = None


class OutageAcknowledged(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hotline.acknowledged.v1"):
    """A contact acknowledged an outage without a call: through the API."""

    account: Id
    outage: Id
    contact: Id | None = None


class ContactsRanked(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hotline.contactsRanked.v1"):
    """An account put its contacts into another order: who is called first comes first. Contacts not named come after."""

    account: Id
    contacts: Annotated[list[Id], Meta(min_length=1, max_length=100)]
