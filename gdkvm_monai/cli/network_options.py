"""Options that choose the network and what runs it."""

from __future__ import annotations

import argparse

from gdkvm_monai.cli.choices import ENGINES, VERSIONS
from gdkvm_monai.cli.weights_option import add_weights_option

__all__ = ["add_network_options"]


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the network and what runs it."""
    group = parser.add_argument_group("network")
    add_weights_option(group)
    group.add_argument("--config", nargs="+", default=[], metavar="FILE", help="overlays on inference.json")
    group.add_argument("--device", help="cpu, cuda, or cuda:1 (default: cuda if available)")
    group.add_argument(
        "--engine",
        choices=ENGINES,
        default="eager",
        help="what runs the network; auto: the fastest that gives the same masks (default: eager)",
    )
    group.add_argument(
        "--tta",
        nargs="+",
        choices=VERSIONS,
        default=[],
        help="test-time averaging of each frame with itself at 0.9 and 1.1 of its size (3 times the time), with its "
        "mirror image (2 times; only for networks trained on mirror images), or with both (6 times)",
    )
    group.add_argument("--fast", action="store_true", help="skip confidence and interval, three times as fast")
