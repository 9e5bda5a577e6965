"""Generate phantom clips, train a small network on them, evaluate it, and segment a clip; `make demo` runs this."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from gdkvm_monai.cli.command import OK, new_parser
from gdkvm_monai.study.tasks import check_folders

__all__ = ["build_parser", "main"]


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command."""
    parser = new_parser("demo", __doc__)
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for data and results (default: demo)")
    parser.add_argument("--smallest", action="store_true", help="run as few steps as possible, to check the setup")
    return parser


def main(words: Sequence[str]) -> int:
    """Run the command and return the exit code."""
    options = build_parser().parse_args(words)
    check_folders([options.out])

    from gdkvm_monai.study.demo import run_demo

    result = run_demo(options.out, options.smallest)
    ef = result.ef
    print(f"demo network, on phantoms that it was not trained on ({result.seconds:.0f} s):")
    print(f"  mean LV Dice {result.mean_dice:.4f}")
    print(f"  EF bias {ef.bias:+.1f} points, SD {ef.sd:.1f} ({ef.n} of {ef.n + ef.n_excluded} EFs, {result.ef_method})")
    for path in result.files:
        print(path)
    return OK
