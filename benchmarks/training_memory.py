"""Memory of a training step of GDKVM against frames and batch size, with and without recomputed activations.

    python benchmarks/training_memory.py [--network light] [--size 128] [--frames 2 10 30] [--batch 1 4]

Prints the peak resident memory of forward and backward above that before the step, on the CPU, each in its own process.
On a GPU, the activations are the same; the optimizer adds two values per parameter everywhere.
"""

from __future__ import annotations

import argparse
import os
import resource

import torch

from gdkvm_monai.handlers import GradientCheckpointing
from gdkvm_monai.networks.nets import GDKVM

NETWORKS: dict[str, dict] = {
    "light": {
        "backbone": "efficientnet_lite0",
        "value_encoder": "shared",
        "decoder": "light",
        "deep_supervision": True,
        "value_channels": 128,
        "decoder_width": 128,
    },
    "paper": {},
}


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, default="light")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--frames", type=int, nargs="+", default=[2, 10, 30])
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 4])
    options = parser.parse_args()
    torch.set_num_threads(1)  # a process with several threads must not be forked
    print(
        f"| {options.network}, {options.size}x{options.size}: frames | batch | all kept, MB | recomputed, MB | ratio |"
    )
    print("|---|---|---|---|---|")
    for frames in options.frames:
        for batch in options.batch:
            shape = batch, 1, options.size, options.size, frames
            kept, recomputed = (peak_megabytes(NETWORKS[options.network], shape, again) for again in (False, True))
            print(f"| {frames} | {batch} | {kept:.0f} | {recomputed:.0f} | {recomputed / kept:.2f} |", flush=True)


def peak_megabytes(network: dict, shape: tuple[int, ...], recompute: bool) -> float:
    """Return the peak memory of a training step on clips of a shape ``(B, 1, H, W, T)``, in MB."""
    read, write = os.pipe()
    process = os.fork()
    if process == 0:
        os.write(write, str(_measure(network, shape, recompute)).encode())
        os._exit(0)
    os.waitpid(process, 0)
    os.close(write)
    with os.fdopen(read) as pipe:
        return float(pipe.read())


def _measure(options: dict, shape: tuple[int, ...], recompute: bool) -> float:
    network = GDKVM(**options).train()
    if recompute:
        GradientCheckpointing(network)
    clip = torch.rand(shape)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    network(clip).square().mean().backward()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


if __name__ == "__main__":
    main()
