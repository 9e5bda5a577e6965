"""Export the network to a file that runs without gdkvm_monai, or the bundle for the model zoo and MONAI Label."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gdkvm_monai.cli.choices import BUNDLE_FORMATS, BUNDLE_NAME, NETWORK_FORMATS, NETWORK_FORMS
from gdkvm_monai.cli.command import FAILED, OK, new_parser, output_path
from gdkvm_monai.cli.weights_option import add_weights_option
from gdkvm_monai.study.tasks import check_folders

__all__ = ["build_bundle_parser", "build_network_parser", "main"]

USAGE = """usage: gdkvm export network --out FILE ...
       gdkvm export bundle [--out DIR] ..."""
NETWORK = """\
Write the bundle's network as ONNX, TorchScript, torch.export, or a Triton model repository.

The exported file is compared with PyTorch on a random clip. FILE.json describes its inputs and outputs.

exit codes: 0 success, 1 the file differs from PyTorch, 2 wrong use."""
BUNDLE = """\
Write a self-contained bundle for the model zoo or MONAI Label.

It contains configs, documents, weights, and the code of the package."""


def build_network_parser() -> argparse.ArgumentParser:
    """Build the parser of ``gdkvm export network``."""
    parser = new_parser("export network", NETWORK)
    parser.add_argument(
        "--out", type=output_path, required=True, metavar="PATH", help="file to write, or folder for triton"
    )
    parser.add_argument("--format", choices=(*NETWORK_FORMATS, "triton"), default="onnx", help="default: onnx")
    parser.add_argument("--form", choices=NETWORK_FORMS, default="clip", help="whole clip or one frame (default: clip)")
    parser.add_argument("--config", nargs="+", default=[], metavar="FILE", help="overlays, for weights without a card")
    parser.add_argument(
        "--override",
        action="append",
        default=[],
        metavar="ID=VALUE",
        help="config value, such as network_def#width=8 (repeatable)",
    )
    weights = parser.add_mutually_exclusive_group()
    add_weights_option(weights)
    weights.add_argument("--untrained", action="store_true", help="export random weights, for testing")
    parser.add_argument("--frames", type=int, default=30, help="frames in the clip for the comparison (default: 30)")
    parser.add_argument("--tolerance", type=float, default=5e-4, help="largest difference in logits (default: 5e-4)")
    return parser


def build_bundle_parser() -> argparse.ArgumentParser:
    """Build the parser of ``gdkvm export bundle``."""
    parser = new_parser("export bundle", BUNDLE)
    parser.add_argument("--out", type=output_path, default=Path("dist"), help="folder for the bundle (default: dist)")
    parser.add_argument("--name", default=BUNDLE_NAME, help=f"name of the bundle (default: {BUNDLE_NAME})")
    add_weights_option(
        parser, "checkpoint for models/model.pt (default: the released weights, unless there is an --overlay)"
    )
    parser.add_argument(
        "--weights-url",
        metavar="URL",
        help="list the weights in large_files.yml with this URL instead of including them",
    )
    parser.add_argument(
        "--overlay",
        action="append",
        metavar="FILE",
        help="merge an overlay into the configs (repeatable; default: that of the weights' network)",
    )
    parser.add_argument(
        "--also",
        nargs="+",
        choices=BUNDLE_FORMATS,
        default=[],
        metavar="FORMAT",
        help="also write the network as models/model.ts (torchscript, for MONAI Deploy) or model.pt2 (torch_export)",
    )
    parser.add_argument("--zip", action="store_true", help="also write NAME_vVERSION.zip")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing export")
    return parser


def main(words: Sequence[str]) -> int:
    """Run the command and return the exit code."""
    commands = {"network": _export_network, "bundle": _export_bundle}
    if words[:1] in (["-h"], ["--help"]):
        print(f"{USAGE}\n\n{__doc__}")
        return OK
    if not words or words[0] not in commands:
        given = f"{words[0]!r} cannot be exported" if words else "export needs an argument"
        raise ValueError(f"{given}; choose network or bundle.")
    return commands[words[0]](words[1:])


def _export_network(words: Sequence[str]) -> int:
    parser = build_network_parser()
    options = parser.parse_args(words)
    if options.frames < 1:
        parser.error(f"--frames is {options.frames}, expected at least 1.")
    if not options.tolerance >= 0:  # also NaN
        parser.error(f"--tolerance is {options.tolerance:g}, expected at least 0.")
    if options.format != "triton" and options.out.is_dir():
        parser.error(f"--out {options.out} is a folder, expected a file for {options.format}.")
    check_folders([options.out if options.format == "triton" else options.out.parent])

    from gdkvm_monai.configs import released_weights
    from gdkvm_monai.configs.overrides import parse_overrides
    from gdkvm_monai.export.network import NetworkSource, Target, export_checked

    weights = None if options.untrained else options.weights or released_weights()
    source = NetworkSource(options.config, parse_overrides(options.override), weights)
    target = Target(options.out, options.format, options.form)
    done = export_checked(source, target, options.frames, options.tolerance)
    print(f"{done.file} and {done.description.name}")
    print(f"max abs difference from PyTorch over {options.frames} frames: {done.max_abs_difference:.2e}")
    if not done.agrees:
        print(f"gdkvm: the difference exceeds the tolerance {done.tolerance:g}; do not use this file.", file=sys.stderr)
    return OK if done.agrees else FAILED


def _export_bundle(words: Sequence[str]) -> int:
    parser = build_bundle_parser()
    options = parser.parse_args(words)
    if options.zip and options.weights_url:
        parser.error("--zip includes the weights, --weights-url excludes them; use one of the two.")
    check_folders([options.out])

    from gdkvm_monai.export.bundle import export_bundle, too_large_for_the_zoo, zip_bundle

    weights = options.weights, options.weights_url
    bundle = export_bundle(options.out, options.name, *weights, options.overlay, options.overwrite, options.also)
    print(bundle)
    for file in too_large_for_the_zoo(bundle):
        print(f"{file} is larger than 25 MB: for a pull request to the model zoo, export with --weights-url")
    if options.zip:
        print(zip_bundle(bundle))
    return OK
