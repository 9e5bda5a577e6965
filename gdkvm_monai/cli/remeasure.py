"""Measure a clip again after its masks were edited, or its end-diastole and end-systole were marked by hand.

RESULT is the folder of one clip in the results folder. Edit its mask.nii.gz, for example in 3D Slicer, ITK-SNAP, or
MONAI Label, and export the labels as NIfTI (.nii.gz) or NRRD (.nrrd, .seg.nrrd). All files in RESULT are written again;
the first version of each is kept in RESULT/original.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from gdkvm_monai.cli.command import OK, ef_text, new_parser

__all__ = ["build_parser", "main"]

EXAMPLES = """examples:
  gdkvm remeasure out/0123456789abcdef --mask edited.nii.gz
  gdkvm remeasure out/0123456789abcdef --mask edited.seg.nrrd --ed 3 --es 17
  gdkvm remeasure out/0123456789abcdef --ed 3 28 --es 17 42 --clip clip.dcm
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command."""
    parser = new_parser("remeasure", __doc__, epilog=EXAMPLES)
    parser.add_argument("result", metavar="RESULT", type=Path, help="folder with the results of one clip")
    parser.add_argument("--mask", type=Path, metavar="FILE", help="edited masks (default: those of the results)")
    parser.add_argument(
        "--ed", type=int, nargs="+", default=[], metavar="FRAME", help="frames of end-diastole, counted from 0"
    )
    parser.add_argument(
        "--es", type=int, nargs="+", default=[], metavar="FRAME", help="frames of end-systole, counted from 0"
    )
    parser.add_argument("--find-phases", action="store_true", help="forget frames that were marked earlier")
    parser.add_argument(
        "--clip",
        nargs="+",
        type=Path,
        default=[],
        metavar="CLIP",
        help="the clip, or its two stills (default: the pictures in its report, which are compressed)",
    )
    return parser


def main(words: Sequence[str]) -> int:
    """Run the command and return the exit code."""
    parser = build_parser()
    options = parser.parse_args(words)
    if options.find_phases and (options.ed or options.es):
        parser.error("pass frames with --ed and --es, or --find-phases, not both.")
    if not (options.mask or options.ed or options.es or options.find_phases):
        parser.error("there is nothing to measure again; pass --mask, --ed, or --es.")
    if len(options.clip) > 2:
        parser.error(f"--clip got {len(options.clip)} paths, expected one clip or two stills.")

    from gdkvm_monai.study.biplane_folder import remeasure_biplane
    from gdkvm_monai.study.index import write_index
    from gdkvm_monai.study.remeasure import remeasure
    from gdkvm_monai.study.stills import Stills

    results = remeasure(
        options.result,
        options.mask,
        ed_frames=options.ed,
        es_frames=options.es,
        find_phases=options.find_phases,
        clip=Stills(*options.clip) if len(options.clip) == 2 else next(iter(options.clip), None),
    )
    found = results.measurements
    ef = ef_text(found.mean.ef_percent, found.ef_withheld)
    codes = ", ".join(found.quality.codes)
    edited = f"{found.edited} edited by hand" if found.edited else "nothing edited"
    print(f"{ef}, {found.quality.verdict}{f' ({codes})' if codes else ''}, {edited} -> {options.result}")
    out = options.result.resolve().parent
    try:
        for path in remeasure_biplane(out, results.clip_id):
            print(f"biplane results measured again -> {path}")
    finally:  # the clip itself was measured, whatever became of its pair
        if (out / "index.csv").is_file():
            write_index(out)
    return OK
