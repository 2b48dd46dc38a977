"""query_sm and its response (SMPP 3.4, 4.8), which the library does not have: bytes to what they say and back. Pure."""

from __future__ import annotations

import dataclasses
import struct
from typing import Final

HEADER: Final = struct.Struct("!IIII")
QUERY, QUERY_RESPONSE = 0x03, 0x8000_0003


@dataclasses.dataclass(frozen=True, slots=True)
class Queried:
    """What the operator answers: command status; of status 0 also the number of the text's state (5.2.28), the network's error."""

    status: int
    state: int = 0
    error: int = 0


def query(sequence: int, reference: str, sender: str, ton: int, npi: int) -> bytes:
    """Return a question for the text that the operator calls `reference` and that we sent from `sender`."""
    body = reference.encode("ascii", "replace") + b"\0" + bytes([ton, npi]) + sender.encode("ascii", "replace") + b"\0"
    return HEADER.pack(HEADER.size + len(body), QUERY, 0, sequence) + body


def read_answer(pdu: bytes) -> Queried:
    """Return what a query_sm_resp says; of one that is cut off only its status, or that it is none (-1)."""
    _, _, status, _ = HEADER.unpack_from(pdu)
    parts = pdu[HEADER.size :].split(b"\0", 1)
    if status or len(parts) < 2:  # noqa: PLR2004 (the name, and the rest)
        return Queried(status or -1)
    _, zero, rest = parts[1].partition(b"\0")
    if not zero or len(rest) < 2:  # noqa: PLR2004 (state and error)
        return Queried(-1)
    return Queried(0, rest[0], rest[1])
