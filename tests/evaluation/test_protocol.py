"""Versions, rules, and settings stated with the results."""

from __future__ import annotations

import torch

import gdkvm_monai
from gdkvm_monai.evaluation.protocol import Protocol


def test_versions_and_rules_are_listed_with_the_settings():
    entries = Protocol({"checkpoint": "model.pt", "frame_size": [256, 256]}).entries()
    assert entries["gdkvm_monai"] == gdkvm_monai.__version__ and entries["torch"] == torch.__version__
    assert (
        entries["checkpoint"] == "model.pt"
        and "2000 resamples" in entries["intervals"]
        and "longest" in entries["biplane and agreement"]
    )
    assert "stated" not in entries and {"decision", "empty masks", "means"} <= set(entries)
