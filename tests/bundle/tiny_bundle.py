"""The bundle with a tiny network, for tests that train."""

from __future__ import annotations

from pathlib import Path

from monai.bundle import ConfigWorkflow

CONFIGS = Path(__file__).resolve().parents[2] / "bundle" / "configs"
TINY = {
    "frame_size": [32, 32],
    "num_frames": 2,
    "views": ["4CH"],
    "batch_size": 2,
    "epochs": 1,
    "iterations_per_epoch": 2,
    "device": "$torch.device('cpu')",
    "network_def#backbone": "resnet18",
    "network_def#width": 8,
    "network_def#key_channels": 8,
    "network_def#value_channels": 16,
    "network_def#decoder_width": 16,
    "network_def#stochastic_depth": 0.0,
}

OTHER_NETWORKS = {"unet.yaml", "vivim.yaml", "segresnet.yaml", "swin_unetr.yaml", "dynunet.yaml", "conv_lstm_unet.yaml"}
"""Overlays with a network that is no GDKVM and has none of its options."""


def tiny_workflow(bundle_root: Path, dataset_dir: Path, *overlays: str, run_id: str = "training", **options):
    """Create and initialize a workflow of ``train.json`` and overlays."""
    other = OTHER_NETWORKS & set(overlays)
    tiny = {key: value for key, value in TINY.items() if not other or "network_def" not in key}
    flow = ConfigWorkflow(
        config_file=[str(CONFIGS / name) for name in ("train.json", *overlays)],
        logging_file=False,
        workflow_type="train",
        run_id=run_id,
        bundle_root=str(bundle_root),
        dataset_dir=str(dataset_dir),
        **{**tiny, **options},
    )
    flow.initialize()
    return flow


def train_tiny(bundle_root: Path, dataset_dir: Path, *overlays: str, **options) -> ConfigWorkflow:
    """Train and return the workflow, for access to its objects."""
    flow = tiny_workflow(bundle_root, dataset_dir, *overlays, **options)
    flow.run()
    return flow
