"""A clip in the queue: its name, which leads to no patient, and its state."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum

__all__ = ["QueuedClip", "State", "clip_id"]


class State(str, Enum):
    """State of a clip: received, segmenting, done, sent; or refused, with the reason."""

    RECEIVED = "received"
    SEGMENTING = "segmenting"
    DONE = "done"
    SENT = "sent"
    REFUSED = "refused"


@dataclass(frozen=True)
class QueuedClip:
    """One clip of the queue.

    Attributes:
        id: hash of its SOP Instance UID, see :func:`clip_id`.
        state: its state.
        bytes: size of the file that arrived.
        result: name of its folder of results; empty before it is done.
        reason: why it was refused, or why its results could not be sent.
        attempts: how often its segmentation began.
        sendings: how often sending its results failed.
    """

    id: str
    state: State
    bytes: int
    result: str
    reason: str
    attempts: int
    sendings: int


def clip_id(uid: str) -> str:
    """Return the name of a clip in the queue, the log, and file names: a hash, since a UID can lead to the patient.

    Example:
        >>> clip_id("2.25.1")
        '49b1b035c2cf7aa7'
    """
    return hashlib.sha256(uid.encode()).hexdigest()[:16]
