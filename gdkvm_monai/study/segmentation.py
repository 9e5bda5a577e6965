"""Frame-by-frame segmentation and measurement of a clip: the Python API behind the ``gdkvm`` command."""

from __future__ import annotations

import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import monai
import nibabel
import numpy as np
import torch

import gdkvm_monai
from gdkvm_monai.study.clip_array import check_clip_array
from gdkvm_monai.study.clip_cache import ClipCache
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.frame_loop import segment_frames
from gdkvm_monai.study.measure_segmented import measure_segmented
from gdkvm_monai.study.options import SegmentKeywords, SegmentOptions
from gdkvm_monai.study.outputs import check_formats, write_outputs
from gdkvm_monai.study.pipeline import Pipeline, PipelineSource, load_pipeline
from gdkvm_monai.study.results_folder import ClipResults, fingerprint, results_folder
from gdkvm_monai.study.run_record import InputRecord, RunRecord
from gdkvm_monai.study.stills import Stills

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["SegmentationResult", "segment", "segment_clip"]


@dataclass(frozen=True)
class SegmentationResult(ClipResults):
    """Masks and measurements of one clip.

    Attributes:
        measurements: content of ``measurements.json``.
        frames: content of ``frames.csv``.
        provenance: content of ``run.json``.
        folder: results folder; ``None`` if none was requested.
    """

    folder: Path | None = None
    _mask: np.ndarray | None = field(default=None, repr=False)

    @property
    def ef_percent(self) -> float | None:
        """Mean ejection fraction over the beats; ``None`` if it is withheld."""
        return self.measurements.mean.ef_percent

    @cached_property
    def mask(self) -> np.ndarray:
        """Class indices ``(H, W, T)``, uint8, on the grid of the clip; read from ``mask.nii.gz`` if there is a folder.

        Raises:
            FileNotFoundError: if the results do not include that file.
        """
        if self._mask is not None:
            return self._mask
        return np.asarray(nibabel.load(self.folder / "mask.nii.gz").dataobj)


def segment(
    clip: str | PathLike | Stills | np.ndarray,
    weights: str | PathLike | None = None,
    out: str | PathLike | None = None,
    *,
    pipeline: Pipeline | None = None,
    device: str | None = None,
    configs: Sequence[str | PathLike] = (),
    overwrite: bool = False,
    progress: bool = False,
    **options: Unpack[SegmentKeywords],
) -> SegmentationResult:
    """Segment one clip and measure it.

    Args:
        clip: file or folder that :class:`~gdkvm_monai.data.ClipReader` reads, two
            :class:`~gdkvm_monai.study.stills.Stills`, or array of gray levels ``(H, W, T)``: lateral, depth, time.
        weights: checkpoint, see :func:`~gdkvm_monai.study.pipeline.load_pipeline`; the released weights by default.
        out: folder for the results, which are written to a subfolder named after the clip's hash.
        pipeline: loaded pipeline, for several clips or another engine, instead of ``weights``, ``device``, and
            ``configs``.
        device: device of the network, for example ``"cuda:0"``.
        configs: overlays on the bundle's ``inference.json``.
        overwrite: replace existing results.
        progress: show a progress bar.
        **options: options of :class:`~gdkvm_monai.study.options.SegmentOptions`.

    Returns:
        Masks and measurements. If the clip is already finished, they are read instead of computed again.

    Raises:
        ClipReadError: if the clip cannot be read.
        FileNotFoundError: if the clip or the weights do not exist.
        FileExistsError: if there are results of other weights or options, and ``overwrite`` is false.
        TypeError: if an argument has the wrong type, or an option does not exist.
        ValueError: if an option or the weights are wrong, the axes or the scale of an array look wrong, or both a
            pipeline and its parts are given.
    """
    chosen = SegmentOptions.from_keywords(options)
    if not isinstance(clip, (str, PathLike, Stills)):
        check_clip_array(clip, chosen.force)
    pipeline = _choose_pipeline(pipeline, PipelineSource(weights, configs, device))
    source = ClipSource(clip, chosen)
    check_formats(source, chosen)
    if out is None:
        with tempfile.TemporaryDirectory(prefix="gdkvm-") as folder, ClipCache(Path(folder), source) as cache:
            results = segment_clip(pipeline, source, chosen, cache, progress)
            return SegmentationResult(**vars(results), _mask=cache.masks.stack())
    with results_folder(Path(out), source.id, fingerprint(pipeline, chosen), overwrite) as (folder, results):
        if results is None:
            with ClipCache(folder, source) as cache:
                results = segment_clip(pipeline, source, chosen, cache, progress)
                results = write_outputs(folder, chosen, cache, results)
    return SegmentationResult(**vars(results), folder=Path(out) / source.id)


def _choose_pipeline(pipeline: Pipeline | None, source: PipelineSource) -> Pipeline:
    if pipeline is None:
        return load_pipeline(*source.arguments)
    if not isinstance(pipeline, Pipeline):
        raise TypeError(
            f"pipeline is a {type(pipeline).__name__}, expected the result of load_pipeline(); pass a path as weights."
        )
    for name, value in vars(source).items():
        if value not in (None, (), [], "eager"):
            raise ValueError(
                f"both pipeline and {name} are given, expected one of them; pass {name} to load_pipeline()."
            )
    return pipeline


def segment_clip(
    pipeline: Pipeline, source: ClipSource, options: SegmentOptions, cache: ClipCache, progress: bool = False
) -> ClipResults:
    """Segment and measure a clip; images and masks are stored in the cache."""
    start, started = time.monotonic(), datetime.now(timezone.utc)
    segmented = segment_frames(pipeline, source, options, cache, progress)
    measured = measure_segmented(segmented, cache, options, pipeline.provenance.weights)
    run = _record(pipeline, source, options, started, time.monotonic() - start)
    return ClipResults(measured.measurements, measured.frames, replace(run, surroundings=measured.surroundings))


def _record(
    pipeline: Pipeline, source: ClipSource, options: SegmentOptions, started: datetime, seconds: float
) -> RunRecord:
    meta = source.stream.meta
    return RunRecord(
        gdkvm_version=gdkvm_monai.__version__,
        monai_version=monai.__version__,
        torch_version=str(torch.__version__),
        python_version=platform.python_version(),
        device=str(pipeline.device),
        started_utc=started.isoformat(timespec="seconds"),
        seconds=round(seconds, 2),
        input=InputRecord(source.sha256, source.bytes, source.format),
        **vars(pipeline.provenance),
        options=options,
        fingerprint=fingerprint(pipeline, options),
        intensity_low=meta.get("intensity_low"),
        intensity_high=meta.get("intensity_high"),
        region=source.region,
    )
