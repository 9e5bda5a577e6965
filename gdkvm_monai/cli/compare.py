"""Compare two folders of results patient by patient: paired differences with intervals, who got worse, failures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gdkvm_monai.evaluation import compare_results, format_comparison
from gdkvm_monai.files import plain, write_json


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status, 0, or 2 when it was used wrongly."""
    parser = argparse.ArgumentParser(prog="python -m gdkvm_monai.cli.compare", description=__doc__)
    parser.add_argument("a", metavar="A", type=Path, help="output_dir of a run of evaluating, for example the baseline")
    parser.add_argument("b", metavar="B", type=Path, help="output_dir of another one on the same data; see B - A")
    parser.add_argument("--score", default="dice", help="score that tells who got worse (default: dice)")
    parser.add_argument(
        "--threshold",
        type=float,
        default=0.01,
        help="change of that score, in its unit, beyond which a patient counts as worse (default: 0.01)",
    )
    parser.add_argument("--resamples", type=int, default=2000, help="bootstrap resamples of patients (default: 2000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the bootstrap (default: 0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to this file too")
    options = parser.parse_args(arguments)
    if options.threshold < 0 or options.resamples < 1:
        parser.error("--threshold must not be negative and --resamples must be at least 1.")
    try:
        result = compare_results(
            options.a, options.b, options.score, options.threshold, options.resamples, options.seed
        )
        if options.json:
            write_json(options.json, plain(result))
    except (OSError, ValueError) as error:
        print(f"compare: {error}", file=sys.stderr)
        return 2
    print(format_comparison(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
