"""Why an association was refused, as the DICOM upper layer states it (PS3.8, Table 9-21)."""

from __future__ import annotations

from typing import Any

__all__ = ["rejection_cause"]

CAUSES = {
    (1, 3): "the calling AE title is not allowed",
    (1, 7): "no AE of the called title is here",
    (3, 1): "there are too many associations at a time",
    (3, 2): "there are too many associations at a time",
}


def rejection_cause(association: Any) -> str:
    """Return why a rejected association of pynetdicom was refused; the same on both sides of it."""
    answer = association.acceptor.primitive
    source, reason = answer.result_source, answer.diagnostic
    return CAUSES.get((source, reason), f"source {source} and reason {reason} in PS3.8, Table 9-21")
