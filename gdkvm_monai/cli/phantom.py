"""Write phantom echo clips, whose ejection fraction, volumes and phases are known, in any format that clips come in.

OUT receives a folder for each format and truth.json with the truth of every clip.

formats of single clips, OUT/FORMAT/phantom0001_4CH.SUFFIX:
  dicom    multi-frame ultrasound DICOM, 8-bit gray; spacing in its region, frame time in its header (extra: dicom)
  avi      Motion JPEG in AVI (extra: video)
  mp4      MPEG-4 in MP4 (extra: video)
  nifti    lateral x depth x time, affine in mm and seconds; beside it the label, phantom0001_4CH_label.nii.gz
  mhd      MetaImage with a .raw file
  npy      array, lateral x depth x time
  png      folder of numbered frames

layouts of data sets, OUT/FORMAT/:
  camus    CAMUS's NIfTI release: half of a beat, labels, Info files, lists of patients
  echonet  EchoNet-Dynamic: 112 x 112 four-chamber videos, FileList.csv, VolumeTracings.csv (extra: video)

The same --seed gives the same patients in every format, and the same bytes with the same packages.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from gdkvm_monai.cli.choices import CLIP_FORMATS, DATA_SETS, QUALITIES
from gdkvm_monai.cli.command import OK, new_parser, view_name

__all__ = ["build_parser", "main"]

EXAMPLES = """examples:
  gdkvm phantom out --format dicom avi nifti png
  gdkvm phantom out --format camus echonet --patients 8 --quality good
  gdkvm phantom out --format dicom --views 4CH --beats 3 --frame-rate 60 --size 480 640

exit codes: 0 done, 2 used wrongly, or a package is missing, or a file cannot be written.
"""


def build_parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = new_parser("phantom", __doc__, epilog=EXAMPLES)
    parser.add_argument("out", metavar="OUT", type=Path, help="folder to write; created if needed")
    parser.add_argument(
        "--format",
        nargs="+",
        choices=(*CLIP_FORMATS, *DATA_SETS),
        default=["nifti"],
        metavar="FORMAT",
        help="one or several formats of the lists above (default: nifti)",
    )
    parser.add_argument("--patients", type=int, default=1, metavar="N", help="number of patients (default: 1)")
    parser.add_argument("--views", nargs="+", type=view_name, default=["4CH", "2CH"], help="default: 4CH 2CH")
    parser.add_argument("--beats", type=float, default=2, metavar="N", help="length of a clip in beats (default: 2)")
    parser.add_argument("--frame-rate", type=float, default=50, metavar="HZ", help="frames per second (default: 50)")
    parser.add_argument(
        "--size", nargs=2, type=int, default=[256, 256], metavar=("H", "W"), help="pixels (default: 256 256)"
    )
    parser.add_argument("--quality", choices=QUALITIES, default="medium", help="of the picture (default: medium)")
    parser.add_argument("--seed", type=int, default=0, help="of all patients; not negative (default: 0)")
    parser.add_argument("--overwrite", action="store_true", help="replace what this command wrote before")
    return parser


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code."""
    options = build_parser().parse_args(words)

    from gdkvm_monai.data.phantom.folder import FolderSettings, write_phantom_folder

    settings = FolderSettings(
        options.format,
        options.patients,
        options.views,
        options.beats,
        options.frame_rate,
        tuple(options.size),
        options.quality,
        options.seed,
        options.overwrite,
    )
    for path in write_phantom_folder(options.out, settings):
        print(path, flush=True)
    return OK
