"""The record of what ran the network."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from gdkvm_monai.study.record_types import STRICT

__all__ = ["EngineRecord"]


@dataclass(frozen=True, config=STRICT)
class EngineRecord:
    """What ran the network.

    Attributes:
        name: one of :data:`~gdkvm_monai.export.engines.ENGINES`.
        precision: precision of the network, such as ``"float32"``.
        reason: why this engine was chosen, with the measured times if it was a choice.
    """

    name: str = "eager"
    precision: str = "float32"
    reason: str = "requested"
