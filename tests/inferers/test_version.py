"""Mirror images and magnifications of frames, and how their predictions are laid over the original."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai.inferers.version import Version


@pytest.fixture
def clip() -> torch.Tensor:
    """A smooth clip that differs between left and right, shallow and deep, and from frame to frame."""
    lateral, depth = torch.meshgrid(torch.linspace(0, 1, 32), torch.linspace(0, 1, 48), indexing="ij")
    return torch.stack([lateral + 2 * depth, 3 * lateral - depth], dim=-1)[None, None]


def test_the_mirror_swaps_left_and_right_and_keeps_depth_and_time(clip):
    mirrored = Version(True, 1.0).apply(clip)
    assert torch.equal(mirrored, clip[:, :, torch.arange(31, -1, -1)])
    assert torch.equal(Version(True, 1.0).undo(mirrored), clip)


def test_a_scale_of_one_changes_nothing_bit_for_bit(clip):
    version = Version(False, 1.0)
    assert torch.equal(version.apply(clip), clip) and torch.equal(version.undo(clip), clip)
    assert version.seen(clip).all()


def test_a_disk_has_its_area_scaled_along_both_axes_about_the_center():
    lateral, depth = torch.meshgrid(torch.arange(64) - 31.5, torch.arange(96) - 47.5, indexing="ij")
    disk = (lateral.square() + depth.square() < 20**2).float()[None, None]
    for scale in (0.8, 1.25):
        moved = Version(False, scale).apply(disk)[0, 0]
        assert float(moved.sum() / disk.sum()) == pytest.approx(scale**2, rel=0.01)
        for axis in (0, 1):
            profile = moved.sum(axis)
            torch.testing.assert_close(profile, profile.flip(0), atol=1e-3, rtol=0)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("scale", [0.9, 1.1])
def test_a_prediction_that_moves_with_the_frames_is_laid_over_the_original(clip, mirrored, scale):
    version = Version(mirrored, scale)
    back = version.undo(version.apply(clip))
    inner = back[:, :, 3:-3, 3:-3], clip[:, :, 3:-3, 3:-3]  # black beside a reduced frame reaches its edge
    torch.testing.assert_close(*inner, atol=1e-4, rtol=0)


def test_a_reduced_frame_is_seen_whole_with_black_around_it(clip):
    version = Version(False, 0.5)
    assert version.seen(clip).all()
    reduced = version.apply(clip.abs() + 1)
    assert not reduced[:, :, :7].any() and not reduced[..., :11, :].any() and (reduced[:, :, 9:-9, 13:-13] > 0.9).all()


def test_a_magnified_frame_loses_its_border(clip):
    seen = Version(False, 2.0).seen(clip)
    assert seen.shape == (32, 48, 1)
    assert seen[8:24, 12:36].all() and int(seen.sum()) == 16 * 24
    assert torch.equal(Version(True, 2.0).seen(clip[..., 0]), seen[..., 0])


def test_a_clip_is_transformed_like_each_of_its_frames(clip):
    version = Version(True, 1.1)
    frames = [version.undo(version.apply(frame)) for frame in clip.unbind(-1)]
    torch.testing.assert_close(version.undo(version.apply(clip)), torch.stack(frames, dim=-1))
