"""Read damaged clips of every format, and print what became of them.

    python benchmarks/fuzz.py --inputs 10000

Small clips are written in every format, damaged at random (the same way for the same seed), and read in a forked
process. It may be read, or be refused by ``ClipReadError``. Anything else fails: another exception, a crash,
more than 10 s or 1.5 GB, a cut clip that counts as complete, or a message that quotes text of the header.
"""

from __future__ import annotations

import argparse
import gc
import logging
import multiprocessing
import random
import signal
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from fuzz_clips import Base, damage, write_bases

from gdkvm_monai.data import ClipReadError, open_clip

LIMIT_S, LIMIT_MB = 10, 1500
GOOD = ("read", "refused")


@dataclass(frozen=True)
class Outcome:
    """What became of one damaged clip."""

    base: str
    kind: str
    result: str
    detail: str = ""


def main() -> int:
    """Run, print the table and every failure, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first input, to repeat a failure")
    options = parser.parse_args()
    indices = range(options.first, options.first + options.inputs)
    outcomes = dict(fuzz(indices, options.seed))
    print(table(list(outcomes.values())))
    failures = {index: outcome for index, outcome in outcomes.items() if outcome.result not in GOOD}
    for index, outcome in failures.items():
        print(f"input {index}: {outcome.base}, {outcome.kind}: {outcome.result} {outcome.detail}")
    return int(bool(failures))


def fuzz(indices: range, seed: int) -> Iterator[tuple[int, Outcome]]:
    """Yield the number of each input and what became of it."""
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        bases = write_bases(Path(folder))
        left = list(indices)
        while left:
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(left, seed, bases, sender), daemon=True)
            process.start()
            sender.close()
            try:
                while left:
                    yield left[0], receiver.recv()
                    left.pop(0)
            except EOFError:  # the process died
                process.join()
                base, kind = _choose(left[0], seed, bases)
                name = signal.Signals(-process.exitcode).name if process.exitcode < 0 else f"exit {process.exitcode}"
                yield left.pop(0), Outcome(base.name, kind, "slow" if name == "SIGALRM" else "crash", name)
            process.join()


def _choose(index: int, seed: int, bases: list[Base]) -> tuple[Base, str]:
    rng = random.Random(f"{seed} {index}")
    base = bases[index % len(bases)]
    return base, damage(base, rng)


def _work(indices: list[int], seed: int, bases: list[Base], sender: Connection) -> None:
    gc.freeze()  # objects of the parent must not be destroyed here
    warnings.simplefilter("ignore")
    logging.disable()
    for index in list(indices):
        base, kind = _choose(index, seed, bases)
        signal.alarm(LIMIT_S)
        before = _memory_mb("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak
        result, detail = _read(base, kind)
        signal.alarm(0)
        grown = _memory_mb("VmHWM") - before
        if grown > LIMIT_MB:
            result, detail = "memory", f"{grown:.0f} MB"
        sender.send(Outcome(base.name, kind, result, detail))


def _read(base: Base, kind: str) -> tuple[str, str]:
    try:
        with open_clip(base.path) as stream:
            frames = [np.array(frame) for frame in stream]
    except ClipReadError as error:
        message = str(error).replace(str(base.path), "")
        return ("quoted", message) if base.secret in message or "\n" in message else ("refused", "")
    except Exception as error:
        return "undeclared", f"{type(error).__name__}: {str(error)[:200]}"
    if kind == "cut" and len(frames) < base.frames and not stream.meta["partial"]:
        return "cut, read as complete", f"{len(frames)} of {base.frames} frames"
    return "read", ""


def _memory_mb(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def table(outcomes: list[Outcome]) -> str:
    """Counts by format and result."""
    counts = Counter((outcome.base, outcome.result) for outcome in outcomes)
    results = sorted({result for _, result in counts}, key=lambda result: (result not in GOOD, result))
    rows = [["format", "inputs", *results]]
    for base in dict.fromkeys(outcome.base for outcome in outcomes):
        found = [counts[base, result] for result in results]
        rows.append([base, str(sum(found)), *map(str, found)])
    found = [sum(counts[base, result] for base, _ in counts) for result in results]
    totals = [sum(1 for outcome in outcomes if outcome.result == result) for result in results]
    rows.append(["all", str(len(outcomes)), *map(str, totals)])
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


if __name__ == "__main__":
    raise SystemExit(main())
