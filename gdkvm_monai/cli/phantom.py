"""Write phantom echo clips with known ejection fraction, volumes, and phases, in any supported format.

OUT receives one folder per format, and truth.json with the ground truth of all clips.

formats of single clips, OUT/FORMAT/phantom0001_4CH.SUFFIX:
  dicom    multi-frame ultrasound DICOM, 8-bit gray; spacing in its region, frame time in its header (extra: dicom)
  avi      Motion JPEG in AVI (extra: video)
  mp4      MPEG-4 in MP4 (extra: video)
  nifti    lateral x depth x time, affine in mm and seconds; with the label phantom0001_4CH_label.nii.gz
  mhd      MetaImage with a .raw file
  npy      array, lateral x depth x time
  png      folder of numbered frames

layouts of data sets, OUT/FORMAT/:
  camus    CAMUS's NIfTI release: half a beat, labels, Info files, patient lists
  echonet  EchoNet-Dynamic: 112 x 112 four-chamber videos, FileList.csv, VolumeTracings.csv (extra: video)

The same --seed gives the same patients in every format, and the same bytes with the same packages.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from gdkvm_monai.cli.choices import CLIP_FORMATS, DATA_SETS, QUALITIES
from gdkvm_monai.cli.command import OK, new_parser, output_path, view_name
from gdkvm_monai.study.tasks import check_folders

__all__ = ["build_parser", "main"]

EXAMPLES = """examples:
  gdkvm phantom out --format dicom avi nifti png
  gdkvm phantom out --format camus echonet --patients 8 --quality good
  gdkvm phantom out --format dicom --views 4CH --beats 3 --frame-rate 60 --size 480 640

exit codes: 0 success, 2 wrong use, a missing package, or a file that cannot be written.
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command."""
    parser = new_parser("phantom", __doc__, epilog=EXAMPLES)
    parser.add_argument("out", metavar="OUT", type=output_path, help="folder to write; created if needed")
    parser.add_argument(
        "--format",
        nargs="+",
        choices=(*CLIP_FORMATS, *DATA_SETS),
        default=["nifti"],
        metavar="FORMAT",
        help="one or more formats from the lists above (default: nifti)",
    )
    parser.add_argument("--patients", type=int, default=1, metavar="N", help="number of patients (default: 1)")
    parser.add_argument("--views", nargs="+", type=view_name, default=["4CH", "2CH"], help="default: 4CH 2CH")
    parser.add_argument("--beats", type=float, default=2, metavar="N", help="length of a clip in beats (default: 2)")
    parser.add_argument("--frame-rate", type=float, default=50, metavar="HZ", help="frames per second (default: 50)")
    parser.add_argument(
        "--size", nargs=2, type=int, default=[256, 256], metavar=("H", "W"), help="pixels (default: 256 256)"
    )
    parser.add_argument("--quality", choices=QUALITIES, default="medium", help="image quality (default: medium)")
    parser.add_argument("--seed", type=int, default=0, help="random seed, 0 or more (default: 0)")
    parser.add_argument("--overwrite", action="store_true", help="replace files that this command wrote before")
    return parser


def main(words: Sequence[str]) -> int:
    """Run the command and return the exit code."""
    options = build_parser().parse_args(words)
    check_folders([options.out])

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
