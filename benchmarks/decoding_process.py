"""Processor time of decoding a clip in another process, and of segmenting it with and without that.

    OMP_NUM_THREADS=1 python benchmarks/decoding_process.py

Processor time counts all threads of this process and of its children.
"""

from __future__ import annotations

import resource
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from gdkvm_monai import segment
from gdkvm_monai.data import ReadOptions, open_clip
from gdkvm_monai.data.decoder_process import open_apart
from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip, write_clip
from gdkvm_monai.study import clip_source
from gdkvm_monai.study.pipeline import Pipeline, load_pipeline

REPEATS = 5


def processor_ms(work: Callable[[], object]) -> float:
    """Median time of this process and its children; the first run, which imports, does not count."""
    times = []
    for _ in range(REPEATS + 1):
        start = _used()
        work()
        times.append(1000 * (_used() - start))
    return statistics.median(times[1:])


def _used() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    """Print one line for each format and one for segmentation."""
    pipeline, options = load_pipeline(device="cpu"), ReadOptions()
    ways = {"here": lambda open_file, path, options: open_file(path, options), "in another process": open_apart}
    clip = render_phantom_clip(EchoPhantom(1), "4CH", 1.0, 60, (320, 240))
    with tempfile.TemporaryDirectory() as folder:
        for format, suffix in (("dicom", ".dcm"), ("mp4", ".mp4"), ("nifti", ".nii.gz")):
            path = Path(folder) / f"clip{suffix}"
            write_clip(path, clip, format)
            for name, way in ways.items():
                ms = processor_ms(lambda: list(way(open_clip, path, options)))
                print(f"decode {format} {name}: {ms:.0f} ms for {clip.image.shape[2]} frames")
        for fast in (True, False):
            for name, times in _segment(Path(folder) / "clip.dcm", pipeline, ways, fast).items():
                print(f"segment dicom{', fast' if fast else ''}, decoded {name}: {statistics.median(times):.0f} ms")


def _segment(path: Path, pipeline: Pipeline, ways: dict[str, Callable], fast: bool) -> dict[str, list[float]]:
    """Times of segmenting a clip in both ways in turn, because other work on the machine changes over time."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(REPEATS):
        for name, way in ways.items():
            clip_source.open_apart = way
            start = _used()
            segment(path, pipeline=pipeline, fast=fast)
            times[name].append(1000 * (_used() - start))
    return times


if __name__ == "__main__":
    main()
