"""The measure of what a memory is for: what it scores, what it compares with, and that it can be interrupted."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks import damaged_clips
from benchmarks.damaged_cases import FRAMES, START, Case, Damage, moving_pairs, phantoms
from benchmarks.damaged_networks import load_subjects
from benchmarks.damaged_scores import roughness, score
from benchmarks.damaged_tables import score_table

SIZE = (32, 32)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Phantoms with clips as small as possible."""
    return [*phantoms(2, SIZE, seed=0)]


@pytest.fixture(scope="module")
def case(cases) -> Case:
    """One of the phantoms."""
    return cases[0]


def test_true_masks_score_1_without_an_error_of_the_ejection_fraction_and_with_the_roughness_of_the_labels(case):
    found = score(case.label[0], case, Damage("blank", 3))
    assert found.pop("roughness") > 0
    ones = dict.fromkeys(("lv_damaged", "mean_damaged", "lv_after", "mean_after"), 1.0)
    assert found == {**ones, "ef_error": 0.0}


def test_only_the_damaged_frames_and_five_after_them_are_scored(case):
    damage, masks = Damage("noise", 6), case.label[0].clone()
    masks[..., :START] = masks[..., START + 11 :] = 0
    found = score(masks, case, damage)
    assert found["lv_damaged"] == found["mean_after"] == 1
    masks[..., START + 5] = 0
    assert score(masks, case, damage)["lv_damaged"] == pytest.approx(5 / 6)
    masks[..., START + 6] = 0
    assert score(masks, case, damage)["lv_after"] == pytest.approx(4 / 5)


def test_roughness_is_zero_for_a_straight_line_and_the_share_of_the_range_for_an_alternating_area():
    assert roughness(np.arange(5.0), 4) == 0
    assert roughness(np.array([0, 2, 0, 2, 0]), 4) == 0.5
    assert np.isnan(roughness(np.ones(5), 0))


def test_a_damage_changes_its_frames_alone_and_in_every_run_alike(case):
    damage = Damage("noise", 3)
    first, second = damage.apply(case, seed=0), damage.apply(case, seed=0)
    assert torch.equal(first, second) and not torch.equal(first, damage.apply(case, seed=1))
    changed = (first != case.image).any(dim=0).any(dim=0).any(dim=0).nonzero().flatten().tolist()
    assert changed == [START, START + 1, START + 2]
    assert torch.equal(Damage().apply(case, seed=0), case.image)


def test_a_zeroed_readout_leaves_nothing_of_the_memory_and_a_followed_clip_equals_forward(weights, case):
    whole, zeroed = load_subjects({"GDKVM": weights["GDKVM"]}, zero_readout=True, device="cpu")
    clip = case.image[None]
    masks, (course,) = whole.segment(clip)
    with torch.inference_mode():
        assert torch.equal(masks, whole.network(clip).argmax(dim=1))
        frame, key = clip[..., 0], torch.rand(1, 8, 2, 2)
        state = zeroed.network.step(frame, zeroed.network.initial_state(frame))[1]
        assert whole.network.memory.read(state.memory, key).any()
        assert not zeroed.network.memory.read(state.memory, key).any()
    ranks = {"effective rank of the keys", "effective rank", "smallest singular value"}
    assert set(course) == ranks | {"readout, root mean square", "alpha", "beta", "frame gate"}
    assert all(len(values) == FRAMES for values in course.values())
    assert all(1 <= rank <= 8 for rank in course["effective rank"] + course["effective rank of the keys"])


def run(monkeypatch, out, weights, cases, *more) -> str:
    """Run the command on the phantoms alone, and return its tables."""
    monkeypatch.setattr(damaged_clips, "phantoms", lambda *settings: cases)
    named = [f"{name}={path}" for name, path in weights.items()]
    start = ["damaged_clips", "--weights", *named, "--zero_readout", "--device", "cpu", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", [*start, "--size", *map(str, SIZE), "--lengths", "3", *more])
    damaged_clips.main()
    return (out / "tables.md").read_text()


def test_every_network_and_both_copies_are_compared_and_a_second_run_measures_only_what_is_missing(
    weights, cases, tmp_path, monkeypatch
):
    text = run(monkeypatch, tmp_path, weights, cases, "--kinds", "blank")
    scores = pd.read_csv(tmp_path / "scores.csv")
    names = ["GDKVM", "GDKVM, readout zeroed", "U-Net", "copy of the last true mask", "copy of the last mask, GDKVM"]
    assert list(scores["network"].unique()) == names and f"| damage | {' | '.join(names)} |" in text
    assert len(scores) == len(names) * 2 * 2 and len(pd.read_csv(tmp_path / "memory.csv")) == 2 * 2 * 2 * FRAMES
    truth = scores[(scores["network"] == names[3]) & (scores["length"] == 0)]
    assert (truth["lv_damaged"] == 1).all()
    measured = []
    monkeypatch.setattr(damaged_clips, "score", lambda *these: measured.append(these) or score(*these))
    assert run(monkeypatch, tmp_path, weights, cases, "--kinds", "blank") == text and not measured
    run(monkeypatch, tmp_path, weights, cases, "--kinds", "blank", "frozen")
    assert len(measured) == len(names) * 2 and {damage.kind for _, _, damage in measured} == {"frozen"}
    with pytest.raises(ValueError, match="'seed': 1"):
        run(monkeypatch, tmp_path, weights, cases, "--kinds", "blank", "--seed", "1")


def test_a_difference_in_the_table_is_the_first_network_minus_the_other_with_its_interval():
    item = {"kind": "blank", "length": 3}
    rows = [{"network": "first", "patient": i, **item, "lv_damaged": 0.9 + 0.01 * i} for i in range(6)]
    rows += [{"network": "other", "patient": i, **item, "lv_damaged": 0.7 + 0.01 * i} for i in range(6)]
    table = score_table(pd.DataFrame(rows), "lv_damaged", ["first", "other"])
    assert "| blank | 0.925 | 0.725; +0.200 (0.200, 0.200) |" in table


def test_a_moving_pair_of_a_real_patient_has_its_label_in_every_frame(real_data):
    case = next(moving_pairs(real_data / "camus", 1, SIZE, seed=0))
    assert case.image.shape == case.label.shape == (1, *SIZE, FRAMES) and 0 <= case.image.min() < case.image.max() <= 1
    assert all(set(frame.unique().tolist()) == {0, 1, 2, 3} for frame in case.label.unbind(-1))
    assert 3 < case.spacing_mm[0] < 8 and 3 < case.spacing_mm[1] < 8
