"""Time per frame of the networks on CUDA, streamed and in batches, with and without CUDA graphs.

    python benchmarks/speed_cuda.py [--networks light unet6.5] [--size 256] [--batch 1 16 64]

``stream`` is one step for each frame with the state passed on, as run by PyTorch or as a CUDA graph; ``clip`` is the
whole clip in one call of the network, which encodes several frames at once. Times are wall-clock times between two
synchronizations, per frame of one clip of the batch, as medians over all frames (``stream``) or calls (``clip``);
cases take turns. Clips lie on the GPU. The weights are random, which does not affect the time.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable

import numpy as np
import torch
from speed_networks import NETWORKS, build
from torch import Tensor, nn

from gdkvm_monai.export.engines import CudaGraphStep, SteppedNetwork
from gdkvm_monai.networks.nets import GDKVM

PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}
Run = Callable[[], list[float]]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=["light", "paper", "unet6.5", "unet1.6"])
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=["float32", "bfloat16"])
    parser.add_argument("--size", type=int, nargs="+", default=[256])
    parser.add_argument("--frames", type=int, default=16, help="frames of a clip")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        parser.error("PyTorch finds no CUDA device here; benchmarks/speed.py measures on the CPU.")
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, clips of {options.frames} frames\n")
    print("| network | size | batch | precision | mode | ms per frame | p95 | frames/s |\n|" + "---|" * 8)
    for size, batch, precision in itertools.product(options.size, options.batch, options.precisions):
        clip = torch.rand(batch, 1, size, size, options.frames, device="cuda")
        runs = {(name, mode): run for name in options.networks for mode, run in cases(name, clip, precision)}
        seconds: dict[tuple, list[float]] = {case: [] for case in runs}
        for turn in range(options.rounds + 2):
            for case, run in runs.items():
                taken = run()
                seconds[case] += taken if turn > 1 else []  # the first turns warm up and capture
        for (name, mode), taken in seconds.items():
            p50, p95 = 1e3 * np.percentile(taken, (50, 95)) / batch
            print(f"| {name} | {size} | {batch} | {precision} | {mode} | {p50:.3f} | {p95:.3f} | {1e3 / p50:.0f} |")


def cases(name: str, clip: Tensor, precision: str) -> list[tuple[str, Run]]:
    """Return the modes of a network, each with a function that runs the clip and returns seconds per frame."""
    network = build(name).to(clip.device)
    found = [("clip", lambda: run_clip(network, clip, precision))]
    if isinstance(network, GDKVM):
        graphed = SteppedNetwork(network, CudaGraphStep(network))
        found.append(("stream", lambda: run_stream(network, clip, precision)))
        found.append(("stream, CUDA graph", lambda: run_stream(graphed, clip, precision)))
    return found


@torch.inference_mode()
def run_clip(network: nn.Module, clip: Tensor, precision: str) -> list[float]:
    """Return the seconds per frame of a call with a whole clip."""
    with torch.autocast("cuda", PRECISIONS[precision], enabled=precision != "float32"):
        return [timed(lambda: network(clip)) / clip.shape[-1]]


@torch.inference_mode()
def run_stream(network: nn.Module, clip: Tensor, precision: str) -> list[float]:
    """Return the seconds of each frame of a stream."""
    state, seconds = network.initial_state(clip[..., 0]), []

    def step(frame: Tensor) -> None:
        nonlocal state
        _, state = network.step(frame, state)

    with torch.autocast("cuda", PRECISIONS[precision], enabled=precision != "float32"):
        for frame in clip.unbind(-1):
            seconds.append(timed(lambda: step(frame)))
    return seconds


def timed(call: Callable[[], object]) -> float:
    """Return the seconds of a call until the GPU has finished."""
    torch.cuda.synchronize()
    start = time.perf_counter()
    call()
    torch.cuda.synchronize()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
