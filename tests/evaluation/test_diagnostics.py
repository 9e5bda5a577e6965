from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from gdkvm_monai.evaluation import ClipResult, write_evaluation
from gdkvm_monai.evaluation.diagnostics import AnatomyCounts, diagnose_clip, summarize_diagnostics
from gdkvm_monai.evaluation.recorded import Recorded
from gdkvm_monai.labels import LEFT_ATRIUM, LV, MYOCARDIUM, UNLABELED
from gdkvm_monai.metrics import check_anatomy, score_clip

SPACING = (0.5, 0.4)


def heart(length: float = 30) -> np.ndarray:
    """Return a cavity inside its myocardium with an atrium below it, (80, 100)."""
    x, y = np.mgrid[:80, :100]
    frame = np.zeros((80, 100), np.uint8)
    frame[(((x - 40) / 22) ** 2 + ((y - 55) / (length + 8)) ** 2 < 1) & (y <= 55)] = MYOCARDIUM
    frame[(((x - 40) / 14) ** 2 + ((y - 55) / length) ** 2 < 1) & (y <= 55)] = LV
    frame[(((x - 40) / 14) ** 2 + ((y - 56) / 20) ** 2 < 1) & (y > 55)] = LEFT_ATRIUM
    return frame


def beating(frames: int = 6) -> np.ndarray:
    return np.stack([heart(30 - 2 * frame) for frame in range(frames)], axis=-1)


def with_ends_only(clip: np.ndarray) -> np.ndarray:
    label = clip.copy()
    label[..., 1:-1] = UNLABELED
    return label


def test_all_predicted_but_only_annotated_reference_frames_are_checked():
    found = diagnose_clip(beating(), with_ends_only(beating()), SPACING)
    assert found.predicted.anatomy == AnatomyCounts(6, 6, 0, 0, 0, 0, 0)
    assert found.reference.anatomy == AnatomyCounts(2, 2, 0, 0, 0, 0, 0)


def test_each_defect_is_counted_under_its_name():
    clip = beating()
    clip[..., 1][clip[..., 1] == LV] = 0
    clip[2:5, 2:5, 2] = LV
    clip[38:41, 45:48, 3] = 0
    clip[..., 4][clip[..., 4] == MYOCARDIUM] = 0
    clip[30:32, 40:42, 4] = MYOCARDIUM
    clip[:, 55:62, 5] = 0
    found = diagnose_clip(clip, beating())
    assert found.predicted.anatomy.valid == 1
    assert found.predicted.anatomy.without_lv == 1
    assert found.predicted.anatomy.in_parts == 1
    assert found.predicted.anatomy.with_holes >= 1
    assert found.predicted.anatomy.leaking >= 1
    assert found.predicted.anatomy.la_apart == 1
    assert found.reference.anatomy.valid == 6


@pytest.mark.parametrize("move", [0, 30])
def test_cropping_to_the_heart_changes_no_result_even_at_the_border(move):
    frame = np.roll(heart(), move, axis=0)
    frame[:15] = 0  # pixels that wrapped around the edge
    frame[20:23, 20:23] = MYOCARDIUM
    found = diagnose_clip(frame[..., None], frame[..., None])
    whole = check_anatomy(frame)
    assert found.predicted.anatomy.valid == int(whole.valid)
    assert found.predicted.anatomy.in_parts == int(any(shape.parts > 1 for shape in whole.structures.values()))


def test_flicker_is_measured_only_in_dense_clips():
    smooth, flicker = beating(), beating()
    flicker[..., 3] = heart(14)
    calm, rough = (diagnose_clip(clip, with_ends_only(clip), SPACING) for clip in (smooth, flicker))
    assert calm.unit == "mm"
    for key in ("area_jump_mean", "area_jump_worst", "center_jump_worst"):
        assert getattr(rough.predicted.motion, key) > 2 * getattr(calm.predicted.motion, key) > 0
    assert rough.predicted.motion.next_dice_worst < calm.predicted.motion.next_dice_worst
    assert np.isnan(calm.reference.motion.area_jump_mean)  # neighbors are not annotated
    assert np.isnan(diagnose_clip(beating(4), beating(4)).predicted.motion.area_jump_mean)
    assert diagnose_clip(smooth, smooth).reference.motion.next_dice_mean == calm.predicted.motion.next_dice_mean


def test_shares_are_averaged_over_patients_and_counts_summed_over_frames():
    broken = beating()
    broken[..., :3] = 0
    clips = [diagnose_clip(clip, beating()) for clip in (beating(), broken, broken)]
    predicted = summarize_diagnostics(clips, ["a", "b", "b"]).anatomy["predicted"]
    assert (predicted.frames, predicted.valid, predicted.without_lv) == (18, 12, 6)
    assert (predicted.valid_share.mean, predicted.valid_share.n_clips) == (0.75, 3)  # one valid, one half valid


def test_the_interval_of_a_share_does_not_exceed_one():
    clips = [diagnose_clip(clip[..., -2:], beating(2)) for clip in (*[beating()] * 5, np.zeros((80, 100, 2), np.uint8))]
    share = summarize_diagnostics(clips, list("abcdef")).anatomy["predicted"].valid_share
    assert share.mean == pytest.approx(5 / 6) and 0 <= share.low < share.mean < share.high <= 1


def test_diagnostics_are_written_without_changing_the_scores(tmp_path):
    label = with_ends_only(beating())
    rows = score_clip(beating(), label, SPACING, {"LV": (1,)})
    ends = [clip[..., [0, -1]] for clip in (beating(), label)]
    clips = {
        name: ClipResult("a", "4CH", "a.dcm", Recorded(), SPACING, rows, True, *ends, 6, diagnostics)
        for name, diagnostics in (("with", diagnose_clip(beating(), label, SPACING)), ("without", None))
    }
    tables = {name: write_evaluation([clip], tmp_path / name, {}) for name, clip in clips.items()}
    assert "diagnostics, not accuracy: 6 of 6 predicted frames are anatomically valid" in tables["with"]
    assert "not accuracy" not in tables["without"] and not (tmp_path / "without" / "diagnostics.csv").exists()
    one, other = (json.loads((tmp_path / name / "metrics.json").read_text()) for name in clips)
    assert one["scores"] == other["scores"] and one["diagnostics"]["anatomy"]["predicted"]["valid"] == 6
    with open(tmp_path / "with" / "diagnostics.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["patient"], row["view"], row["clip"], row["predicted_frames"]) == ("a", "4CH", "a.dcm", "6")
