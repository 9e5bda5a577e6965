"""How the time of a network grows with the frames, pixels, and batch of its input, and where the time of a step goes.

    OMP_NUM_THREADS=1 python benchmarks/speed_scaling.py [--network light] [--engine eager]

The exponent is the slope of a straight line through the logarithms of input size and of the shortest time: 1 is linear.
Cases take turns, and the shortest time is the one that other work on the machine changes least. The memory is the
resident memory of the process while a stream goes on; the parts are those of a step in PyTorch.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from speed_networks import NETWORKS, build, run_by
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from gdkvm_monai.export.engines import EXPORTED, QUANTIZED
from gdkvm_monai.networks.nets import GDKVM

SIZES = (112, 128, 192, 256, 384, 512)
FRAMES = (1, 3, 10, 30, 100)
BATCHES = (1, 2, 4, 8)
MEMORY_AT = (10, 100, 1000)


def main() -> None:
    """Print three exponents, the memory of a stream, and the parts of a step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, default="light")
    parser.add_argument("--engine", choices=("eager", "compiled", *EXPORTED, *QUANTIZED), default="eager")
    parser.add_argument("--size", type=int, default=128, help="height and width where they do not vary")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    name, engine, size, rounds = options.network, options.engine, options.size, options.rounds
    one = run_by(engine, name, size, 1)
    print("| what varies | ms | exponent |\n|---|---|---|")
    streams = {frames: (lambda frames=frames: stream(one, size, 1, frames)) for frames in FRAMES}
    print(row("frames", streams, rounds))
    shapes = {side: run_by(engine, name, side, 1) for side in SIZES}
    squares = {side**2: (lambda side=side: stream(shapes[side], side, 1, 2)) for side in SIZES}
    print(row("pixels of a frame", squares, rounds))
    batches = {count: run_by(engine, name, size, count) for count in BATCHES}
    print(row("batch", {n: (lambda n=n: stream(batches[n], size, n, 2)) for n in BATCHES}, rounds))
    print("\nresident memory, MB:", memory(one, size), "\n")
    if isinstance(build(name), GDKVM):
        print(parts(build(name), size, rounds))


@torch.inference_mode()
def stream(network: nn.Module, size: int, batch: int, frames: int) -> None:
    """Run a stream of frames."""
    frame = torch.rand(batch, 1, size, size)
    state = network.initial_state(frame)
    for _ in range(frames):
        _, state = network.step(frame, state)


def row(what: str, runs: Mapping[int, Callable[[], None]], rounds: int) -> str:
    """Return a line of the table: the shortest time of each run, and the exponent."""
    ms = shortest(runs, rounds)
    exponent = np.polyfit(np.log(list(ms)), np.log(list(ms.values())), 1)[0]
    return f"| {what} | {', '.join(f'{size}: {time:.1f}' for size, time in ms.items())} | {exponent:.2f} |"


def shortest(runs: Mapping, rounds: int) -> dict:
    """Run everything in turns, and return the shortest time of each in milliseconds."""
    best = dict.fromkeys(runs, np.inf)
    for turn in range(rounds + 1):
        for key, run in runs.items():
            start = time.perf_counter()
            run()
            best[key] = min(best[key], time.perf_counter() - start) if turn else np.inf  # the first turn warms up
    return {key: 1e3 * seconds for key, seconds in best.items()}


def memory(network: nn.Module, size: int) -> str:
    """Return the resident memory after some numbers of frames of one stream."""
    found, before = [], 0
    for frames in MEMORY_AT:
        stream(network, size, 1, frames - before)
        (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
        found.append(f"{int(line.split()[1]) / 1024:.0f} after {frames} frames")
        before = frames
    return ", ".join(found)


@torch.inference_mode()
def parts(network: GDKVM, size: int, rounds: int) -> str:
    """Return a table of the parts of a step with their time and operations."""
    frame = torch.rand(1, 1, size, size)
    state = network.initial_state(frame)
    f16, f8, f4, f2 = network.key_encoder(frame)
    key, pixel = network.fusion(f16)
    value = network.value_encoder(frame, state.foreground, pixel, f16, f8, f4)
    readout = network.memory.read(network.memory.write(state.memory, key, value), key)
    calls: dict[str, Callable] = {
        "key encoder": lambda: network.key_encoder(frame),
        "key-pixel feature fusion": lambda: network.fusion(f16),
        "value encoder": lambda: network.value_encoder(frame, state.foreground, pixel, f16, f8, f4),
        "memory, write and read": lambda: network.memory.read(network.memory.write(state.memory, key, value), key),
        "decoder": lambda: network.decoder(readout, pixel, f16, f8, f4, f2, frame),
        "whole step": lambda: network.step(frame, state),
    }
    ms = shortest(calls, 4 * rounds)
    lines = [f"| part, {size}x{size}, PyTorch | ms | GFLOP |", "|---|---|---|"]
    for name, call in calls.items():
        with FlopCounterMode(display=False) as counter:
            call()
        lines.append(f"| {name} | {ms[name]:.1f} | {counter.get_total_flops() / 1e9:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
