"""How the results of a clip were computed: the typed content of ``run.json``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from monai.config import PathLike
from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.record_types import STRICT, View

__all__ = ["ConfigRecord", "InputRecord", "NetworkRecord", "RunRecord", "WeightsRecord", "read_run"]

OPTIONAL = ("intensity_low", "intensity_high", "not_written")


@dataclass(frozen=True, config=STRICT)
class InputRecord:
    """The clip's content; its name is kept nowhere.

    Attributes:
        sha256: of the content.
        bytes: size.
        format: what kind of file, told by its suffix.
    """

    sha256: str
    bytes: int
    format: str


@dataclass(frozen=True, config=STRICT)
class WeightsRecord:
    """The checkpoint.

    Attributes:
        file: its name.
        sha256: of the file.
        trained_on: what the model card says, or that there is none.
        license: likewise.
        views: of the clips in training; empty if unknown.
    """

    file: str
    sha256: str
    trained_on: str
    license: str
    views: tuple[View, ...] = ()


@dataclass(frozen=True, config=STRICT)
class ConfigRecord:
    """The config.

    Attributes:
        sha256: of ``inference.json`` and the overlays.
    """

    sha256: str


@dataclass(frozen=True, config=STRICT)
class NetworkRecord:
    """The network: what decides its masks beside the options.

    Attributes:
        weights: its checkpoint.
        config: its config.
        network: name of its class.
        frame_size: ``(H, W)`` that it sees.
    """

    weights: WeightsRecord
    config: ConfigRecord
    network: str
    frame_size: tuple[int, int]


@dataclass(frozen=True, config=STRICT)
class RunRecord:
    """How the results of one clip were computed.

    Attributes:
        gdkvm_version: of this package; likewise the versions of MONAI, PyTorch and Python.
        device: where the network ran.
        started_utc: ISO 8601.
        seconds: from the first frame to the measurements.
        input: the clip.
        weights: the checkpoint.
        config: the config.
        network: name of the network's class.
        frame_size: ``(H, W)`` that the network sees.
        options: all of them.
        fingerprint: hash of everything that decides the results.
        intensity_low: value of the clip that became black, where its intensities were scaled.
        intensity_high: value that became white.
        not_written: files that were asked for and could not be written, with the reason.
    """

    gdkvm_version: str
    monai_version: str
    torch_version: str
    python_version: str
    device: str
    started_utc: str
    seconds: float
    input: InputRecord
    weights: WeightsRecord
    config: ConfigRecord
    network: str
    frame_size: tuple[int, int]
    options: SegmentOptions
    fingerprint: str
    intensity_low: float | None = None
    intensity_high: float | None = None
    not_written: dict[str, str] | None = None

    def to_json(self) -> str:
        """The text of ``run.json``; what does not apply is left out."""
        record = {name: value for name, value in asdict(self).items() if name not in OPTIONAL or value is not None}
        return json.dumps(record, indent=2, allow_nan=False) + "\n"


def read_run(path: PathLike) -> RunRecord:
    """Read ``run.json``.

    Raises:
        FileNotFoundError: when it does not exist.
        ValueError: when it holds something else.
    """
    return TypeAdapter(RunRecord).validate_json(Path(path).read_bytes(), strict=True)
