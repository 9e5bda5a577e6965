"""From the frames of a segmented clip to its judged measurements."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gdkvm_monai.inferers.perturbation import PERTURBATIONS
from gdkvm_monai.study.clip_cache import ClipCache
from gdkvm_monai.study.frame_loop import edge_share
from gdkvm_monai.study.frame_table import FrameTable, frame_table
from gdkvm_monai.study.measure import Copies, measure_clip
from gdkvm_monai.study.measure_dimensions import with_dimensions
from gdkvm_monai.study.measurements import Measurements
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.patient import describe_patient, patient_header
from gdkvm_monai.study.quality import Evidence, judge, training_data
from gdkvm_monai.study.run_record import WeightsRecord
from gdkvm_monai.study.segmented_frame import SegmentedClip
from gdkvm_monai.study.surroundings import hide_surroundings

__all__ = ["MeasuredClip", "measure_segmented"]


class MeasuredClip(NamedTuple):
    """Measurements of a clip, values of every frame, and what the pictures show beside the sector."""

    measurements: Measurements
    frames: FrameTable
    surroundings: str


def measure_segmented(
    segmented: SegmentedClip, cache: ClipCache, options: SegmentOptions, weights: WeightsRecord
) -> MeasuredClip:
    """Measure and judge a clip all of whose frames are segmented.

    Args:
        segmented: measurements of the frames.
        cache: pictures and masks of the clip; structures that are not wanted are then removed from the masks.
        options: the options of the clip.
        weights: what the weights were trained on.
    """
    source = cache.source
    surroundings = hide_surroundings(cache, segmented.sector, options.keep_surroundings)
    valid = [frame.valid for frame in segmented.frames]
    times_s, _ = source.times(len(valid))
    frames = frame_table(source.id, segmented.frames, times_s, source.spacing_mm is not None)
    copies_of = "" if options.fast else " and ".join(str(perturbation) for perturbation in PERTURBATIONS)
    copies = Copies(segmented.copy_volumes, copies_of)
    numbers = measure_clip(source.facts(valid), frames, options.structures, copies, source.marks)
    header = patient_header(source)
    numbers = with_dimensions(numbers, segmented.frames, describe_patient(options, header), header.heart_rate_bpm)
    frames = frames.with_end_systole(numbers.phases.es_frames)
    edge = edge_share(cache, source, segmented.sector) if any(valid) else np.nan
    cache.keep(options.structures)
    quality = judge(numbers, Evidence(frames, segmented.frames, edge, weights))
    measurements = numbers.judged(quality, training_data(weights, numbers.clip.view))
    return MeasuredClip(measurements, frames, surroundings)
