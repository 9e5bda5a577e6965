"""The option that chooses the weights, the same for every command."""

from __future__ import annotations

import argparse

from gdkvm_monai.configs import find_weights

__all__ = ["add_weights_option"]


def add_weights_option(
    parser: argparse._ActionsContainer, help: str = "checkpoint, or light.pt (default: the released weights)"
) -> None:
    """Add ``--weights``: a path, or the name of released weights."""
    parser.add_argument("--weights", type=find_weights, metavar="FILE", help=help)
