"""The time axis: annotations stay with their frames, and unlabeled frames never become background."""

from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor

from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.transforms import FromEDToESd, KeepLabelFramesd, PlaceLabelFramesd, SampleFramesd

AFFINE = torch.diag(torch.tensor([-0.3, -0.2, 0.02, 1.0], dtype=torch.float64))


def clip(frames: int, first: int = 0) -> MetaTensor:
    """A clip ``(1, 2, 3, T)`` in which frame ``t`` has the value ``first + t``, with metadata."""
    values = torch.arange(first, first + frames, dtype=torch.float32)
    return MetaTensor(values.expand(1, 2, 3, frames).clone(), affine=AFFINE, meta={"filename_or_obj": "clip.nii.gz"})


def values(x: torch.Tensor) -> list[float]:
    """The value of each frame; fails when a frame has several."""
    assert (x == x[:1, :1, :1]).all()
    return x[0, 0, 0].tolist()


def assert_same_metadata(x: torch.Tensor) -> None:
    assert isinstance(x, MetaTensor) and x.meta["filename_or_obj"] == "clip.nii.gz"
    torch.testing.assert_close(x.affine, AFFINE)


class TestPlaceLabelFramesd:
    @pytest.mark.parametrize("frames", [[0, 4], [4, 0], [2], [1, 2, 3]])
    def test_each_label_frame_is_placed_on_its_frame(self, frames):
        label = clip(len(frames), first=1)
        placed = PlaceLabelFramesd("label")({"image": clip(5), "label": label, "label_frames": frames})["label"]
        expected = [UNLABELED] * 5
        for value, frame in enumerate(frames, start=1):
            expected[frame] = value
        assert values(placed) == expected
        assert_same_metadata(placed)

    @pytest.mark.parametrize("frames", [[0, 1, 2], [2, 0, 1], [2, 1, 0]])
    def test_a_label_for_every_frame_is_taken_in_the_order_of_its_frame_numbers(self, frames):
        item = {"image": clip(3), "label": clip(3), "label_frames": frames}
        assert values(PlaceLabelFramesd("label")(item)["label"][..., frames]) == [0, 1, 2]

    def test_only_the_named_frames_of_a_full_length_label_are_used(self):
        item = {"image": clip(4), "label": clip(4), "label_frames": [3, 1]}
        assert values(PlaceLabelFramesd("label")(item)["label"]) == [UNLABELED, 1, UNLABELED, 3]

    def test_a_frame_that_is_empty_but_annotated_stays_background(self):
        item = {"image": clip(3), "label": torch.zeros(1, 2, 3, 1), "label_frames": [1]}
        assert values(PlaceLabelFramesd("label")(item)["label"]) == [UNLABELED, 0, UNLABELED]

    def test_without_frame_numbers_every_frame_is_annotated(self):
        item = {"image": clip(3), "label": clip(3)}
        assert PlaceLabelFramesd("label")(item)["label"] is item["label"]

    def test_the_label_keeps_its_type_and_the_input_item_is_unchanged(self):
        label = torch.ones(1, 2, 3, 1, dtype=torch.uint8)
        item = {"image": clip(3), "label": label, "label_frames": [1]}
        placed = PlaceLabelFramesd("label")(item)["label"]
        assert placed.dtype == torch.uint8 and values(placed) == [255, 1, 255]
        assert item["label"] is label and (label == 1).all()

    @pytest.mark.parametrize(("count", "frames"), [(2, [0]), (1, [0, 4]), (2, [0, 5]), (2, [-1, 0]), (6, [0, 1])])
    def test_frame_numbers_that_do_not_match_the_clip_or_the_label_are_refused(self, count, frames):
        item = {"image": clip(5), "label": clip(count), "label_frames": frames}
        with pytest.raises(ValueError, match=rf"label has {count} frames .*the clip has 5 frames \(0 to 4\)"):
            PlaceLabelFramesd("label")(item)


class TestFromEDToESd:
    @pytest.mark.parametrize(
        ("ed", "es", "expected"),
        [(0, 4, [0, 1, 2, 3, 4]), (4, 0, [4, 3, 2, 1, 0]), (1, 3, [1, 2, 3]), (3, 1, [3, 2, 1]), (2, 2, [2])],
    )
    def test_clip_and_label_run_from_ed_to_es_for_either_order_in_the_file(self, ed, es, expected):
        item = {"image": clip(5), "label": clip(5), "ed_frame": ed, "es_frame": es}
        cut = FromEDToESd(["image", "label"])(item)
        for key in ("image", "label"):
            assert values(cut[key]) == expected
            assert_same_metadata(cut[key])
        assert (cut["ed_frame"], cut["es_frame"]) == (0, len(expected) - 1)

    def test_a_second_pass_changes_nothing(self):
        cut = FromEDToESd("image")({"image": clip(6), "ed_frame": 4, "es_frame": 1})
        again = FromEDToESd("image")(cut)
        assert torch.equal(again["image"], cut["image"]) and again["es_frame"] == cut["es_frame"] == 3

    @pytest.mark.parametrize("known", [{}, {"ed_frame": 2}, {"es_frame": 2}])
    def test_a_clip_whose_phases_are_unknown_passes_unchanged(self, known):
        item = {"image": clip(5), **known}
        assert FromEDToESd("image")(item) == item

    def test_the_input_item_keeps_its_frames_and_frame_numbers(self):
        item = {"image": clip(5), "ed_frame": 3, "es_frame": 1}
        FromEDToESd("image")(item)
        assert item["image"].shape[-1] == 5 and (item["ed_frame"], item["es_frame"]) == (3, 1)

    @pytest.mark.parametrize(("ed", "es"), [(0, 5), (5, 0), (-1, 3), (7, 9)])
    def test_frame_numbers_outside_the_clip_are_refused(self, ed, es):
        with pytest.raises(
            ValueError, match=rf"ed_frame {ed} and es_frame {es} do not lie in image, which has 5 frames"
        ):
            FromEDToESd("image")({"image": clip(5), "ed_frame": ed, "es_frame": es})


class TestSampleFramesd:
    @pytest.mark.parametrize("length", [2, 3, 9, 10, 11, 15, 20, 100])
    def test_ten_frames_are_taken_in_order_including_the_first_and_the_last(self, length):
        sampled = SampleFramesd("image", 10)({"image": clip(length)})["image"]
        frames = values(sampled)
        assert len(frames) == 10 and frames[0] == 0 and frames[-1] == length - 1 and frames == sorted(frames)
        steps = [b - a for a, b in zip(frames, frames[1:])]
        assert max(steps) - min(steps) <= 1  # uniform, as far as whole frames can be
        assert_same_metadata(sampled)

    def test_a_clip_of_the_requested_length_is_unchanged(self):
        assert values(SampleFramesd("image", 10)({"image": clip(10)})["image"]) == list(range(10))

    def test_a_shorter_clip_repeats_frames_and_loses_none(self):
        frames = values(SampleFramesd("image", 10)({"image": clip(4)})["image"])
        assert set(frames) == {0, 1, 2, 3} and len(frames) == 10
        assert values(SampleFramesd("image", 5)({"image": clip(1)})["image"]) == [0] * 5

    def test_clip_and_label_keep_the_same_frames(self):
        item = {"image": clip(17), "label": clip(17)}
        sampled = SampleFramesd(["image", "label"], 6)(item)
        assert values(sampled["image"]) == values(sampled["label"])

    def test_zero_keeps_all_frames(self):
        item = {"image": clip(7)}
        assert SampleFramesd("image", 0)(item)["image"] is item["image"]

    def test_a_negative_number_is_refused(self):
        with pytest.raises(ValueError, match="num_frames is -1, expected 1 or more, or 0 to keep all"):
            SampleFramesd("image", -1)


class TestKeepLabelFramesd:
    @pytest.mark.parametrize(
        ("frames", "expected"),
        [
            ((0, -1), [0, 255, 255, 255, 4]),
            ((2,), [255, 255, 2, 255, 255]),
            ((-2, 0), [0, 255, 255, 3, 255]),
            ((), [255] * 5),
        ],
    )
    def test_kept_frames_stay_and_the_others_become_unlabeled_not_background(self, frames, expected):
        kept = KeepLabelFramesd("label", frames)({"label": clip(5)})["label"]
        assert values(kept) == expected
        assert_same_metadata(kept)

    def test_the_paper_supervises_the_first_and_the_last_frame_and_of_a_pair_both(self):
        assert values(KeepLabelFramesd("label")({"label": clip(3)})["label"]) == [0, UNLABELED, 2]
        assert values(KeepLabelFramesd("label")({"label": clip(2)})["label"]) == [0, 1]
        assert values(KeepLabelFramesd("label")({"label": clip(1)})["label"]) == [0]

    def test_none_keeps_every_frame(self):
        item = {"label": clip(5)}
        assert KeepLabelFramesd("label", None)(item)["label"] is item["label"]

    def test_a_frame_without_annotation_stays_unlabeled(self):
        label = torch.full((1, 2, 3, 4), float(UNLABELED))
        assert values(KeepLabelFramesd("label", (0, -1))({"label": label})["label"]) == [UNLABELED] * 4

    def test_the_input_label_is_unchanged(self):
        label = clip(4)
        KeepLabelFramesd("label")({"label": label})
        assert values(label) == [0, 1, 2, 3]


def test_an_es_first_pair_becomes_a_training_clip_with_its_two_contours_at_the_ends():
    item = {"image": clip(15), "label": clip(2, first=1), "label_frames": [12, 2], "ed_frame": 12, "es_frame": 2}
    for transform in (
        PlaceLabelFramesd("label"),
        FromEDToESd(["image", "label"]),
        SampleFramesd(["image", "label"], 10),
        KeepLabelFramesd("label"),
    ):
        item = transform(item)
    assert values(item["image"])[0] == 12 and values(item["image"])[-1] == 2
    assert values(item["label"]) == [1, *[UNLABELED] * 8, 2]
