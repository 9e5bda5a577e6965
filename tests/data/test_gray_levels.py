"""Gray levels of any clip: 8-bit pictures stay, other values are scaled by the clip's percentiles."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data.gray_levels import gray_frames


def scaled(clip: np.ndarray) -> tuple[np.ndarray, dict]:
    meta: dict = {}
    return np.stack(list(gray_frames(list(np.moveaxis(clip, -1, 0)), meta)), axis=-1), meta


@pytest.fixture()
def clip() -> np.ndarray:
    return np.random.default_rng(0).normal(300, 90, (40, 30, 5))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, ">i2", np.float64, ">f4"])
def test_values_of_8_bits_stay_whatever_their_type(dtype):
    clip = np.random.default_rng(0).integers(0, 256, (8, 7, 3)).astype(dtype)
    frames, meta = scaled(clip)
    np.testing.assert_array_equal(frames, clip)
    assert not meta and frames.dtype == (np.uint8 if dtype == np.uint8 else np.float32)  # native, as torch needs it


def test_other_values_are_scaled_by_percentiles_of_the_whole_clip(clip):
    frames, meta = scaled(clip)
    low, high = np.percentile(clip, (0.1, 99.9))
    assert meta["intensity_low"] == pytest.approx(low, abs=0.02)  # values are counted in 65535 steps
    assert meta["intensity_high"] == pytest.approx(high, abs=0.02)
    np.testing.assert_allclose(frames, np.clip((clip - low) * 255 / (high - low), 0, 255), atol=0.02)
    assert frames.min() == 0 and frames.max() == 255


@pytest.mark.parametrize(("gain", "offset"), [(1e-6, 0), (1e30, 5e29), (1e300, 0), (1e-6, 1000)])
def test_gain_and_offset_do_not_matter(clip, gain, offset):
    np.testing.assert_allclose(scaled(clip * gain + offset)[0], scaled(clip)[0], atol=0.01)


def test_zero_to_one_is_a_scale_of_its_own():
    clip = np.linspace(0, 1, 1000).reshape(10, 10, 10)
    assert scaled(clip)[0].max() == 255
    assert scaled(clip > 0.5)[0].max() == 255


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("gain", [1, 10])  # as it is, and scaled
def test_values_that_are_not_finite_stay_and_do_not_move_the_scale(clip, value, gain):
    clip = np.clip(clip, 0, 600) * gain * 255 / 600
    broken = clip.copy()
    broken[3, 4, 2] = value
    frames = scaled(broken)[0]
    np.testing.assert_array_equal(~np.isfinite(frames), ~np.isfinite(broken))
    np.testing.assert_allclose(frames[..., [0, 1, 3, 4]], scaled(clip)[0][..., [0, 1, 3, 4]], atol=0.02)


@pytest.mark.parametrize("value", [0, 300, -2.5, np.nan])
def test_a_constant_clip_stays_constant(value):
    frames, meta = scaled(np.full((4, 3, 2), value, np.float32))
    assert len(np.unique(frames)) == 1 and "intensity_low" not in meta


def test_a_clip_of_rare_values_has_no_range_and_becomes_black():
    clip = np.full((100, 100, 1), 7.0)
    clip[0, 0, 0] = 1e6  # above the 99.9th percentile
    frames, meta = scaled(clip)
    assert not frames.any() and meta["intensity_low"] == meta["intensity_high"]


def test_8_bit_frames_are_not_read_for_the_scale():
    read = []

    class Frames:
        def __iter__(self):
            for index in range(3):
                read.append(index)
                yield np.zeros((2, 2), np.uint8)

    assert len(list(gray_frames(Frames(), {}))) == 3
    assert read == [0, 0, 1, 2]
