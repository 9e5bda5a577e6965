"""Milliseconds per frame of the live step on the CPU: PyTorch, TorchScript, and ONNX, taking turns frame by frame.

    python benchmarks/export_latency.py [--size 128] [--frames 50]

On a shared machine, only ratios within one run are meaningful.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from gdkvm_monai import export as exports
from gdkvm_monai.export.forms import Step
from gdkvm_monai.networks.nets import GDKVM

NAMES = ("PyTorch", "torchscript", "onnx")
"""Rows of the table, starting with the reference."""


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--frames", type=int, default=50)
    parser.add_argument("--warmup", type=int, default=5)
    parser.add_argument("--backbone", default="resnet50")
    parser.add_argument("--width", type=int, default=64)
    options = parser.parse_args()
    network = GDKVM(backbone=options.backbone, width=options.width).eval()
    milliseconds = measure(steps(network), network, options)[options.warmup :] * 1e3
    p50, p95, p99 = np.percentile(milliseconds, (50, 95, 99), axis=0)
    print(f"{'step':<12}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'p50 ratio':>11}")
    for row, name in enumerate(NAMES):
        print(f"{name:<12}{p50[row]:>9.1f}{p95[row]:>9.1f}{p99[row]:>9.1f}{p50[row] / p50[0]:>11.2f}")


def steps(network: GDKVM) -> list:
    """Return the step in PyTorch and as exported, with the default thread counts (set OMP_NUM_THREADS to change)."""
    step = Step(network).eval()

    @torch.inference_mode()
    def eager(*tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return step(*tensors)

    runs = [eager]
    with tempfile.TemporaryDirectory() as folder:
        for format in NAMES[1:]:
            path = Path(folder) / f"step.{format}"
            exports.export_network(network, path, format, "step")
            runs.append(exports.open_export(path, format))
    return runs


def measure(runs: list, network: GDKVM, options: argparse.Namespace) -> np.ndarray:
    """Time the steps, ``(frames, runs)`` in seconds; each run keeps its own state over the same frames."""
    states = [network.initial_state(torch.rand(1, 1, options.size, options.size)) for _ in runs]
    seconds = np.zeros((options.warmup + options.frames, len(runs)))
    for index in range(len(seconds)):
        frame = torch.rand(1, 1, options.size, options.size)
        for row, run in enumerate(runs):
            start = time.perf_counter()
            _, *states[row] = run(frame, *states[row])
            seconds[index, row] = time.perf_counter() - start
    return seconds


if __name__ == "__main__":
    main()
