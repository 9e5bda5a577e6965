"""Run MONAI's bundle commands. An ID that has no effect is refused, and errors are printed in one line.

The arguments are those of `python -m monai.bundle`:
  gdkvm bundle run training --bundle_root bundle --run_dir runs/paper --dataset_dir /path/to/CAMUS \\
    --config_file bundle/configs/train.json
Any ID in a config can be an option: --epochs 30 --network_def#width 32. Overlays are additional config files:
  --config_file "['bundle/configs/train.json','bundle/configs/camus_stills.yaml']"
`python -m monai.bundle COMMAND --help` lists the arguments of a command.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from contextlib import nullcontext

from gdkvm_monai.cli.choices import BUNDLE_COMMANDS
from gdkvm_monai.cli.command import OK, WRONG_USE, new_parser, report, wants_traceback

__all__ = ["build_parser", "main"]


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command."""
    parser = new_parser("bundle", __doc__)
    parser.add_argument("command", choices=BUNDLE_COMMANDS, metavar="COMMAND", help=", ".join(BUNDLE_COMMANDS))
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="arguments of the MONAI command")
    return parser


def main(words: Sequence[str]) -> int:
    """Run the command and return the exit code."""
    whole = wants_traceback(words)
    words = [word for word in words if word != "--traceback"]
    parser = build_parser()
    options = parser.parse_args(words)
    if {"-h", "--help"} & set(options.arguments):
        parser.print_help()
        return OK

    import fire

    from gdkvm_monai.configs.commands import checked_commands
    from gdkvm_monai.configs.errors import explain, no_stacks_in_the_log

    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # tracking must not use the network
    try:
        with nullcontext() if whole else no_stacks_in_the_log():
            fire.Fire(checked_commands(), [options.command, *options.arguments], "gdkvm bundle")
    except Exception as error:
        report(error, whole, explain(error), hint=True)
        return WRONG_USE
    return OK
