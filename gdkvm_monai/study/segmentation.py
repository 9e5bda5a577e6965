"""From a clip to masks and measurements, frame by frame: the Python API behind the ``gdkvm`` command."""

from __future__ import annotations

import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

import monai
import nibabel
import numpy as np
import torch
from monai.config import PathLike

import gdkvm_monai
from gdkvm_monai.files import plain
from gdkvm_monai.inferers.perturbation import PERTURBATIONS
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.frame_loop import edge_share, segment_frames
from gdkvm_monai.study.measure import frame_columns, measure_clip
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.outputs import Results, Spools, check_formats, fingerprint, results_folder, write_outputs
from gdkvm_monai.study.pipeline import Pipeline, load_pipeline
from gdkvm_monai.study.quality import Evidence, judge

__all__ = ["SegmentationResult", "segment", "segment_clip"]


@dataclass(frozen=True)
class SegmentationResult:
    """Masks and measurements of one clip.

    Attributes:
        clip_id: first 16 digits of the SHA-256 of the clip.
        measurements: what ``measurements.json`` holds.
        frames: columns of ``frames.csv``.
        provenance: what ``run.json`` holds.
        folder: with all results; ``None`` where none was asked for.
    """

    clip_id: str
    measurements: dict[str, Any]
    frames: dict[str, list]
    provenance: dict[str, Any]
    folder: Path | None = None
    _mask: np.ndarray | None = field(default=None, repr=False)

    @property
    def ef_percent(self) -> float | None:
        """Mean ejection fraction over the beats; ``None`` where it is withheld."""
        return self.measurements["mean"]["ef_percent"]

    @cached_property
    def mask(self) -> np.ndarray:
        """Class indices ``(H, W, T)``, uint8, on the grid of the clip: read from ``mask.nii.gz`` where it was written.

        Raises:
            FileNotFoundError: when the results were written without it.
        """
        if self._mask is not None:
            return self._mask
        return np.asarray(nibabel.load(self.folder / "mask.nii.gz").dataobj)


def segment(
    clip: PathLike | np.ndarray,
    weights: PathLike | None = None,
    out: PathLike | None = None,
    *,
    pipeline: Pipeline | None = None,
    device: str | None = None,
    configs: Sequence[PathLike] = (),
    overwrite: bool = False,
    progress: bool = False,
    **options: Any,
) -> SegmentationResult:
    """Segment one clip and measure it.

    Args:
        clip: a file or folder that :class:`~gdkvm_monai.data.ClipReader` reads, or an array ``(H, W, T)``: lateral,
            depth, time.
        weights: checkpoint, see :func:`~gdkvm_monai.study.pipeline.load_pipeline`.
        out: folder; the results go to a folder in it that is named by the clip's hash.
        pipeline: instead of ``weights``, ``device`` and ``configs``, to load them once for several clips.
        device: for example ``"cuda:0"``.
        configs: overlays on the bundle's ``inference.json``.
        overwrite: replace results that are there.
        progress: show a bar.
        **options: those of :class:`~gdkvm_monai.study.options.SegmentOptions`.

    Returns:
        Masks and measurements. The results of a finished clip are read, not computed again.

    Raises:
        ClipReadError: when the clip cannot be read.
        FileNotFoundError: when the clip or the weights do not exist.
        FileExistsError: when there are results of other weights or options, and ``overwrite`` is false.
        ValueError: when an option or the weights are wrong.
    """
    chosen = SegmentOptions(**options)
    if pipeline is None:
        if weights is None:
            raise ValueError("there are no weights; give the checkpoint of a training, `make demo` makes one.")
        pipeline = load_pipeline(weights, configs, device)
    source = ClipSource(clip, chosen)
    check_formats(source, chosen)
    if out is None:
        with tempfile.TemporaryDirectory(prefix="gdkvm-") as folder, Spools(Path(folder), source) as spools:
            result = segment_clip(pipeline, source, chosen, spools, progress)
            return SegmentationResult(*result, None, spools.masks.stack())
    with results_folder(Path(out), source, pipeline, chosen, overwrite) as (folder, finished):
        if finished is None:
            with Spools(folder, source) as spools:
                finished = segment_clip(pipeline, source, chosen, spools, progress)
                write_outputs(folder, chosen, spools, finished)
    return SegmentationResult(*finished, Path(out) / source.id)


def segment_clip(
    pipeline: Pipeline, source: ClipSource, options: SegmentOptions, spools: Spools, progress: bool = False
) -> Results:
    """Segment and measure a clip; pictures and masks go to the spools."""
    start, started = time.monotonic(), datetime.now(timezone.utc)
    rows, copies, sector = segment_frames(pipeline, source, options, spools, progress)
    valid = [row["valid"] for row in rows]
    times, _ = source.times(len(rows))
    columns = frame_columns(source.id, rows, times, source.spacing_mm is not None)
    copies_of = "" if options.fast else " and ".join(str(perturbation) for perturbation in PERTURBATIONS)
    measurements = measure_clip(source.facts(valid), columns, copies, copies_of)
    measurements["structures"] = list(options.structures)
    systole = set(measurements["phases"]["es_frames"])
    columns["ComputerSmall"] = [int(frame in systole) for frame in columns["Frame"]]  # EchoNet-Dynamic's name
    seen = {name: [row[name] for row in rows if row["valid"]] for name in ("intensity_mean", "intensity_sd")}
    evidence = Evidence(
        columns,
        [row["LV_parts"] for row in rows],
        [row["LV_holes"] for row in rows],
        edge_share(spools, source, sector) if any(valid) else np.nan,
        {name: float(np.mean(values)) for name, values in seen.items() if values},
        pipeline.card.intensity_ranges if pipeline.card else {},
    )
    measurements["quality"] = judge(measurements, evidence)
    provenance = {
        "gdkvm_version": gdkvm_monai.__version__,
        "monai_version": monai.__version__,
        "torch_version": torch.__version__,
        "python_version": platform.python_version(),
        "device": str(pipeline.device),
        "started_utc": started.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - start, 2),
        "input": {"sha256": source.sha256, "bytes": source.bytes, "format": source.format},
        **{
            name: source.stream.meta[name] for name in ("intensity_low", "intensity_high") if name in source.stream.meta
        },
        **pipeline.provenance,
        "options": plain(asdict(options)),
        "fingerprint": fingerprint(pipeline, options),
    }
    return source.id, measurements, columns, provenance
