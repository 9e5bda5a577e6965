"""The record of how a clip's results were computed: the typed content of ``run.json``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from monai.config import PathLike
from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from gdkvm_monai.networks.card import UNKNOWN
from gdkvm_monai.study.averaging import AveragingRecord
from gdkvm_monai.study.engine_record import EngineRecord
from gdkvm_monai.study.options import ABOUT_PATIENT, SegmentOptions
from gdkvm_monai.study.record_types import STRICT, Count, Range, View

__all__ = ["ConfigRecord", "EditRecord", "InputRecord", "NetworkRecord", "RunRecord", "WeightsRecord", "read_run"]

OPTIONAL = (
    "intensity_low",
    "intensity_high",
    "not_written",
    "region",
    "surroundings",
    "mask_sha256",
    "edited",
    "averaging",
)


@dataclass(frozen=True, config=STRICT)
class InputRecord:
    """The input file, without its name.

    Attributes:
        sha256: hash of the content.
        bytes: size in bytes.
        format: file format, from the suffix.
    """

    sha256: str
    bytes: int
    format: str


@dataclass(frozen=True, config=STRICT)
class WeightsRecord:
    """The checkpoint.

    Attributes:
        file: name of the file.
        sha256: hash of the file.
        trained_on: training data according to the model card, or that there is no card.
        license: license according to the model card.
        views: views of the training clips; empty if unknown.
        verified: whether the model card states the hash of the file; other hashes are refused.
        domain: kind of training data according to the model card, such as ``"CAMUS"`` or ``"phantom"``.
        intensity_mean: lowest and highest mean intensity of a training clip, 0 to 1, or ``None`` if unknown.
        intensity_sd: lowest and highest standard deviation of a training clip, or ``None`` if unknown.
    """

    file: str
    sha256: str
    trained_on: str
    license: str
    views: tuple[View, ...] = ()
    verified: bool = False
    domain: str = UNKNOWN
    intensity_mean: Range | None = None
    intensity_sd: Range | None = None


@dataclass(frozen=True, config=STRICT)
class ConfigRecord:
    """The config.

    Attributes:
        sha256: hash of ``inference.json`` and the overlays.
    """

    sha256: str


@dataclass(frozen=True, config=STRICT)
class NetworkRecord:
    """The network: everything that determines its masks except the options.

    Attributes:
        weights: checkpoint.
        config: config.
        network: class name of the network.
        frame_size: input size of the network, ``(H, W)``.
        engine: what ran the network.
        averaging: test-time averaging; ``None`` without.
    """

    weights: WeightsRecord
    config: ConfigRecord
    network: str
    frame_size: tuple[int, int]
    engine: EngineRecord = EngineRecord()
    averaging: AveragingRecord | None = None


@dataclass(frozen=True, config=STRICT)
class EditRecord:
    """What was edited by hand after the network had segmented the clip.

    Attributes:
        mask_sha256: hash of the file with the edited masks; ``None`` if only phases were marked.
        ed_frames: frames of end-diastole that were marked; empty if they were found in the area curve.
        es_frames: frames of end-systole that were marked, likewise.
        edited_utc: time of the last measurement, ISO 8601.
        gdkvm_version: version of this package that measured last.
        pictures: where the pictures in the new files come from.
    """

    mask_sha256: str | None
    ed_frames: tuple[Count, ...]
    es_frames: tuple[Count, ...]
    edited_utc: str
    gdkvm_version: str
    pictures: str

    @property
    def subjects(self) -> str:
        """What was edited: ``masks``, ``phases``, or ``masks and phases``."""
        parts = [("masks", self.mask_sha256 is not None), ("phases", bool(self.ed_frames or self.es_frames))]
        return " and ".join(name for name, edited in parts if edited)


@dataclass(frozen=True, config=STRICT)
class RunRecord:
    """How the results of one clip were computed.

    Attributes:
        gdkvm_version: version of this package, followed by those of MONAI, PyTorch, and Python.
        device: device of the network.
        started_utc: start time, ISO 8601.
        seconds: time from the first frame to the measurements.
        input: input file.
        weights: checkpoint.
        config: config.
        network: class name of the network.
        frame_size: input size of the network, ``(H, W)``.
        options: all options; those about the patient are not written.
        fingerprint: hash of everything that determines the results.
        intensity_low: value in the clip that maps to black, if intensities were scaled.
        intensity_high: value that maps to white.
        not_written: requested files that could not be written, with the reason.
        region: part of the frame that was segmented, ``(x0, y0, x1, y1)``; ``None`` for all of it.
        surroundings: whether the pictures show what is beside the sector, and why.
        mask_sha256: hash of ``mask.nii.gz``.
        edited: what was edited by hand; ``None`` for results of the network alone.
        engine: what ran the network.
        averaging: test-time averaging; ``None`` without.
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
    region: tuple[int, int, int, int] | None = None
    surroundings: str | None = None
    mask_sha256: str | None = None
    edited: EditRecord | None = None
    engine: EngineRecord = EngineRecord()
    averaging: AveragingRecord | None = None

    def to_json(self) -> str:
        """Return the text of ``run.json``, without the optional entries that do not apply and the patient's data."""
        record = {name: value for name, value in asdict(self).items() if name not in OPTIONAL or value is not None}
        record["options"] = {name: value for name, value in record["options"].items() if name not in ABOUT_PATIENT}
        return json.dumps(record, indent=2, allow_nan=False) + "\n"


def read_run(path: PathLike) -> RunRecord:
    """Read ``run.json``.

    Raises:
        FileNotFoundError: if the file does not exist.
        ValueError: if the content is not valid.
    """
    return TypeAdapter(RunRecord).validate_json(Path(path).read_bytes(), strict=True)
