"""Training on pairs and moving clips of them, with damaged frames, runs, and its batches have either length."""

from __future__ import annotations

import torch

from gdkvm_monai.labels import UNLABELED
from tests.bundle.tiny_bundle import tiny_workflow

LIGHT = {"network_def#backbone": "resnet18", "network_def#value_encoder": "shared", "imagenet_weights": None}


def test_training_takes_pairs_and_fully_labeled_clips_and_saves_weights(phantom_root, tmp_path):
    options = {"clips": "stills", "clip_frames": [4], "damage_probability": 1.0}
    flow = tiny_workflow(
        tmp_path, phantom_root, "light.yaml", "moving_clips.yaml", "damaged_frames.yaml", **LIGHT | options
    )
    loader = flow.parser.get_parsed_content("train#dataloader")
    batches = [batch for _ in range(6) for batch in loader]
    assert {batch["image"].shape[-1] for batch in batches} == {2, 4}
    assert not any((torch.as_tensor(batch["label"]) == UNLABELED).any() for batch in batches)
    assert all(batch.keys() >= {"image", "label"} and "motion" not in batch for batch in batches)
    flow.run()
    saved = torch.load(tmp_path / "models" / "model_final.pt", weights_only=True)
    assert saved.keys() == flow.network_def.state_dict().keys()
