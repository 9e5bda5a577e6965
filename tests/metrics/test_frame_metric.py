"""The clip metric in MONAI's handler: values, spacing from the affine, empty masks, and batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing
from ignite.engine import Engine
from ignite.exceptions import NotComputableError
from monai.data import MetaTensor, list_data_collate
from monai.handlers import IgniteMetricHandler, from_engine

from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.metrics.frame_metric import FrameMetric
from gdkvm_monai.metrics.segmentation import score_pair

STRUCTURES = {"LV": (1,), "LA": (3,)}


def item(shift, spacing=(0.5, 0.8), unlabeled=(1,), atrium=True):
    label = torch.zeros(1, 32, 36, 3)
    label[:, 5:20, 8:24] = 1
    if atrium:
        label[:, 20:28, 8:24] = 3
    prediction = label.roll((shift, 2 * shift), dims=(1, 2))
    label[..., list(unlabeled)] = UNLABELED
    affine = torch.diag(torch.tensor([-spacing[0], -spacing[1], 1.0, 1.0], dtype=torch.float64))
    return {"pred": prediction, "label": MetaTensor(label, affine=affine)}


def run(items, metric, batches=1):
    """Run MONAI's generic handler on an engine whose outputs are decollated items."""
    engine = Engine(lambda engine, batch: batch)
    engine.state.output = None
    IgniteMetricHandler(metric_fn=metric, output_transform=from_engine(["pred", "label"])).attach(engine, "score")
    chunks = [list(chunk) for chunk in np.array_split(np.array(items, dtype=object), batches)]
    engine.run(chunks, max_epochs=1)
    return engine.state


def test_the_handler_reports_the_mean_over_frames_structures_and_clips():
    items = [item(1), item(2)]
    state = run(items, FrameMetric("asd", STRUCTURES))
    expected = [
        [
            score_pair(clip["pred"][0, ..., 0] == value, clip["label"].as_tensor()[0, ..., 0] == value, (0.5, 0.8)).asd
            for value in (1, 3)
        ]
        for clip in items
    ]
    np.testing.assert_allclose(state.metric_details["score"], expected)
    assert state.metrics["score"] == pytest.approx(np.mean(expected))


def test_the_result_does_not_depend_on_the_batch_size():
    items = [item(shift) for shift in range(4)]
    scores = [run(items, FrameMetric("hd95", STRUCTURES), batches).metrics["score"] for batches in (1, 2, 4)]
    assert scores[0] == scores[1] == scores[2]


def test_a_collated_batch_keeps_the_spacing_of_each_clip():
    items = [item(1, (0.5, 0.5)), item(1, (2.0, 2.0))]
    batch = list_data_collate(items)
    assert batch["label"].affine.shape == (2, 4, 4)
    scores = FrameMetric("hd", STRUCTURES)(batch["pred"], batch["label"])
    np.testing.assert_allclose(scores[1], 4 * scores[0])
    lists = FrameMetric("hd", STRUCTURES)([clip["pred"] for clip in items], [clip["label"] for clip in items])
    np.testing.assert_array_equal(scores, lists)


def test_pixels_or_a_fixed_spacing_can_be_requested():
    clip = item(3)
    pixels = FrameMetric("hd", STRUCTURES, spacing=None)([clip["pred"]], [clip["label"].as_tensor()])
    doubled = FrameMetric("hd", STRUCTURES, spacing=(2, 2))([clip["pred"]], [clip["label"]])
    np.testing.assert_allclose(doubled, 2 * pixels)


def test_a_structure_absent_from_both_masks_is_nan_and_excluded_from_the_mean():
    metric = FrameMetric("dice", STRUCTURES)
    clip = item(0, atrium=False)
    scores = metric([clip["pred"]], [clip["label"]])
    assert scores[0, 0] == 1 and scores[0, 1].isnan()
    assert metric.aggregate() == 1
    np.testing.assert_array_equal(metric.aggregate("mean_batch"), [1, np.nan])
    assert metric.aggregate("none").shape == (1, 2)


def test_a_missed_structure_scores_zero_and_the_diagonal():
    clip = item(0)
    nothing = torch.zeros_like(clip["pred"])
    assert FrameMetric("dice", STRUCTURES)([nothing], [clip["label"]])[0, 0] == 0
    diagonal = np.hypot(31 * 0.5, 35 * 0.8)
    assert FrameMetric("hd", STRUCTURES)([nothing], [clip["label"]])[0, 0].item() == pytest.approx(diagonal)


def test_scoring_no_frame_is_an_error_rather_than_zero():
    metric = FrameMetric("hd", STRUCTURES)
    with pytest.raises(NotComputableError, match="no frame was scored"):
        metric.aggregate()
    with pytest.raises(NotComputableError, match="annotated"):
        run([item(1, unlabeled=(0, 1, 2))], metric)


def test_unusable_arguments_are_refused():
    with pytest.raises(ValueError):
        FrameMetric("precision")
    with pytest.raises(ValueError, match="'affine'"):
        FrameMetric("dice", spacing="pixdim")
    with pytest.raises(ValueError, match="without an affine"):
        FrameMetric("dice")(torch.zeros(1, 1, 4, 4, 2), torch.zeros(1, 1, 4, 4, 2))
    with pytest.raises(ValueError, match="of shape"):
        FrameMetric("dice", spacing=None)(torch.zeros(1, 2, 4, 4, 2), torch.zeros(1, 1, 4, 4, 2))


def _score_on_one_process(rank, processes, init_file, results):
    dist.init_process_group("gloo", init_method=f"file://{init_file}", rank=rank, world_size=processes)
    metric = FrameMetric("asd", STRUCTURES)
    for shift in range(rank, 3, processes):  # the first process has two clips, the second one
        clip = item(shift)
        metric([clip["pred"]], [clip["label"]])
    results[rank] = metric.aggregate().item()
    dist.destroy_process_group()


@pytest.mark.skipif(not dist.is_available(), reason="this torch has no distributed package")
def test_the_result_does_not_depend_on_the_number_of_processes(tmp_path):
    with multiprocessing.Manager() as manager:
        results = manager.dict()
        multiprocessing.spawn(_score_on_one_process, (2, tmp_path / "init", results), nprocs=2)
        gathered = dict(results)
    alone = run([item(shift) for shift in range(3)], FrameMetric("asd", STRUCTURES)).metrics["score"]
    assert gathered == {0: pytest.approx(alone), 1: pytest.approx(alone)}
