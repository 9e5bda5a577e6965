"""Time of segmenting a folder of phantom clips in one process and in several of ``torchrun``, one thread each.

    python benchmarks/shared_batch.py [--processes 2] [--clips 8] [--repeats 3]

Both ways run in turn, because other work on the machine changes over time, and must write the same tables. The time
includes the start of all processes. Processor time is that of all processes together.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip, write_clip

LAUNCH = ("-m", "torch.distributed.run", "--standalone")
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def seconds(launch: list[str], clips: Path, out: Path) -> tuple[float, float]:
    """Time of the command, which must succeed, and its processor time."""
    start, used = time.perf_counter(), _used()
    command = [sys.executable, *launch, "-m", "gdkvm_monai", str(clips), "-o", str(out), "--device", "cpu", "--quiet"]
    subprocess.run(command, check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start, _used() - used


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Print the times of every repetition and the ratio of their medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("processes", 2), ("clips", 8), ("repeats", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    ways = {1: [], options.processes: [*LAUNCH, f"--nproc_per_node={options.processes}"]}
    times: dict[int, list[tuple[float, float]]] = {count: [] for count in ways}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in range(options.clips):
            clip = render_phantom_clip(EchoPhantom(seed), "4CH", 1.2, 50, (320, 240))
            write_clip(folder / "clips" / f"{seed}.dcm", clip, "dicom")
        for turn in range(options.repeats):
            for count, launch in ways.items():
                times[count].append(seconds(launch, folder / "clips", folder / f"{turn}_{count}"))
                print(f"{count} processes: {times[count][-1][0]:.1f} s, load of the machine {os.getloadavg()[0]:.1f}")
            tables = [[(folder / f"{turn}_{n}" / t).read_bytes() for t in ("index.csv", "failures.json")] for n in ways]
            assert tables[0] == tables[1], "the tables differ"
    (one, one_used), (several, several_used) = (map(statistics.median, zip(*times[count])) for count in ways)
    print(f"{options.clips} clips, {os.cpu_count()} cores; the tables are the same")
    print(f"one process: {one:.1f} s, processor time {one_used:.1f} s")
    print(f"{options.processes} processes: {several:.1f} s, processor time {several_used:.1f} s")
    print(f"{one / several:.2f} times as fast")


if __name__ == "__main__":
    main()
