"""Where each second of ``gdkvm CLIP -o OUT`` goes, in a new process, and what each further clip of a batch costs.

    python benchmarks/end_to_end.py [CLIP] [--clips 3] [--options --fast ...]

Without CLIP, it writes a phantom of 70 frames of 640 x 480 as DICOM. The same clip is segmented ``--clips`` times in
one process, under different names; the column ``first`` includes the imports. The times of the steps are measured by
wrapping the functions of ``STEPS``; ``rest`` is what none of them takes. Frames are measured in another process while
the next one is segmented, and the overlay is written beside the contact sheet and the report: only the wait for these
processes counts. On a shared machine, compare runs in turns, or processor time (``--cpu``); the
last row is the processor time of the other processes, which is not in the total.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

STEPS = {
    "load the weights": ("gdkvm_monai.study.pipeline", "load_pipeline"),
    "read and decode": ("gdkvm_monai.study.clip_source", "ClipSource"),
    "network": ("gdkvm_monai.networks.nets.gdkvm", "GDKVM.step"),
    "scale, resize, and invert": ("monai.transforms", "Compose.__call__ Invertd.__call__"),
    "select classes": ("gdkvm_monai.transforms.arg_max", "ArgMaxd.__call__"),
    "perturb the copies": ("gdkvm_monai.inferers.perturbation", "Perturbation.apply Perturbation.undo"),
    "wait for other processes": ("gdkvm_monai.study.background", "_result"),
    "contact sheet": ("gdkvm_monai.study.outputs", "write_contact_sheet"),
    "report": ("gdkvm_monai.study.outputs", "write_clip_report"),
    "masks": ("gdkvm_monai.study.outputs", "_write_masks"),
}
"""Module and functions of each step. Nested calls count for the inner step."""


class Clock:
    """Time of each step, without the steps that it calls."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.seconds: Counter[str] = Counter()
        self.now = now
        self._running: list[str] = []
        self._last = now()

    def switch(self, step: str | None) -> None:
        """Enter a step, or leave the current one with ``None``."""
        now = self.now()
        self.seconds[self._running[-1] if self._running else "rest"] += now - self._last
        self._last = now
        self._running.append(step) if step else self._running.pop()

    def wrap(self, step: str, function: Callable) -> Callable:
        """Return the function with its time counted for the step."""

        def timed(*args: object, **kwargs: object) -> object:
            self.switch(step)
            try:
                return function(*args, **kwargs)
            finally:
                self.switch(None)

        return timed


def main() -> None:
    """Run this file again in a new process, so that nothing is imported yet, and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path, nargs="?", help="clip in one file (default: a phantom)")
    parser.add_argument("--clips", type=int, default=3, help="copies of the clip to segment in one process")
    parser.add_argument("--cpu", action="store_true", help="count processor time of this process instead of wall time")
    parser.add_argument("--options", nargs=argparse.REMAINDER, default=[], help="options of gdkvm, after all others")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return measure(options)
    with tempfile.TemporaryDirectory() as folder:
        clip = options.clip or phantom(Path(folder))
        command = [sys.executable, __file__, str(clip), "--clips", str(options.clips), "--inside"] + [
            "--cpu"
        ] * options.cpu
        sys.exit(subprocess.run([*command, "--options", *options.options]).returncode)


def phantom(folder: Path) -> Path:
    """Write a DICOM clip of 640 x 480 pixels and about 70 frames."""
    command = [sys.executable, "-m", "gdkvm_monai", "phantom", folder, "--format", "dicom", "--size", "480", "640"]
    subprocess.run([*command, "--frame-rate", "49", "--quality", "good", "--views", "4CH"], check=True)
    return next(folder.glob("dicom/*4CH.dcm"))


def measure(options: argparse.Namespace) -> None:
    """Segment copies of a clip in this process and print the seconds of each step."""
    clip, now = options.clip, time.process_time if options.cpu else time.perf_counter
    started, columns = now(), []
    from gdkvm_monai.cli.main import main as gdkvm

    modules = {module: importlib.import_module(module) for module, _ in STEPS.values()}
    imports = now() - started
    clock = Clock(now)
    for step, (module, names) in STEPS.items():
        for name in names.split():
            *owner, last = name.split(".")
            place = getattr(modules[module], owner[0]) if owner else modules[module]
            setattr(place, last, clock.wrap(step, getattr(place, last)))
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.clips):
            copy = Path(folder, f"{number}{clip.suffix}")
            shutil.copy(clip, copy)
            clock.seconds.clear()
            others, before = _cpu_of_others(), now()
            clock._last = before
            failed = gdkvm([str(copy), "-o", f"{folder}/out{number}", "--quiet", *options.options])
            if failed:
                sys.exit(failed)
            clock.seconds["total"] = now() - before
            clock.seconds["other processes"] = _cpu_of_others() - others
            columns.append(Counter(clock.seconds))
    report(imports, columns)


def _cpu_of_others() -> float:
    """Return the processor time of the processes that this one started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def report(imports: float, columns: list[Counter[str]]) -> None:
    """Print the first clip with the imports, and the fastest of the further ones."""
    columns[0]["imports"], columns[0]["total"] = imports, columns[0]["total"] + imports
    further = min(columns[1:], key=lambda column: column["total"], default=Counter())
    print(f"{'seconds':<28}{'first':>8}{'further':>9}")
    for step in ("imports", *STEPS, "rest", "total", "other processes"):
        print(f"{step:<28}{columns[0][step]:>8.2f}{further[step]:>9.2f}")


if __name__ == "__main__":
    main()
