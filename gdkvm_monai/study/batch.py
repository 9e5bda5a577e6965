"""Batches of clips: a failure does not stop the batch, finished clips are skipped, and tables list every outcome."""

from __future__ import annotations

import os
import re
import signal
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from gdkvm_monai.configs.errors import explain
from gdkvm_monai.files import write_json
from gdkvm_monai.study.clip_identity import clip_files
from gdkvm_monai.study.index import write_index
from gdkvm_monai.study.pipeline import Pipeline, PipelineSource, load_pipeline
from gdkvm_monai.study.process import prepare_process
from gdkvm_monai.study.segmentation import SegmentationResult, segment
from gdkvm_monai.study.stills import Stills
from gdkvm_monai.study.tasks import Task
from gdkvm_monai.study.workers import run_in_workers

__all__ = ["Outcome", "run_batch", "write_tables"]

STILL_NAMES = ("the end-diastolic still", "the end-systolic still")

_pipeline: Pipeline | None = None  # set in worker processes only


@dataclass(frozen=True)
class Outcome:
    """Outcome of one clip: a result, or an error and its traceback. The messages contain no path."""

    task: Task
    result: SegmentationResult | None = None
    error: str = ""
    message: str = ""
    traceback: str = ""


def run_batch(
    tasks: Iterable[Task],
    out: Path,
    source: PipelineSource,
    jobs: int = 1,
    overwrite: bool = False,
    progress: bool = False,
) -> Iterator[Outcome]:
    """Segment clips and yield the outcome of each, in order.

    Args:
        tasks: clips to segment, taken one by one; with several worker processes, all of them at the start.
        out: folder for all results.
        source: weights, configs, device, and engine of the network.
        jobs: number of worker processes; 1 works in this process.
        overwrite: replace finished results.
        progress: show a progress bar for every clip; requires one process.

    Raises:
        ImportError, OSError, ValueError: before the first clip, if the weights, an overlay, the device, or the engine
            is wrong.
    """
    pipeline = load_pipeline(*source.arguments)
    if jobs == 1 or len(tasks := list(tasks)) < 2:
        yield from (run_task(task, out, pipeline, overwrite, progress) for task in tasks)
        return
    start = partial(_start_worker, source, max(1, torch.get_num_threads() // jobs))
    yield from run_in_workers(jobs, start, partial(_work, out=out, overwrite=overwrite), tasks, _killed)


def run_task(task: Task, out: Path, pipeline: Pipeline, overwrite: bool, progress: bool = False) -> Outcome:
    """Segment one clip; any error becomes part of the outcome."""
    try:
        result = segment(
            task.path, out=out, pipeline=pipeline, overwrite=overwrite, progress=progress, **vars(task.options)
        )
        return Outcome(task, result)
    except Exception as error:
        where = without_path(traceback.format_exc(), task.path)
        return Outcome(task, None, type(error).__name__, without_path(explain(error), task.path), where)


def without_path(message: str, path: Path | Stills) -> str:
    """Remove the names of the clip and its files from a message, because they may contain patient names.

    Example:
        >>> without_path("/data/Doe^Jane/a.dcm cannot be read as DICOM.", Path("/data/Doe^Jane/a.dcm"))
        'the clip cannot be read as DICOM.'
    """
    shown = {file: f"file {number} of the clip" for number, file in enumerate(_readable_files(path), start=1)}
    shown |= dict(zip(path, STILL_NAMES)) if isinstance(path, Stills) else {path: "the clip"}
    forms: dict[str, str] = {}
    for file, text in shown.items():
        real = Path(os.path.realpath(file))  # Path.resolve raises an error for a link to itself
        for name in (str(file), str(file.absolute()), str(real), file.name, real.name):
            forms[name] = forms[repr(name)[1:-1]] = text
    longest_first = "|".join(map(re.escape, sorted(filter(None, forms), key=len, reverse=True)))
    return re.sub(rf"(?<!\w)(?:{longest_first})(?!\w)", lambda match: forms[match[0]], message)


def _readable_files(path: Path | Stills) -> list[Path]:
    """Return the files of a clip, none if they cannot be listed."""
    try:
        return clip_files(path)
    except OSError:
        return []


def write_tables(out: Path, outcomes: Iterable[Outcome]) -> list[str]:
    """Write ``failures.json`` for this run and ``index.csv`` with one row for every finished clip in the folder.

    Returns:
        A sentence for each result in the folder that cannot be read and is not in the index.
    """
    failures = [
        {"position": outcome.task.position, "error": outcome.error, "message": outcome.message}
        for outcome in outcomes
        if outcome.result is None
    ]
    with ExitStack() as tables:  # each table is written although the other one cannot be
        tables.callback(write_json, out / "failures.json", failures)
        return write_index(out)


def _start_worker(source: PipelineSource, threads: int) -> None:
    global _pipeline
    prepare_process()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes, and the parent stops its workers
    torch.set_num_threads(threads)
    try:
        _pipeline = load_pipeline(*source.arguments)
    except SystemExit:  # raised on SIGTERM, see _work
        os._exit(143)


def _killed(task: Task, error: BrokenExecutor) -> Outcome:
    message = "the worker process died, probably because memory ran out; run again with fewer jobs."
    return Outcome(task, None, type(error).__name__, message, "".join(traceback.format_exception(error)))


def _work(task: Task, out: Path, overwrite: bool) -> Outcome:
    try:
        return run_task(task, out, _pipeline, overwrite)
    except SystemExit:  # raised on SIGTERM; unfinished files are gone, but the pool would start the next clip
        os._exit(143)
