"""Seconds per training step (forward and backward) of GDKVM and MONAI's U-Net, in float32 and bfloat16.

    python benchmarks/training_speed.py [--size 128] [--frames 2] [--batch 10]

On a shared machine, only ratios within one run are meaningful.
"""

from __future__ import annotations

import argparse
import time

import torch
from monai.networks.nets import UNet

from gdkvm_monai.inferers import AutocastInferer
from gdkvm_monai.networks.nets import GDKVM, FrameByFrame


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--frames", type=int, default=2)
    parser.add_argument("--batch", type=int, default=10)
    options = parser.parse_args()
    clip = torch.rand(options.batch, 1, options.size, options.size, options.frames)
    unet = UNet(2, 1, 4, channels=(32, 64, 128, 256, 512), strides=(2, 2, 2, 2), num_res_units=2)
    networks = {"GDKVM": GDKVM(), "U-Net": FrameByFrame(unet)}
    print(f"{'network':<8}{'M params':>10}{'float32 s':>11}{'bfloat16 s':>12}{'ratio':>7}")
    for name, network in networks.items():
        network.to(memory_format=torch.channels_last).train()
        seconds = [fastest_step(network, clip, dtype) for dtype in (None, "bfloat16")]
        size = sum(p.numel() for p in network.parameters()) / 1e6
        print(f"{name:<8}{size:>10.1f}{seconds[0]:>11.2f}{seconds[1]:>12.2f}{seconds[1] / seconds[0]:>7.2f}")


def fastest_step(network: torch.nn.Module, clip: torch.Tensor, dtype: str | None, repeats: int = 4) -> float:
    """Return the time of the fastest of a few steps, in seconds."""
    inferer, times = AutocastInferer(dtype), []
    for _ in range(repeats):
        start = time.perf_counter()
        inferer(clip, network).mean().backward()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
