"""Options and help of ``gdkvm segment``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import gdkvm_monai
from gdkvm_monai.cli.choices import MASK_FORMATS, OVERLAYS
from gdkvm_monai.cli.command import new_parser, output_path, view_name
from gdkvm_monai.cli.network_options import add_network_options
from gdkvm_monai.labels import NOTICE, STRUCTURES, parse_view
from gdkvm_monai.study.stills import Stills

__all__ = ["build_parser", "chosen_options", "parse_options", "parse_views"]

USAGE = """\
gdkvm [segment] CLIP [CLIP ...] -o OUT [options]
       gdkvm [segment] --views 4CH=CLIP 2CH=CLIP -o OUT [options]
       gdkvm [segment] --ed STILL --es STILL -o OUT [options]"""
DESCRIPTION = """\
Segment echocardiography clips and measure them: masks of the left ventricle, the myocardium, and the left atrium in
every frame, end-diastole and end-systole, areas, volumes, the ejection fraction, and a report.

CLIP is a multi-frame ultrasound DICOM, AVI or MP4, NIfTI, MetaImage (.mhd), .npy, a folder of numbered PNG frames, or a
folder of such clips. STILL is a single frame in one of these formats, or a PNG file. The results of each clip are in a
folder in OUT named after the clip's hash, never its file name.
"""
EPILOG = f"""\
examples:
  gdkvm clip.dcm -o out
  gdkvm clips/ -o out --jobs 2 --map private/names.csv
  torchrun --standalone --nproc_per_node=2 -m gdkvm_monai clips/ -o out
  gdkvm CAMUS/ -o out --pattern "**/*_4CH_half_sequence.nii.gz" --view 4CH
  gdkvm --views 4CH=a.dcm 2CH=b.dcm -o out
  gdkvm --ed ed.png --es es.png -o out --spacing 0.3 0.3
  gdkvm --views 4CH=4ch_ed.mhd,4ch_es.mhd 2CH=2ch_ed.mhd,2ch_es.mhd -o out
  gdkvm clip.avi -o out --weights runs/mine/models/model.pt --fps 50 --spacing 0.3 0.3

exit codes: 0 all clips were segmented, 1 some clips failed (see failures.json), 2 wrong use.
{NOTICE}
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command, with options grouped as in its help."""
    parser = new_parser("segment", DESCRIPTION, usage=USAGE, epilog=EPILOG)
    parser.add_argument("clips", metavar="CLIP", nargs="*", type=Path, help="files or folders")
    parser.add_argument(
        "--views", metavar="VIEW=CLIP", nargs="+", help="two clips, or VIEW=ED,ES stills, of one patient: biplane EF"
    )
    parser.add_argument("--ed", metavar="STILL", type=Path, help="still at end-diastole, together with --es")
    parser.add_argument("--es", metavar="STILL", type=Path, help="still at end-systole of the same recording")
    parser.add_argument("-o", "--out", type=output_path, required=True, help="folder for the results")
    parser.add_argument("--version", action="version", version=f"gdkvm {gdkvm_monai.__version__}")
    for add_options in (add_network_options, _add_clip, _add_output, _add_running):
        add_options(parser)
    return parser


def parse_options(words: Sequence[str]) -> argparse.Namespace:
    """Parse and check the options; ``views`` becomes a dictionary of clips or stills by view."""
    parser = build_parser()
    options = parser.parse_intermixed_args(words)
    if [bool(options.clips), bool(options.views), bool(options.ed and options.es)].count(True) != 1:
        parser.error("pass clips, or two clips with --views 4CH=A 2CH=B, or two stills with --ed A --es B.")
    if bool(options.ed) != bool(options.es):
        parser.error("pass both --ed and --es, or neither.")
    if options.jobs < 1:
        parser.error(f"--jobs is {options.jobs}, expected at least 1.")
    if not options.process_timeout > 0:
        parser.error(f"--process-timeout is {options.process_timeout}, expected seconds above 0.")
    options.views = parse_views(options.views) if options.views else None
    return options


def parse_views(entries: Sequence[str]) -> dict[str, Path | Stills]:
    """Parse two clips given as ``VIEW=CLIP``, or two pairs of stills given as ``VIEW=ED,ES``, into a dictionary.

    Raises:
        ValueError: if they are not ``4CH=CLIP`` and ``2CH=CLIP`` (or ``A4C``, ``A2C``), or are the same clip.

    Example:
        >>> {view: path.name for view, path in parse_views(["4CH=a.dcm", "2CH=b.dcm"]).items()}
        {'4CH': 'a.dcm', '2CH': 'b.dcm'}
    """
    clips = {parse_view(view): name for view, _, name in (entry.partition("=") for entry in entries)}
    names = clips.values()
    if len(clips) < len(entries) or len(clips) != 2 or not all(names) or len({*map(os.path.realpath, names)}) < 2:
        raise ValueError(f"--views got {' '.join(entries)}, expected 4CH=CLIP 2CH=CLIP, two different clips.")
    return {view: _clip_or_stills(name) for view, name in clips.items()}


def _clip_or_stills(name: str) -> Path | Stills:
    ed, _, es = name.partition(",")
    return Path(name) if os.path.exists(name) or not (ed and es) else Stills(Path(ed), Path(es))


def chosen_options(options: argparse.Namespace) -> dict[str, object]:
    """Return the options of all clips, by their names in :class:`~gdkvm_monai.study.options.SegmentOptions`."""
    return {
        **{
            name: getattr(options, name)
            for name in ("view", "fast", "fps", "region", "allow_partial", "force", "overlay")
        },
        "structures": tuple(dict.fromkeys(options.structures)),
        "spacing_mm": tuple(options.spacing) if options.spacing else None,
        "crop": not options.no_crop,
        "max_voxels": int(min(options.max_voxels, sys.maxsize)),
        "formats": tuple(options.format),
        "report": options.report,
        "save_prob": options.save_prob,
        "keep_surroundings": options.keep_surroundings,
        "sex": options.sex,
        "body_surface_area_m2": options.bsa,
    }


def _add_clip(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("clip")
    group.add_argument("--pattern", default="**/*", metavar="GLOB", help="clips to take from a folder (default: **/*)")
    group.add_argument("--view", type=view_name, help="4CH (A4C) or 2CH (A2C), to name the EF method")
    group.add_argument("--fps", type=float, metavar="HZ", help="frame rate, overrides the file")
    group.add_argument(
        "--spacing", type=float, nargs=2, metavar=("LATERAL", "DEPTH"), help="mm per pixel, overrides the file"
    )
    group.add_argument("--sex", choices=("F", "M"), help="for the reference ranges in the report, overrides the file")
    group.add_argument(
        "--bsa", type=float, metavar="M2", help="body surface area for the left atrial volume index, overrides the file"
    )
    group.add_argument(
        "--region",
        type=int,
        metavar="N",
        help="tissue region of a DICOM with several, from the left (default: largest)",
    )
    group.add_argument("--no-crop", action="store_true", help="segment the whole picture of a DICOM")
    group.add_argument("--allow-partial", action="store_true", help="accept truncated clips, and flag them")
    group.add_argument("--force", action="store_true", help="accept Doppler and M-mode")
    group.add_argument(
        "--max-voxels", type=float, default=2e9, metavar="N", help="largest number of pixels in a clip (default: 2e9)"
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    structures = tuple(STRUCTURES)
    group.add_argument(
        "--structures",
        nargs="+",
        choices=structures,
        default=list(structures),
        help="structures in the masks (default: all); the numbers do not depend on it",
    )
    group.add_argument(
        "--format", nargs="+", choices=MASK_FORMATS, default=["nifti"], help="mask formats (default: nifti)"
    )
    group.add_argument("--overlay", choices=OVERLAYS, default="gif", help="clip with contours (default: gif)")
    group.add_argument(
        "--report", action=argparse.BooleanOptionalAction, default=True, help="write report.html (default: yes)"
    )
    group.add_argument("--save-prob", action="store_true", help="write the class probabilities, float16")
    group.add_argument(
        "--keep-surroundings", action="store_true", help="show what is beside the sector, such as burnt-in names"
    )
    group.add_argument("--map", type=output_path, metavar="FILE", help="write a table of clip paths and result folders")
    group.add_argument("--json", action="store_true", help="print the measurements as JSON")


def _add_running(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("running")
    group.add_argument("--overwrite", action="store_true", help="segment finished clips again")
    group.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    group.add_argument(
        "--process-timeout",
        type=float,
        default=600,
        metavar="S",
        help="seconds to wait for the next clip of another process of torchrun (default: 600)",
    )
    group.add_argument("--fail-fast", action="store_true", help="stop at the first clip that fails")
    group.add_argument("--quiet", action="store_true", help="show no progress bar")
