"""``gdkvm segment``: masks, ejection fraction, and report of clips."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gdkvm_monai.cli.command import FAILED, INTERRUPTED, OK, ef_text, wants_traceback, with_options
from gdkvm_monai.cli.segment_options import chosen_options, parse_options
from gdkvm_monai.configs import released_weights
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.process import prepare_process
from gdkvm_monai.study.stills import Stills
from gdkvm_monai.study.tasks import Task, check_folders, check_map, list_stills, list_tasks, list_views

if TYPE_CHECKING:
    from gdkvm_monai.study.batch import Outcome
    from gdkvm_monai.study.measurements import TrainingData
    from gdkvm_monai.study.shards import SharedBatch

__all__ = ["main"]

GRACE_S = 10
"""How long an interrupted run waits for its other processes; torchrun kills them after 30 s."""


def main(words: Sequence[str]) -> int:
    """Run the command and return the exit code."""
    options = parse_options(words)
    options.traceback = wants_traceback(words)
    prepare_process()
    common = SegmentOptions(**chosen_options(options))
    tasks = _list_tasks(options, common)
    check_folders([options.out])
    if options.map:
        check_map(options.map)
    weights = options.weights or released_weights()
    outcomes: list[Outcome] = []
    shared = _share(tasks, options)
    try:
        _segment(tasks, weights, options, outcomes, shared)
        outcomes = shared.outcomes(options.process_timeout) if shared else outcomes
    except (KeyboardInterrupt, SystemExit) as stop:  # Ctrl-C, or SIGTERM, which prepare_process turns into an exit
        if shared:
            shared.leave()
            outcomes = shared.outcomes(GRACE_S)
        if outcomes is not None:
            _stop(outcomes, len(tasks), options)
        return INTERRUPTED if isinstance(stop, KeyboardInterrupt) else int(stop.code)
    if outcomes is None:
        return OK  # another process writes the tables
    _write_tables(outcomes, options)
    _finish(outcomes, options)
    return OK if all(outcome.result for outcome in outcomes) else FAILED


def _list_tasks(options: argparse.Namespace, common: SegmentOptions) -> list[Task]:
    if options.clips:
        return list_tasks(options.clips, options.out, common, options.pattern)
    if options.views:
        return list_views(options.views, common)
    return list_stills(Stills(options.ed, options.es), common)


def _share(tasks: Sequence[Task], options: argparse.Namespace) -> SharedBatch | None:
    """Share the clips with the other processes of ``torchrun``, if there are any."""
    from gdkvm_monai.study.shards import SharedBatch, several_processes

    if not several_processes():
        return None
    if options.jobs > 1:
        raise ValueError(f"--jobs is {options.jobs}, expected 1 with torchrun; set its --nproc_per_node instead.")
    return SharedBatch(tasks, options.out)


def _segment(
    tasks: Sequence[Task],
    weights: Path,
    options: argparse.Namespace,
    outcomes: list[Outcome],
    shared: SharedBatch | None,
) -> None:
    """Segment all clips, or those that this process takes of a shared batch, and append each outcome to the list."""
    from gdkvm_monai.folders import remove_abandoned
    from gdkvm_monai.study.batch import run_batch
    from gdkvm_monai.study.pipeline import PipelineSource

    remove_abandoned(options.out)
    mine, progress = (shared.take(), False) if shared else (tasks, not options.quiet)
    source = PipelineSource(weights, tuple(options.config), options.device, options.engine, tuple(options.tta))
    for outcome in run_batch(mine, options.out, source, options.jobs, options.overwrite, progress):
        outcomes.append(outcome)
        if shared:
            shared.report(outcome)
        _print_outcome(outcome, len(tasks), options)
        if outcome.result is None and options.fail_fast:
            if shared:
                shared.end()
            break


def _stop(outcomes: Sequence[Outcome], total: int, options: argparse.Namespace) -> None:
    """Write the tables of an interrupted run, and say how it goes on."""
    _write_tables(outcomes, options)
    count = sum(outcome.result is not None for outcome in outcomes)
    print(f"gdkvm: stopped after {count} of {total} clips; run the same command again to go on.", file=sys.stderr)


def _write_tables(outcomes: Sequence[Outcome], options: argparse.Namespace) -> None:
    """Write the tables of the results folder and, if requested, the map; name results that cannot be read."""
    from gdkvm_monai.study.batch import write_tables
    from gdkvm_monai.study.clip_map import write_map

    clips = [(outcome.task, outcome.result.clip_id if outcome.result else "") for outcome in outcomes]
    with ExitStack() as tables:  # the map is written although another table cannot be
        if options.map:
            tables.callback(write_map, options.map, clips)
        told = [replace(outcome, message=with_options(outcome.message)) for outcome in outcomes]
        for problem in write_tables(options.out, told):
            print(f"gdkvm: not in index.csv: {problem}", file=sys.stderr)


def _print_outcome(outcome: Outcome, count: int, options: argparse.Namespace) -> None:
    """Print the result or the error of a clip, without the clip's name."""
    head = f"clip {outcome.task.position} of {count}"
    if outcome.result is None:
        print(f"gdkvm: {head}: {with_options(outcome.message)}", file=sys.stderr)
        if options.traceback:
            print(outcome.traceback, file=sys.stderr)
        return
    found = outcome.result.measurements
    quality, ef = found.quality, ef_text(found.mean.ef_percent, found.ef_withheld)
    codes = ", ".join(quality.codes)
    facts = _training_text([found.training])
    text = f"{head}: {ef}, {quality.verdict}{f' ({codes})' if codes else ''}; {facts} -> {outcome.result.folder}"
    print(text, file=sys.stderr if options.json else sys.stdout)


def _training_text(trainings: Iterable[TrainingData]) -> str:
    """Return what the weights were trained on and which views are assumed, each stated once."""
    facts = []
    for training in trainings:
        assumed = training.assumed_views
        facts += [f"weights: {training.domain}", *([f"{' or '.join(assumed)} assumed"] if assumed else [])]
    return ", ".join(dict.fromkeys(facts))


def _finish(outcomes: Sequence[Outcome], options: argparse.Namespace) -> None:
    """Combine both views if given, and print the results as JSON if requested."""
    from gdkvm_monai.study.biplane import measure_biplane
    from gdkvm_monai.study.biplane_folder import write_biplane
    from gdkvm_monai.study.index import write_index

    together = {}
    if options.views and all(outcome.result for outcome in outcomes):
        results = {outcome.task.options.view: outcome.result for outcome in outcomes}
        report = measure_biplane(results)
        path, together = write_biplane(options.out, report, results), {"biplane": asdict(report)}
        write_index(options.out)  # now with the row of both views
        flags = f" ({'; '.join(report.flags)})" if report.flags else ""
        facts = _training_text(result.measurements.training for result in results.values())
        text = f"{ef_text(report.ef_percent, report.ef_withheld)}, {report.verdict}{flags}; {facts}"
        print(f"biplane: {text} -> {path}", file=sys.stderr if options.json else sys.stdout)
    if options.json:
        results = [asdict(outcome.result.measurements) for outcome in outcomes if outcome.result]
        print(json.dumps({"clips": results, **together}, indent=2))
