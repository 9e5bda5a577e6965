"""Score weights on annotated clips: scores of each frame, ejection fractions, agreement, intervals, and plots.

DIR is a CAMUS release, or other data that an overlay can read. The results in OUT are per_frame.csv, metrics.json,
tables, and plots; compare two such folders with `gdkvm compare`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from gdkvm_monai.cli.command import OK, WRONG_USE, new_parser, output_path, report, wants_traceback
from gdkvm_monai.cli.weights_option import add_weights_option
from gdkvm_monai.configs import check_weights_file
from gdkvm_monai.study.tasks import check_folders

__all__ = ["build_parser", "main"]

EXAMPLES = """examples:
  gdkvm evaluate --dataset-dir CAMUS -o results --config light.yaml
  gdkvm evaluate --dataset-dir CAMUS --weights runs/mine/models/model.pt -o results --config camus_stills.yaml \\
      --override section=testing --override save_masks=True
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command."""
    parser = new_parser("evaluate", __doc__, epilog=EXAMPLES)
    parser.add_argument(
        "--dataset-dir", type=Path, required=True, metavar="DIR", help="folder with the annotated clips"
    )
    add_weights_option(parser)
    parser.add_argument("-o", "--out", type=output_path, required=True, help="folder for the results")
    parser.add_argument(
        "--config", nargs="+", default=[], metavar="FILE", help="overlays: files, or names of the bundle's configs"
    )
    parser.add_argument(
        "--override",
        action="append",
        default=[],
        metavar="ID=VALUE",
        help="config value, such as section=testing (repeatable)",
    )
    return parser


def main(words: Sequence[str]) -> int:
    """Run the command and return the exit code."""
    options = build_parser().parse_args(words)
    check_folders([options.out])
    if options.weights:
        check_weights_file(options.weights)
    whole = wants_traceback(words)

    from gdkvm_monai.configs.commands import evaluate
    from gdkvm_monai.configs.errors import explain, no_stacks_in_the_log
    from gdkvm_monai.configs.overrides import parse_overrides

    try:
        with nullcontext() if whole else no_stacks_in_the_log():
            evaluate(
                options.dataset_dir, options.out, options.weights, options.config, parse_overrides(options.override)
            )
    except Exception as error:
        report(error, whole, explain(error), hint=True)
        return WRONG_USE
    for name in ("per_frame.csv", "metrics.json"):
        print(options.out / name)
    return OK
