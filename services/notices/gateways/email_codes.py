"""What a mail server's reply codes mean to us (RFC 5321, 4.2). A code that is not listed means what its first digit says."""

from __future__ import annotations

from typing import Final

from services.notices.gateways.smpp_codes import Blame, Refusal

RETRY_MS: Final = 60_000
"""When to try again after a reply that asks for patience, in the clock's time. A server that greylists wants minutes."""

REFUSALS: Final = {
    421: Refusal(Blame.TEMPORARY, "serverClosing"),
    450: Refusal(Blame.TEMPORARY, "mailboxBusy"),
    451: Refusal(Blame.TEMPORARY, "serverError"),
    452: Refusal(Blame.TEMPORARY, "serverFull"),
    454: Refusal(Blame.TEMPORARY, "serverError"),
    455: Refusal(Blame.TEMPORARY, "serverError"),
    500: Refusal(Blame.OURS, "notUnderstood"),
    501: Refusal(Blame.OURS, "notUnderstood"),
    502: Refusal(Blame.OURS, "notUnderstood"),
    503: Refusal(Blame.OURS, "notUnderstood"),
    504: Refusal(Blame.OURS, "notUnderstood"),
    521: Refusal(Blame.PERMANENT, "takesNoMail"),
    530: Refusal(Blame.OURS, "notLetIn"),
    534: Refusal(Blame.OURS, "notLetIn"),
    535: Refusal(Blame.OURS, "notLetIn"),
    538: Refusal(Blame.OURS, "notLetIn"),
    550: Refusal(Blame.PERMANENT, "noMailbox"),
    551: Refusal(Blame.PERMANENT, "noMailbox"),
    552: Refusal(Blame.PERMANENT, "mailboxFull"),
    553: Refusal(Blame.PERMANENT, "invalidAddress"),
    554: Refusal(Blame.PERMANENT, "refused"),
    556: Refusal(Blame.PERMANENT, "takesNoMail"),
}
_TEMPORARY, _PERMANENT = 4, 5


def refusal_of(code: int) -> Refusal | None:
    """Return what a reply means; None for a code that no mail server may give."""
    known = REFUSALS.get(code)
    if known is not None:
        return known
    first = code // 100
    if first == _TEMPORARY:
        return Refusal(Blame.TEMPORARY, f"serverSaid{code}")
    return Refusal(Blame.PERMANENT, f"serverSaid{code}") if first == _PERMANENT else None
