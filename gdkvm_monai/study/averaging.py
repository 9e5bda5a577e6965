"""Test-time averaging: how it is chosen in the config, and its record."""

from __future__ import annotations

from collections.abc import Sequence

from monai.bundle import ConfigParser
from monai.inferers import Inferer
from pydantic.dataclasses import dataclass

from gdkvm_monai.inferers import AveragedInferer
from gdkvm_monai.study.record_types import STRICT, Length, Positive

__all__ = ["VERSIONS", "AveragingRecord", "averaging_of", "set_averaging"]

VERSIONS = ("mirror", "scales")
"""What can be averaged, see :class:`~gdkvm_monai.inferers.AveragedInferer`."""


@dataclass(frozen=True, config=STRICT)
class AveragingRecord:
    """The versions of a clip over which the class probabilities were averaged.

    Attributes:
        mirror: whether the mirror image is among them.
        scales: magnifications.
        passes: number of versions; the network ran once for each.
    """

    mirror: bool
    scales: tuple[Positive, ...]
    passes: Length


def averaging_of(inferer: Inferer) -> AveragingRecord | None:
    """Return what an inferer averages; ``None`` if nothing."""
    if not isinstance(inferer, AveragedInferer):
        return None
    return AveragingRecord(inferer.mirror, inferer.scales, inferer.passes)


def set_averaging(config: ConfigParser, tta: Sequence[str]) -> None:
    """Let the inferer of a config average, in its precision; nothing changes if ``tta`` is empty.

    Args:
        config: parser of ``inference.json``.
        tta: what to average, from :data:`VERSIONS`; ``"scales"`` are those of the config, or else the default ones.

    Raises:
        ValueError: if ``tta`` is a string or names anything else.
    """
    if isinstance(tta, str) or not set(tta) <= set(VERSIONS):
        raise ValueError(f"tta is {tta!r}, expected a list of {' and '.join(VERSIONS)}.")
    if not tta:
        return
    config["inferer#_target_"] = "gdkvm_monai.inferers.AveragedInferer"
    config["inferer#mirror"] = "mirror" in tta
    if "scales" not in tta:
        config["inferer#scales"] = [1.0]
