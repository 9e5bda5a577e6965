"""Compare two results folders patient by patient: paired differences with intervals, worse patients, and failures."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from gdkvm_monai.cli.command import OK, new_parser

__all__ = ["build_parser", "main"]


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command."""
    parser = new_parser("compare", __doc__)
    parser.add_argument("a", metavar="A", type=Path, help="results of `gdkvm evaluate`, for example the baseline")
    parser.add_argument("b", metavar="B", type=Path, help="other results on the same data; differences are B - A")
    parser.add_argument("--score", default="dice", help="score that decides who got worse (default: dice)")
    parser.add_argument(
        "--threshold",
        type=float,
        default=0.01,
        help="change of that score, in its unit, beyond which a patient counts as worse (default: 0.01)",
    )
    parser.add_argument("--resamples", type=int, default=2000, help="bootstrap resamples of patients (default: 2000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the bootstrap (default: 0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to this file")
    return parser


def main(words: Sequence[str]) -> int:
    """Run the command and return the exit code."""
    parser = build_parser()
    options = parser.parse_args(words)
    if not options.threshold >= 0:
        parser.error(f"--threshold is {options.threshold:g}, expected 0 or more.")
    if options.resamples < 1:
        parser.error(f"--resamples is {options.resamples}, expected at least 1.")

    from gdkvm_monai.evaluation import compare_results, format_comparison
    from gdkvm_monai.files import plain, write_json

    result = compare_results(options.a, options.b, options.score, options.threshold, options.resamples, options.seed)
    if options.json:
        write_json(options.json, plain(result))
    print(format_comparison(result))
    return OK
