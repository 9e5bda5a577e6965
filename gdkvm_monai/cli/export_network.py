"""Export a bundle's network as TorchScript, ONNX or torch.export, and check the file against PyTorch."""

from __future__ import annotations

import argparse
import ast
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from monai.bundle import ConfigParser

from gdkvm_monai import export as exports
from gdkvm_monai.files import file_sha256, plain, write_json
from gdkvm_monai.networks.checkpoint import load_weights
from gdkvm_monai.networks.nets import GDKVM


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0, 1 when the file differs from PyTorch, 2 when used wrongly."""
    options = _parser().parse_args(arguments)
    if (options.weights is None) != options.untrained:
        print("export_network: give either --weights FILE or, for a trial, --untrained.", file=sys.stderr)
        return 2
    try:
        exports.check_packages("onnx" if options.triton else options.format)
        config = read_config(options.config, options.override)
        torch.manual_seed(0)  # the same random weights for every trial
        network, size = config.get_parsed_content("network_def"), tuple(config.get_parsed_content("frame_size"))
        if options.weights:
            load_weights(network, options.weights, remedy="add the overlay that they were trained with to --config")
        return _export(network.eval(), size, config, options)
    except (ImportError, OSError, ValueError) as error:
        print(f"export_network: {error}", file=sys.stderr)
        return 2


def read_config(files: Sequence[Path], overrides: Sequence[str] = ()) -> ConfigParser:
    """The bundle's configs, later ones over earlier ones, with overrides ``id=value`` on top.

    Raises:
        FileNotFoundError: when a config does not exist.
        ValueError: when an override is not ``id=value`` with an id of the config, or the configs hold no
            ``network_def`` or ``frame_size``.
    """
    for file in files:
        if not file.is_file():
            raise FileNotFoundError(f"config {file} does not exist; give the bundle's configs/inference.json.")
    parser = ConfigParser(ConfigParser.load_config_files([str(file) for file in files]))
    for name in ("network_def", "frame_size"):
        if name not in parser.get():
            raise ValueError(f"config {files[0]} has no {name}; give the bundle's configs/inference.json.")
    for override in overrides:
        name, equals, value = override.partition("=")
        if not equals or name not in parser:
            raise ValueError(f"override '{override}' is not id=value with an id of the config, as network_def#width=8.")
        parser[name] = _literal(value)
    return parser


def _export(network: GDKVM, size: tuple[int, int], config: ConfigParser, options: argparse.Namespace) -> int:
    """Write the file, compare it with PyTorch, write what it takes and gives."""
    format, form, out = options.format, options.form, options.out
    if options.triton:
        format, form, out = "onnx", "step", exports.write_triton_repository(network, options.triton, size)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        exports.export_network(network, out, format, form, size)
    shape = (1, network.in_channels, *size, options.frames)
    difference = exports.largest_difference(network, exports.open_export(out, format), form, shape)
    agrees = difference <= options.tolerance  # false for NaN
    description = {
        **exports.describe_export(network, format, form, size),
        **_origin(config, options),
        "parity": {
            "clip": list(shape),
            "max_abs_difference": None if math.isnan(difference) else difference,
            "tolerance": options.tolerance,
        },
    }
    side = out.with_name(out.name + ".json")
    write_json(side, plain(description))
    print(f"{out} and {side.name}")
    print(f"max abs difference from PyTorch over {options.frames} frames: {difference:.2e}")
    if not agrees:
        print(f"export_network: above the tolerance {options.tolerance:g}; do not use this file.", file=sys.stderr)
    return 0 if agrees else 1


def _origin(config: ConfigParser, options: argparse.Namespace) -> dict:
    """Where the network comes from: config, weights, and the classes of its output."""
    metadata = options.config[0].with_name("metadata.json")
    outputs = json.loads(metadata.read_text())["network_data_format"]["outputs"] if metadata.is_file() else {}
    network_def = {name: config.get_parsed_content(f"network_def#{name}") for name in config["network_def"]}
    weights = None
    if options.weights:
        weights = {"file": options.weights.name, "sha256": file_sha256(options.weights)}
    return {
        "frame_size": config.get_parsed_content("frame_size"),
        "channel_def": outputs.get("pred", {}).get("channel_def"),
        "network_def": network_def,
        "weights": weights,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gdkvm_monai.cli.export_network", description=__doc__)
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--out", type=Path, metavar="FILE", help="file to write; FILE.json describes it")
    target.add_argument("--triton", type=Path, metavar="DIR", help="write a Triton model repository of the ONNX step")
    parser.add_argument("--format", choices=exports.FORMATS, default="onnx", help="default: onnx")
    parser.add_argument("--form", choices=exports.FORMS, default="clip", help="whole clip or one frame (default: clip)")
    parser.add_argument(
        "--config", type=Path, nargs="+", default=[Path("bundle/configs/inference.json")], help="config and overlays"
    )
    parser.add_argument("--override", action="append", default=[], metavar="ID=VALUE", help="as network_def#width=8")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="checkpoint, models/model.pt of the bundle")
    parser.add_argument("--untrained", action="store_true", help="export random weights, for a trial")
    parser.add_argument("--frames", type=int, default=30, help="frames of the clip that is compared (default: 30)")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="largest difference of a logit (default: 1e-4)")
    return parser


def _literal(value: str) -> object:
    try:
        return ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return value


if __name__ == "__main__":
    sys.exit(main())
