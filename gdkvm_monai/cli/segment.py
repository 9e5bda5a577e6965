"""``gdkvm``: a clip in; masks, an ejection fraction and a report out."""

from __future__ import annotations

import argparse
import csv
import json
import logging
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdkvm_monai.cli.segment_options import build_parser
from gdkvm_monai.cli.tasks import list_tasks

if TYPE_CHECKING:
    from gdkvm_monai.study.batch import Outcome

__all__ = ["main"]

OK, SOME_FAILED, WRONG_USE = 0, 1, 2
FLAGS = {"set overwrite": "--overwrite", "set force": "--force", "set allow_partial": "--allow-partial"}
"""Remedies in messages, which name options of the Python API, and how the command calls them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    prepare_process()
    try:
        if arguments[:1] == ["info"]:
            from gdkvm_monai.cli.info import main as info

            return info(arguments[1:])
        parser = build_parser()
        options = parser.parse_intermixed_args(arguments)
        if bool(options.clips) == bool(options.views):
            parser.error("give clips, or two clips by --views 4CH=A 2CH=B.")
        if options.jobs < 1:
            parser.error(f"--jobs is {options.jobs}, expected at least 1.")
        return run(options)
    except (OSError, ValueError) as error:
        if "--traceback" in arguments:
            traceback.print_exc()
        print(f"gdkvm: {error}", file=sys.stderr)
        return WRONG_USE


def prepare_process() -> None:
    """Silence libraries, which quote what stands in a header, and end by SIGTERM as by an error."""
    warnings.filterwarnings("ignore")  # what is wrong with a clip is an error or stands in its results
    logging.getLogger("monai").setLevel(logging.ERROR)
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unfinished folders are removed on the way out


def run(options: argparse.Namespace) -> int:
    """Segment what was asked for; returns the exit code."""
    from gdkvm_monai.study.batch import run_batch, write_tables  # torch takes seconds to load: not for --help
    from gdkvm_monai.study.pipeline import bundle_dir

    tasks = list_tasks(options)
    for folder in filter(None, (options.out, options.map and options.map.parent)):
        if any(path.exists() and not path.is_dir() for path in (folder, *folder.parents)):
            raise NotADirectoryError(f"{folder} is, or lies in, a file; give a folder.")
    weights = options.weights or bundle_dir() / "models" / "model.pt"
    outcomes = []
    for outcome in run_batch(
        tasks, options.out, weights, options.config, options.device, options.jobs, options.overwrite, not options.quiet
    ):
        outcomes.append(outcome)
        say(outcome, len(tasks), options)
        if outcome.result is None and options.fail_fast:
            break
    write_tables(options.out, outcomes)
    if options.map:
        write_map(options.map, outcomes)
    biplane = None
    if options.views and all(outcome.result for outcome in outcomes):
        biplane = say_biplane(options, outcomes)
    if options.json:
        results = [outcome.result.measurements for outcome in outcomes if outcome.result]
        print(json.dumps({"clips": results, **({"biplane": biplane} if biplane else {})}, indent=2))
    return OK if all(outcome.result for outcome in outcomes) else SOME_FAILED


def say(outcome: Outcome, count: int, options: argparse.Namespace) -> None:
    """Print what became of a clip, without its name."""
    head = f"clip {outcome.task.position} of {count}"
    if outcome.result is None:
        message = outcome.message
        for remedy, flag in FLAGS.items():
            message = message.replace(remedy, f"use {flag}")
        print(f"gdkvm: {head}: {message}", file=sys.stderr)
        if options.traceback:
            print(outcome.traceback, file=sys.stderr)
        return
    found = outcome.result.measurements
    ef_percent, quality = found["mean"]["ef_percent"], found["quality"]
    ef = f"EF {ef_percent:.0f} %" if ef_percent is not None else f"no EF: {found['ef_withheld']}"
    codes = ", ".join(dict.fromkeys(reason["code"] for reason in quality["reasons"]))
    text = f"{head}: {ef}, {quality['verdict']}{f' ({codes})' if codes else ''} -> {outcome.result.folder}"
    print(text, file=sys.stderr if options.json else sys.stdout)


def say_biplane(options: argparse.Namespace, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Measure both views together, write and print it."""
    from gdkvm_monai.study.biplane import measure_biplane, write_biplane

    report = measure_biplane({outcome.task.options["view"]: outcome.result for outcome in outcomes})
    path = write_biplane(options.out, report)
    ef_percent = report["ef_percent"]
    text = f"EF {ef_percent:.0f} %" if ef_percent is not None else f"no EF: {report['ef_withheld']}"
    text += f", check ({'; '.join(report['flags'])})" if report["flags"] else ""
    print(f"biplane: {text} -> {path}", file=sys.stderr if options.json else sys.stdout)
    return report


def write_map(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Write position, path and identifier of every clip: the only file that names the clips."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("position", "path", "id"))
        for outcome in outcomes:
            writer.writerow(
                (outcome.task.position, outcome.task.path, outcome.result.clip_id if outcome.result else "")
            )


if __name__ == "__main__":
    sys.exit(main())
