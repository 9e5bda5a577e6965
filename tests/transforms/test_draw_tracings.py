"""Labels drawn from tracings."""

from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor

from gdkvm_monai.labels import LV, UNLABELED
from gdkvm_monai.transforms import DrawTracingsd

SIZE = (12, 16)
BOX = [[5, 2, 5, 8], [3, 2, 7, 2], [3, 8, 7, 8]]


def item(frames: list[int], lines: list = BOX) -> dict:
    return {"image": MetaTensor(torch.zeros(1, 12, 16, 4)), "label_frames": frames, "tracings": [lines] * len(frames)}


def test_the_traced_frames_hold_the_ventricle_and_the_others_are_unlabeled():
    drawn = DrawTracingsd("label", size=SIZE)(item([3, 1]))
    label = drawn["label"]
    assert label.shape == (1, 12, 16, 4) and "tracings" not in drawn
    assert (label[..., [0, 2]] == UNLABELED).all()
    for frame in (1, 3):
        assert (label[0, 3:8, 2:9, frame] == LV).all() and (label[..., frame] == LV).sum() == 5 * 7


def test_a_frame_beyond_the_clip_is_refused():
    with pytest.raises(ValueError, match="frame 4, but the clip has 4 frames"):
        DrawTracingsd("label", size=SIZE)(item([4]))


def test_a_tracing_outside_the_frame_is_refused():
    outside = [[value + 100 for value in line] for line in BOX]
    with pytest.raises(ValueError, match="frame 1 encloses no pixel"):
        DrawTracingsd("label", size=SIZE)(item([1], outside))


def test_a_video_of_another_size_than_its_tracings_is_refused_although_the_list_was_right():
    with pytest.raises(ValueError, match=r"frames of \(12, 16\) pixels, but its tracings refer to \(112, 112\)"):
        DrawTracingsd("label")(item([1]))
