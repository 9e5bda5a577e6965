"""Time per frame of the networks and their peers on the CPU, by engine and precision, interleaved in one run.

    OMP_NUM_THREADS=1 python benchmarks/speed.py [--networks light unet6.5] [--engines eager openvino] [--size 128 256]

Each round times every case once, so that other work on the machine slows all of them alike. ``stream`` is one step for
each frame with the state passed on, ``clip`` the whole clip in one call (exported engines run clips as streams).
``ratio`` is the median time divided by that of the 6.5 M U-Net with the same engine, precision, and mode; it is the
result, because it carries over to other machines. ``of rate`` is the share of the largest measured rate of the same
precision. The weights are random, which does not affect the time. ``--memory`` runs each case in a process of its own,
once, for the largest resident memory (Linux only).
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from speed_networks import EAGER_ONLY, NETWORKS, REFERENCE, flops_per_frame, run_by
from torch import nn

from gdkvm_monai.export.engines import EXPORTED, QUANTIZED

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
TORCH = ("eager", "compiled")


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    network: str
    engine: str
    precision: str
    mode: str
    size: int
    frames: int
    batch: int


def main() -> None:
    """Print the machine, its rates, and the table."""
    options = parse()
    print(f"{processor()}, load {os.getloadavg()[0]:.1f}, torch {torch.__version__}, batch {options.batch}")
    print(
        "\n| threads | size | T | network | engine | precision | mode | p50 ms | p95 | p99 | frames/s | ratio ", end=""
    )
    print("| GFLOP | of rate | peak MB |\n|" + "---|" * 15)
    for threads in options.threads:
        torch.set_num_threads(threads)
        rates = {name: attainable_rate(PRECISIONS[name]) for name in options.precisions}
        notes = [f"{name} {rate / 1e9:.0f} GFLOP/s" for name, rate in rates.items()]
        for size in options.size:
            for frames in options.frames:
                measure_group(options, threads, size, frames, rates)
        print(f"\nlargest rate of matrix products and convolutions, {threads} threads: {', '.join(notes)}\n")


def parse() -> argparse.Namespace:
    """Parse the options, each of which restricts the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--engines", nargs="+", choices=(*TORCH, *EXPORTED, *QUANTIZED), default=["eager", *EXPORTED])
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=["float32"])
    parser.add_argument("--modes", nargs="+", choices=("stream", "clip"), default=["stream"])
    parser.add_argument("--size", type=int, nargs="+", default=[256], help="height and width, multiples of 32")
    parser.add_argument("--frames", type=int, nargs="+", default=[10], metavar="T", help="frames of a clip")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, nargs="+", default=[torch.get_num_threads()])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", action="store_true", help="also the largest memory, in a process for each case")
    return parser.parse_args()


def measure_group(options: argparse.Namespace, threads: int, size: int, frames: int, rates: dict) -> None:
    """Time all cases of one size and length in turns, and print their rows."""
    cases = [
        Case(network, engine, precision, mode, size, frames, options.batch)
        for engine in options.engines
        for precision in options.precisions
        for mode in options.modes
        for network in options.networks
        if engine == "eager" or network not in EAGER_ONLY
        if engine in TORCH or (precision == "float32" and mode == "stream")
    ]
    runs = {case: prepare(case) for case in cases}
    seconds: dict[Case, list[float]] = {case: [] for case in cases}
    for turn in range(options.rounds + 1):
        for case, run in runs.items():
            taken = run()
            seconds[case] += taken if turn else []  # the first turn warms up
    flops = {name: flops_per_frame(name, size) for name in options.networks}
    for case in cases:
        p50, p95, p99 = 1e3 * np.percentile(seconds[case], (50, 95, 99))
        reference = seconds.get(replace(case, network=REFERENCE))
        ratio = f"{p50 / 1e3 / np.median(reference):.2f}" if reference else "-"
        share = flops[case.network] / (p50 / 1e3) / rates[case.precision]
        peak = f"{peak_memory(case, threads):.0f}" if options.memory else "-"
        print(f"| {threads} | {size} | {frames} | {case.network} | {case.engine} | {case.precision} ", end="")
        print(f"| {case.mode} | {p50:.1f} | {p95:.1f} | {p99:.1f} | {1e3 / p50:.0f} | {ratio} ", end="")
        print(f"| {flops[case.network] / 1e9:.2f} | {share:.0%} | {peak} |", flush=True)


def prepare(case: Case) -> Callable[[], list[float]]:
    """Return a function that runs a case once and returns seconds per frame of one clip of the batch."""
    network = run_by(case.engine, case.network, case.size, case.batch, case.mode == "clip")
    clip = torch.rand(case.batch, 1, case.size, case.size, case.frames)
    return partial(run_case, case, network, clip)


@torch.inference_mode()
def run_case(case: Case, network: nn.Module, clip: torch.Tensor) -> list[float]:
    """Return seconds per frame and clip of the batch: of each frame of a stream, or the mean of a clip."""
    with torch.autocast("cpu", torch.bfloat16, enabled=case.precision == "bfloat16"):
        if case.mode == "clip":
            return [timed(lambda: network(clip)) / clip.shape[-1] / case.batch]
        seconds, state = [], network.initial_state(clip[..., 0])
        for frame in clip.unbind(-1):
            start = time.perf_counter()
            _, state = network.step(frame, state)
            seconds.append((time.perf_counter() - start) / case.batch)
        return seconds


def timed(call: Callable[[], object]) -> float:
    """Return the seconds of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


@torch.inference_mode()
def attainable_rate(dtype: torch.dtype) -> float:
    """Return the largest measured rate in FLOP/s of a matrix product and of convolutions such as the networks have."""
    a = torch.rand(1024, 1024).to(dtype)
    found = [2 * 1024**3 / min(timed(lambda: a @ a) for _ in range(8))]
    for channels, side, kernel in ((64, 64, 3), (128, 32, 3), (192, 32, 1)):
        conv = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False)
        conv = conv.to(dtype=dtype, memory_format=torch.channels_last)
        x = torch.rand(1, channels, side, side).to(dtype=dtype, memory_format=torch.channels_last)
        found.append(2 * (channels * side * kernel) ** 2 / min(timed(lambda: conv(x)) for _ in range(8)))
    return max(found)


def peak_memory(case: Case, threads: int) -> float:
    """Return the largest resident memory in MB of a process that runs a case twice."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak, (case, threads))


def _peak(case: Case, threads: int) -> float:
    torch.set_num_threads(threads)
    run = prepare(case)
    run(), run()
    # the peak of this process alone; that of getrusage is inherited from the parent
    (peak,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


def processor() -> str:
    """Return the name of the processor, its instructions as PyTorch sees them, and the number of cores."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    named = [line.partition(": ")[2] for line in lines if line.startswith("model name")] or [platform.processor()]
    return f"{named[0]}, {torch.backends.cpu.get_cpu_capability()}, {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
