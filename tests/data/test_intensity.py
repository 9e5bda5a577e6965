"""Percentiles of a clip, one frame at a time, are those of the whole clip to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data.intensity import eight_bit_frames, percentiles

CLIPS = {
    "16 bits": (np.uint16, 0, 1 << 16),
    "12 bits": (np.uint16, 0, 1 << 12),
    "signed": (np.int16, -3000, 3000),
    "8 bits signed": (np.int8, -128, 128),
    "few values": (np.uint16, 7, 12),
}


def clips(kind: str) -> np.ndarray:
    """Frames ``(T, H, W)``, dark ones more often, as in a picture."""
    dtype, low, high = CLIPS[kind]
    values = np.random.default_rng(0).beta(0.5, 2, (5, 31, 23))
    return (low + values * (high - low - 1)).astype(dtype)


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("kind", CLIPS)
def test_percentiles_are_exactly_those_of_numpy(kind, count):
    frames, percents = clips(kind)[:count], (0, 0.1, 37.3, 50, 99.9, 100)
    assert percentiles(iter(frames), percents) == np.percentile(frames, percents).tolist()


def test_the_percentile_of_a_single_pixel_is_its_value():
    assert percentiles([np.full((1, 1), 300, np.uint16)], (0.1, 99.9)) == [300, 300]


@pytest.mark.parametrize("kind", CLIPS)
def test_frames_are_scaled_as_the_whole_clip_would_be(kind):
    frames, meta = clips(kind), {}
    scaled = np.stack(list(eight_bit_frames(lambda: (frame for frame in frames), meta)))
    low, high = (float(value) for value in np.percentile(frames, (0.1, 99.9)))
    expected = np.rint(np.clip((frames.astype(np.float32) - low) * (255 / (high - low)), 0, 255)).astype(np.uint8)
    np.testing.assert_array_equal(scaled, expected)
    assert meta == {"intensity_low": low, "intensity_high": high}
    assert scaled.min() == 0 and scaled.max() == 255


def test_eight_bits_stay_and_a_constant_clip_becomes_black():
    frames, meta = np.arange(24, dtype=np.uint8).reshape(2, 4, 3), {}
    np.testing.assert_array_equal(np.stack(list(eight_bit_frames(lambda: (frame for frame in frames), meta))), frames)
    assert meta == {}
    constant = np.full((2, 4, 3), 7, np.int16)
    assert not np.any(list(eight_bit_frames(lambda: (frame for frame in constant), meta)))
