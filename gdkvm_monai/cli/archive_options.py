"""Options that `gdkvm listen` and `gdkvm fetch` share, and what is made of them."""

from __future__ import annotations

import argparse
import logging
import sys
from typing import TYPE_CHECKING

from gdkvm_monai.archive.limits import Limits
from gdkvm_monai.cli.choices import OVERLAYS
from gdkvm_monai.cli.command import output_path
from gdkvm_monai.cli.network_options import add_network_options

if TYPE_CHECKING:
    from gdkvm_monai.archive.worker import ClipSegmenter

__all__ = ["add_archive_options", "chosen_limits", "load_segmenter", "start_log"]

MEGA, GIGA = 10**6, 10**9


def add_archive_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the network, the results, and the limits."""
    parser.add_argument(
        "-o", "--out", type=output_path, required=True, metavar="DIR", help="folder for the queue and the results"
    )
    add_network_options(parser)
    group = parser.add_argument_group("results")
    group.add_argument("--overlay", choices=OVERLAYS, default="none", help="clip with contours (default: none)")
    group.add_argument(
        "--report", action=argparse.BooleanOptionalAction, default=True, help="write report.html (default: yes)"
    )
    group = parser.add_argument_group("limits")
    known = Limits()
    for option, default, text in (
        ("--max-clips", known.clips, "clips that wait"),
        ("--max-gb", known.bytes / GIGA, "size of the clips that wait to be segmented"),
        ("--free-gb", known.free_bytes / GIGA, "space that stays free on the disk"),
        ("--max-clip-mb", known.clip_bytes / MEGA, "size of one clip"),
    ):
        unit = "N" if isinstance(default, int) else option.rpartition("-")[2].upper()
        group.add_argument(
            option, type=type(default), default=default, metavar=unit, help=f"{text} (default: {default:g})"
        )


def chosen_limits(options: argparse.Namespace) -> Limits:
    """Return the limits.

    Raises:
        ValueError: if one is not positive.
    """
    for name in ("max_clips", "max_gb", "max_clip_mb"):
        if not getattr(options, name) > 0:
            raise ValueError(f"--{name.replace('_', '-')} is {getattr(options, name)}, expected a number above 0.")
    if not options.free_gb >= 0:
        raise ValueError(f"--free-gb is {options.free_gb}, expected a number of at least 0.")
    sizes = options.max_gb * GIGA, options.free_gb * GIGA, options.max_clip_mb * MEGA
    return Limits(options.max_clips, *map(int, sizes))


def load_segmenter(options: argparse.Namespace) -> ClipSegmenter:
    """Load the network; raises what :func:`~gdkvm_monai.study.pipeline.load_pipeline` does."""
    from gdkvm_monai.archive.worker import ClipSegmenter
    from gdkvm_monai.configs import released_weights
    from gdkvm_monai.study.options import SegmentOptions
    from gdkvm_monai.study.pipeline import load_pipeline

    formats = ("nifti", "dicom-seg", "dicom-sr")
    chosen = SegmentOptions(fast=options.fast, formats=formats, overlay=options.overlay, report=options.report)
    weights = options.weights or released_weights()
    network = weights, tuple(options.config), options.device, options.engine, options.tta
    return ClipSegmenter(load_pipeline(*network), chosen)


def start_log() -> None:
    """Print what happens, with the time, to the standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger = logging.getLogger("gdkvm_monai.archive")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
