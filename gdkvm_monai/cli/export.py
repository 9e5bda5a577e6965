"""Export the network to a file that needs no gdkvm_monai, or the bundle for the model zoo and MONAI Label."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gdkvm_monai.cli.choices import BUNDLE_NAME, NETWORK_FORMATS, NETWORK_FORMS
from gdkvm_monai.cli.command import FAILED, OK, new_parser

__all__ = ["build_bundle_parser", "build_network_parser", "main"]

USAGE = """usage: gdkvm export network --out FILE ...
       gdkvm export bundle [--out DIR] ..."""
NETWORK = """\
Write the bundle's network as ONNX, TorchScript, torch.export or a Triton model repository.

The file is run beside PyTorch on a random clip. FILE.json describes its inputs and outputs.

exit codes: 0 done, 1 the file differs from PyTorch, 2 used wrongly."""
BUNDLE = """\
Write a self-contained bundle for the model zoo or MONAI Label.

It holds configs, documents, weights, and the code of the package."""


def build_network_parser() -> argparse.ArgumentParser:
    """The options of ``gdkvm export network``."""
    parser = new_parser("export network", NETWORK)
    parser.add_argument("--out", type=Path, required=True, metavar="PATH", help="file to write; a folder for triton")
    parser.add_argument("--format", choices=(*NETWORK_FORMATS, "triton"), default="onnx", help="default: onnx")
    parser.add_argument("--form", choices=NETWORK_FORMS, default="clip", help="whole clip or one frame (default: clip)")
    parser.add_argument("--config", nargs="+", default=[], metavar="FILE", help="overlays, for weights without a card")
    parser.add_argument(
        "--override",
        action="append",
        default=[],
        metavar="ID=VALUE",
        help="value of the config, such as network_def#width=8 (repeatable)",
    )
    weights = parser.add_mutually_exclusive_group(required=True)
    weights.add_argument("--weights", type=Path, metavar="FILE", help="checkpoint, models/model.pt of the bundle")
    weights.add_argument("--untrained", action="store_true", help="export random weights, for a trial")
    parser.add_argument("--frames", type=int, default=30, help="frames of the clip that is compared (default: 30)")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="largest difference of a logit (default: 1e-4)")
    return parser


def build_bundle_parser() -> argparse.ArgumentParser:
    """The options of ``gdkvm export bundle``."""
    parser = new_parser("export bundle", BUNDLE)
    parser.add_argument("--out", type=Path, default=Path("dist"), help="folder for the bundle (default: dist)")
    parser.add_argument("--name", default=BUNDLE_NAME, help=f"name of the bundle (default: {BUNDLE_NAME})")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="checkpoint for models/model.pt")
    parser.add_argument(
        "--weights-url", metavar="URL", help="list the weights with this address in large_files.yml and leave them out"
    )
    parser.add_argument(
        "--overlay",
        action="append",
        default=[],
        metavar="FILE",
        help="make an overlay part of the configs (repeatable)",
    )
    parser.add_argument("--zip", action="store_true", help="write NAME_vVERSION.zip too")
    parser.add_argument("--overwrite", action="store_true", help="replace an older export")
    return parser


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code."""
    commands = {"network": _export_network, "bundle": _export_bundle}
    if words[:1] in (["-h"], ["--help"]):
        print(f"{USAGE}\n\n{__doc__}")
        return OK
    if not words or words[0] not in commands:
        given = f"{words[0]!r} cannot be exported" if words else "nothing was given to export"
        raise ValueError(f"{given}; choose network or bundle.")
    return commands[words[0]](words[1:])


def _export_network(words: Sequence[str]) -> int:
    parser = build_network_parser()
    options = parser.parse_args(words)
    if options.frames < 1:
        parser.error(f"--frames is {options.frames}, expected at least 1.")

    from gdkvm_monai.configs.overrides import parse_overrides
    from gdkvm_monai.export.network import NetworkSource, Target, export_checked

    source = NetworkSource(options.config, parse_overrides(options.override), options.weights)
    target = Target(options.out, options.format, options.form)
    done = export_checked(source, target, options.frames, options.tolerance)
    print(f"{done.file} and {done.description.name}")
    print(f"max abs difference from PyTorch over {options.frames} frames: {done.max_abs_difference:.2e}")
    if not done.agrees:
        print(f"gdkvm: above the tolerance {done.tolerance:g}; do not use this file.", file=sys.stderr)
    return OK if done.agrees else FAILED


def _export_bundle(words: Sequence[str]) -> int:
    parser = build_bundle_parser()
    options = parser.parse_args(words)
    if options.zip and options.weights_url:
        parser.error("a zip holds the weights, a folder with --weights-url does not; give one of the two.")

    from gdkvm_monai.export.bundle import export_bundle, too_large_for_the_zoo, zip_bundle

    bundle = export_bundle(
        options.out, options.name, options.weights, options.weights_url, options.overlay, options.overwrite
    )
    print(bundle)
    for file in too_large_for_the_zoo(bundle):
        print(f"{file} is above 25 MB: for a pull request to the model zoo, export with --weights-url")
    if options.zip:
        print(zip_bundle(bundle))
    return OK
