"""Gray levels: 8-bit images are unchanged, other values are scaled, and faulty frames are ignored."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from gdkvm_monai.data.intensity import FrameFault, GrayScale, measure_gray_scale


def frames_of(clip: np.ndarray) -> list[np.ndarray]:
    return list(np.moveaxis(clip, -1, 0))


def scaled(clip: np.ndarray) -> np.ndarray:
    scale = measure_gray_scale(frames_of(clip))
    return np.stack([scale.apply(frame) for frame in frames_of(clip)], axis=-1)


@pytest.fixture()
def clip() -> np.ndarray:
    return np.random.default_rng(0).normal(300, 90, (40, 30, 5))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, ">i2", np.float64, ">f4"])
def test_eight_bit_values_are_unchanged_for_any_type(dtype):
    clip = np.random.default_rng(0).integers(0, 256, (8, 7, 3)).astype(dtype)
    assert not measure_gray_scale(frames_of(clip)).is_scaled
    np.testing.assert_array_equal(scaled(clip), clip)
    assert scaled(clip).dtype == np.float32


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_dark_8_bit_image_is_unchanged_if_the_pixel_type_says_so(dtype):
    dark = np.random.default_rng(0).integers(0, 2, (8, 7, 3)).astype(dtype)
    assert not measure_gray_scale(frames_of(dark), "uint8").is_scaled
    assert measure_gray_scale(frames_of(dark)).is_scaled == (dtype != np.uint8)


def test_other_values_are_scaled_by_percentiles_of_the_whole_clip(clip):
    scale = measure_gray_scale(frames_of(clip))
    low, high = np.percentile(clip, (0.1, 99.9))
    assert (scale.low, scale.high) == pytest.approx((low, high), abs=0.02)  # values are counted in 65535 steps
    np.testing.assert_allclose(scaled(clip), np.clip((clip - low) * 255 / (high - low), 0, 255), atol=0.02)
    assert scaled(clip).min() == 0 and scaled(clip).max() == 255


@pytest.mark.parametrize(("low", "high"), [(0, 1 << 16), (-3000, 3000), (7, 5000)])
def test_percentiles_of_integers_are_exactly_those_of_numpy(low, high):
    values = np.random.default_rng(0).beta(0.5, 2, (31, 23, 5))  # dark ones more often, as in a picture
    clip = (low + values * (high - low - 1)).astype(np.int32)
    clip[0, 0, 0], clip[0, 1, 0] = low, low + 65535  # steps of one
    scale = measure_gray_scale(frames_of(clip))
    assert (scale.low, scale.high) == pytest.approx(tuple(np.percentile(clip, (0.1, 99.9))), rel=1e-12)


@pytest.mark.parametrize(("gain", "offset"), [(1e-6, 0), (1e30, 5e29), (-1, 0)])
def test_gain_and_offset_do_not_matter(clip, gain, offset):
    expected = scaled(clip) if gain > 0 else 255 - scaled(clip)
    np.testing.assert_allclose(scaled(clip * gain + offset), expected, atol=0.01)


def test_values_from_zero_to_one_are_scaled():
    clip = np.linspace(0, 1, 1000).reshape(10, 10, 10)
    assert scaled(clip).max() == 255
    assert scaled(clip > 0.5).max() == 255


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("gain", [1, 10])  # as it is, and scaled
def test_a_faulty_frame_affects_neither_the_scale_nor_other_frames(clip, value, gain):
    clip = np.clip(clip, 0, 600) * gain * 255 / 600
    broken = clip.copy()
    broken[3, 4, 2], broken[9, 9, 2] = value, 1e9
    others = [0, 1, 3, 4]
    scale, expected = (measure_gray_scale(frames_of(x)) for x in (broken, clip[..., others]))
    assert scale == expected
    faults = [scale.fault(frame) for frame in frames_of(broken)]
    assert faults == [FrameFault.NOT_FINITE if t == 2 else FrameFault.NONE for t in range(5)]


@pytest.mark.parametrize("value", [0, 300, -2.5, 1e9])
def test_a_frame_with_a_single_value_is_faulty_and_ignored(clip, value):
    filled = clip.copy()
    filled[..., 1] = value
    scale = measure_gray_scale(frames_of(filled))
    assert scale == measure_gray_scale(frames_of(clip[..., [0, 2, 3, 4]]))
    assert [scale.fault(frame) for frame in frames_of(filled)].count(FrameFault.CONSTANT) == 1


@pytest.mark.parametrize("value", [0, 300, np.nan, np.inf])
def test_a_clip_without_a_valid_frame_has_the_8_bit_scale(value):
    clip = np.full((4, 3, 2), value, np.float32)
    scale = measure_gray_scale(frames_of(clip))
    assert not scale.is_scaled and scale.fault(clip[..., 0]) is not FrameFault.NONE


@pytest.mark.parametrize("gain", [1, 10])
def test_pixels_that_are_never_finite_at_the_border_are_outside_and_black(clip, gain):
    clip = np.clip(clip, 1, 600) * gain * 255 / 600
    sector = clip.copy()
    sector[:5], sector[5, 0] = np.nan, np.inf
    scale = measure_gray_scale(frames_of(sector))
    assert scale.outside[:5].all() and scale.outside[5, 0] and scale.outside.sum() == 151
    assert all(scale.fault(frame) is FrameFault.NONE for frame in frames_of(sector))
    gray = scaled(sector)
    assert not gray[:5].any() and np.isfinite(gray).all()
    inside = measure_gray_scale([frame[~scale.outside][None] for frame in frames_of(clip)])
    assert (scale.low, scale.high) == (inside.low, inside.high)


def test_pixels_that_are_never_finite_inside_the_sector_are_a_fault(clip):
    clip[20, 15] = np.nan
    scale = measure_gray_scale(frames_of(clip))
    assert scale.outside is None
    assert {scale.fault(frame) for frame in frames_of(clip)} == {FrameFault.NOT_FINITE}


@pytest.mark.parametrize("value", [0, np.nan])
def test_a_dropped_frame_does_not_change_the_outside_mask(clip, value):
    clip[:5] = np.nan
    clip[..., 3] = value
    scale = measure_gray_scale(frames_of(clip))
    faults = [scale.fault(frame) for frame in frames_of(clip)]
    assert scale.outside.sum() == 150
    assert [t for t, fault in enumerate(faults) if fault is not FrameFault.NONE] == [3]


def test_rare_values_that_no_percentile_sees_span_the_scale():
    clip = np.full((100, 100, 1), 7.0)
    clip[0, 0, 0] = 1e6  # above the 99.9th percentile
    scale = measure_gray_scale(frames_of(clip))
    assert (scale.low, scale.high) == (7, 1e6)


def test_a_live_scale_clips_what_later_frames_exceed():
    scale = measure_gray_scale([np.array([[0, 4095]], np.uint16)])
    assert scale.apply(np.array([[0, 9000]], np.uint16)).tolist() == [[0, 255]]


def test_8_bit_frames_are_not_read_for_the_scale():
    read = []

    class Frames:
        def __iter__(self) -> Iterator[np.ndarray]:
            for index in range(3):
                read.append(index)
                yield np.zeros((2, 2), np.uint8)

    assert not measure_gray_scale(Frames()).is_scaled
    assert read == [0]


def test_a_scale_without_a_range_is_refused():
    with pytest.raises(ValueError, match="from 5 to 5"):
        GrayScale(5, 5)
