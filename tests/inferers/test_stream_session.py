"""Streaming equals the whole clip, keeps sessions independent, and resumes from a file."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import AsDiscreted, Compose, Invertd, Resized, ScaleIntensityRanged

from gdkvm_monai.data.intensity import GrayScale, measure_gray_scale
from gdkvm_monai.inferers import AutocastInferer, StreamSession
from gdkvm_monai.networks.nets import GDKVM, FrameByFrame, Vivim
from gdkvm_monai.transforms import CropToRegiond, MarkInvalidFramesd, ScaleToGrayd

SMALL = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 16}


@pytest.fixture(scope="module")
def network() -> GDKVM:
    torch.manual_seed(0)
    return GDKVM(**SMALL).eval()


@pytest.fixture()
def clip() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (45, 38, 6), dtype=np.uint8)


def transforms() -> tuple[Compose, Compose]:
    resize = Resized("image", (32, 48, -1), mode="trilinear")
    gray = [CropToRegiond("image"), ScaleToGrayd("image"), resize, ScaleIntensityRanged("image", 0, 255, 0, 1)]
    before = Compose([*gray, MarkInvalidFramesd("image")])
    after = Compose([Invertd("pred", before, "image", nearest_interp=False), AsDiscreted("pred", argmax=True)])
    return before, after


def masks(session: StreamSession, clip: np.ndarray) -> np.ndarray:
    return np.stack([session.push(frame) for frame in np.moveaxis(clip, -1, 0)], axis=-1)


def whole(network: GDKVM, clip: np.ndarray, **meta) -> np.ndarray:
    """Masks of a clip that is segmented at once."""
    before, after = transforms()
    item = before({"image": MetaTensor(torch.as_tensor(clip)[None].float(), meta=meta)})
    with torch.inference_mode():
        item["pred"] = AutocastInferer()(item["image"][None], network)[0]
    return after(item)["pred"][0].numpy()


def test_a_stream_equals_the_whole_clip_bit_for_bit(network, clip):
    streamed = masks(StreamSession(network, *transforms(), keep_probabilities=True), clip)
    assert streamed.shape == clip.shape and len(np.unique(streamed)) > 1
    np.testing.assert_array_equal(streamed, whole(network, clip, pixel_type="uint8"))


def test_with_the_clips_gray_scale_and_region_a_stream_of_any_values_equals_the_whole_clip(network, clip):
    deep, region = clip.astype(np.float32) ** 2 - 900, (5, 4, 40, 36)
    deep[..., 0] /= 4
    deep[..., 2], deep[9, 9, 4], deep[:6] = 77, np.inf, np.nan  # the first column of the region is outside
    cropped = deep[5:40, 4:36]
    scale = measure_gray_scale(list(np.moveaxis(cropped, -1, 0)))
    session = StreamSession(network, *transforms(), gray_scale=scale, region=region)
    streamed = masks(session, deep)
    assert len(np.unique(streamed)) > 1 and not streamed[..., [2, 4]].any() and streamed[..., 5].any()
    np.testing.assert_array_equal(streamed, whole(network, deep, region=region))
    live = masks(StreamSession(network, *transforms(), region=region), deep)
    assert (live != streamed).any()  # whose scale is that of the first frame


def test_without_a_gray_scale_the_first_valid_frame_decides_for_all(network, clip):
    deep = clip.astype(np.uint16) * 16 + 300
    deep[:3, :, :] = 300
    first = np.zeros_like(deep[..., 0])
    session = StreamSession(network, *transforms())
    assert not session.push(first).any() and session.gray_scale is None
    live = masks(session, deep)
    scale = measure_gray_scale([deep[..., 0]])
    assert session.gray_scale == scale and scale.is_scaled
    np.testing.assert_array_equal(live, masks(StreamSession(network, *transforms(), gray_scale=scale), deep))
    session.reset()
    assert session.gray_scale is None


def test_eight_bit_frames_are_unchanged_in_a_live_stream(network, clip):
    dark = clip // 255 + (clip > 100)  # 0 and 1
    session = StreamSession(network, *transforms())
    live = masks(session, dark)
    assert session.gray_scale == GrayScale()
    np.testing.assert_array_equal(live, whole(network, dark, pixel_type="uint8"))


def test_non_finite_pixels_at_the_border_of_the_first_valid_frame_are_outside_the_sector(network, clip):
    sector = clip.astype(np.float32)
    sector[:8, :4] = np.nan
    session = StreamSession(network, *transforms())
    live = masks(session, sector)
    assert session.valid and session.gray_scale.outside.sum() == 32
    np.testing.assert_array_equal(live, whole(network, sector))
    sector[20, 20] = np.nan
    assert not session.push(sector[..., 0]).any() and not session.valid


def test_nothing_leaks_from_one_clip_to_the_next(network, clip):
    session = StreamSession(network, *transforms())
    first = masks(session, clip)
    session.reset()
    np.testing.assert_array_equal(masks(session, clip), first)
    other = StreamSession(network, *transforms())
    session.reset()
    for frame in np.moveaxis(clip, -1, 0):  # two clips at once, by one network
        np.testing.assert_array_equal(session.push(frame), other.push(frame))


def test_a_saved_state_resumes_where_it_stopped(network, clip, tmp_path):
    session, clip = StreamSession(network, *transforms()), clip.astype(np.float32) * 9
    clip[0], clip[..., 3:] = np.nan, clip[..., 3:] / 2  # another gray scale than the first frame's
    expected = masks(session, clip)
    session.reset()
    masks(session, clip[..., :3])
    session.save(tmp_path / "state.pt")
    resumed = StreamSession(network, *transforms())
    resumed.load(tmp_path / "state.pt")
    np.testing.assert_array_equal(masks(resumed, clip[..., 3:]), expected[..., 3:])


def test_a_state_of_another_network_is_refused(network, clip, tmp_path):
    session = StreamSession(network)
    session.push(clip[:32, :32, 0])
    session.save(tmp_path / "state.pt")
    other = StreamSession(GDKVM(**{**SMALL, "key_channels": 4}))
    with pytest.raises(ValueError, match="load its own state"):
        other.load(tmp_path / "state.pt")
    with pytest.raises(ValueError, match="push a frame first"):
        other.save(tmp_path / "other.pt")


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 77.0])
def test_an_invalid_frame_gets_an_empty_mask_and_leaves_the_memory_unchanged(network, clip, value):
    session = StreamSession(network, *transforms())
    expected = masks(session, clip)
    session.reset()
    masks(session, clip[..., :3])
    broken = clip[..., 3].astype(float)
    broken[:1] = value
    if np.isfinite(value):
        broken[:] = value
    state = session.state
    assert not session.push(broken).any() and not session.valid
    assert session.state is state
    np.testing.assert_array_equal(masks(session, clip[..., 3:]), expected[..., 3:])
    assert session.valid


def test_probabilities_agree_with_the_mask_on_its_own_grid(network, clip):
    session = StreamSession(network, *transforms(), keep_probabilities=True)
    mask = session.push(clip[..., 0])
    assert session.probabilities.shape == (4, 45, 38)
    np.testing.assert_allclose(session.probabilities.sum(0), 1, atol=1e-5)
    np.testing.assert_array_equal(session.probabilities.argmax(0), mask)


def test_frames_of_another_size_or_rank_are_refused(network, clip):
    session = StreamSession(network, *transforms())
    session.push(clip[..., 0])
    with pytest.raises(ValueError, match=r"shape \(38, 45\), expected \(45, 38\) as before"):
        session.push(clip[..., 0].T)
    with pytest.raises(ValueError, match=r"expected \(H, W\)"):
        StreamSession(network).push(clip)


@pytest.mark.parametrize("kind", [complex, str, object])
def test_a_frame_that_is_not_of_real_numbers_is_refused(kind, network, clip):
    with pytest.raises(TypeError, match="the frame is of type"):
        StreamSession(network).push(clip[..., 0].astype(kind))


def test_a_network_without_a_memory_can_stream_too(clip):
    session = StreamSession(FrameByFrame(torch.nn.Conv2d(1, 4, 3, padding=1)), *transforms())
    assert session.push(clip[..., 0]).shape == (45, 38)


def test_a_network_for_whole_clips_is_refused():
    with pytest.raises(TypeError, match="Vivim segments whole clips and cannot stream"):
        StreamSession(Vivim(widths=[4, 8, 10, 16], head_width=8))


def test_the_state_does_not_grow(network, clip):
    session = StreamSession(network, *transforms())
    sizes = set()
    for frame in np.moveaxis(clip, -1, 0):
        session.push(frame)
        sizes.add(tuple(part.numel() for part in session.state))
    assert len(sizes) == 1
