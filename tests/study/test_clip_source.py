"""An open clip: its identity, region, and times, and nothing from its file name."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from gdkvm_monai.data import ClipReadError
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.options import SegmentOptions
from tests.study.gray_level_network import LEVELS
from tests.study.tiny_command import noise_clip, write_label_clip


def opened(clip, **options) -> ClipSource:
    return ClipSource(clip, SegmentOptions(**options))


@pytest.fixture()
def dicom(tmp_path):
    path = tmp_path / "clip.dcm"
    return path, write_label_clip(path, "dicom", beats=0.3)


def test_the_tissue_region_is_placed_in_the_full_frame(dicom):
    path, clip = dicom
    data = pydicom.dcmread(path)
    region = data.SequenceOfUltrasoundRegions[0]
    region.RegionLocationMinX0, region.RegionLocationMinY0, region.RegionLocationMaxY1 = 5, 7, 40
    data.save_as(path)
    source, whole = opened(path), opened(path, crop=False)
    assert source.region == (5, 7, 48, 41) and source.box_shape == (43, 34) and source.shape == (48, 48) == whole.shape
    assert whole.region is None and whole.box_shape == (48, 48) and source.id == whole.id
    frame = next(source.frames())
    np.testing.assert_array_equal(frame, clip.image[..., 0])
    gray = source.gray(frame)
    np.testing.assert_array_equal(gray, clip.image[5:, 7:41, 0])
    mask = (gray // LEVELS).astype(np.uint8)
    placed = source.place(mask)
    np.testing.assert_array_equal(placed[source.box], mask)
    assert placed.shape == (48, 48) and placed.sum() == mask.sum()
    np.testing.assert_allclose(source.affine, whole.affine)


def test_the_spacing_comes_from_the_file_or_the_user_or_is_unknown(dicom):
    path, clip = dicom
    assert opened(path).spacing_mm == pytest.approx(clip.spacing_mm)
    assert opened(path, spacing_mm=(0.3, 0.4)).spacing_mm == (0.3, 0.4)
    assert opened(noise_clip()).spacing_mm is None
    data = pydicom.dcmread(path)
    data.SequenceOfUltrasoundRegions[0].RegionLocationMaxX1 = 99
    data.save_as(path)
    facts = opened(path).facts([True] * clip.image.shape[-1])
    assert facts.spacing_mm is None and facts.spacing_trust == "scaled"


@pytest.mark.parametrize("spacing_mm", [(3.0, 0.4), (0.03, 0.4), (10.0, 10.0), (0.1, 0.1)])
def test_a_spacing_of_the_user_at_which_no_echo_has_the_size_of_the_field_is_in_conflict(dicom, spacing_mm):
    source = opened(dicom[0], spacing_mm=spacing_mm)
    assert source.spacing_trust == "conflict" and source.spacing_mm is None


def test_a_time_in_the_file_that_no_echo_has_is_unknown_and_its_source_is_named(dicom):
    data = pydicom.dcmread(dicom[0])
    data.FrameTime = 1000
    for name in ("CineRate", "RecommendedDisplayFrameRate"):
        data.pop(name, None)
    data.save_as(dicom[0])
    assert opened(dicom[0]).times(3) == (None, "FrameTime")
    assert opened(dicom[0], fps=50).times(3) == ([0, 0.02, 0.04], "option")


def test_times_that_cannot_be_used_are_a_fact_until_the_user_states_the_rate(dicom):
    data = pydicom.dcmread(dicom[0])
    data.FrameTimeVector, data.FrameIncrementPointer = [0, 20], 0x00181065
    data.save_as(dicom[0])
    assert opened(dicom[0]).facts([True] * 3).unusable_times == "FrameTimeVector"
    assert opened(dicom[0], fps=50).facts([True] * 3).unusable_times is None


def test_times_come_from_the_user_or_the_file_or_are_unknown(dicom):
    path, clip = dicom
    count = clip.image.shape[-1]
    times, source = opened(path).times(count)
    np.testing.assert_allclose(times, np.arange(count) / 25)
    assert source == "FrameTime"
    times, source = opened(path, fps=10).times(count)
    np.testing.assert_allclose(times, np.arange(count) / 10)
    assert source == "option" and opened(noise_clip()).times(3) == (None, None)


def test_uneven_frames_keep_their_times(dicom):
    path, clip = dicom
    steps = [0, *(20 + 10 * (frame % 2) for frame in range(clip.image.shape[-1] - 1))]
    data = pydicom.dcmread(path)
    data.FrameTimeVector, data.FrameIncrementPointer = steps, 0x00181065  # the tag of the vector
    data.save_as(path)
    source = opened(path)
    times, name = source.times(len(steps))
    np.testing.assert_allclose(times, np.cumsum(steps) / 1000)
    facts = source.facts([True] * len(steps))
    assert name == "FrameTimeVector" and facts.frame_time_ms == pytest.approx(np.mean(steps[1:]), abs=1e-3)
    assert facts.frame_rate_hz == pytest.approx(1000 / np.mean(steps[1:]), abs=1e-3)


def test_facts_of_a_still_have_no_frame_rate():
    facts = opened(noise_clip(1), fps=50).facts([True])
    assert facts.frames == facts.valid_frames == 1
    assert facts.frame_rate_hz is None and facts.frame_time_ms is None


def test_an_array_that_is_not_a_clip_is_refused():
    with pytest.raises(ClipReadError, match=r"type complex128, expected a gray clip \(H, W, T\)"):
        opened(np.zeros((2, 2, 2), complex))
