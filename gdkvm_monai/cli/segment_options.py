"""The options of the ``gdkvm`` command, and its help."""

from __future__ import annotations

import argparse
from pathlib import Path

import gdkvm_monai
from gdkvm_monai.labels import STRUCTURES, VIEWS
from gdkvm_monai.study.options import FORMATS, OVERLAYS

__all__ = ["build_parser"]

USAGE = """\
gdkvm CLIP [CLIP ...] -o OUT [options]
       gdkvm --views 4CH=CLIP 2CH=CLIP -o OUT [options]
       gdkvm info [--weights FILE]"""
DESCRIPTION = """\
Segment echocardiography clips and measure them: masks of the left ventricle, the myocardium and the left atrium in
every frame, end-diastole and end-systole, areas, volumes, the ejection fraction, and a report.

CLIP is a multi-frame ultrasound DICOM, AVI or MP4, NIfTI, MetaImage (.mhd), .npy, a folder of numbered PNG frames, or a
folder of such clips. The results of each go to a folder in OUT that is named by the clip's hash, never by a file name.
"""
EPILOG = """\
examples:
  gdkvm clip.dcm -o out --weights models/model.pt
  gdkvm clips/ -o out --weights models/model.pt --jobs 2 --map private/names.csv
  gdkvm CAMUS/ -o out --weights models/model.pt --pattern "**/*_4CH_half_sequence.nii.gz" --view 4CH
  gdkvm --views 4CH=a.dcm 2CH=b.dcm -o out --weights models/model.pt
  gdkvm clip.avi -o out --weights models/model.pt --fps 50 --spacing 0.3 0.3
  gdkvm info --weights models/model.pt

exit codes: 0 everything was segmented, 1 some clips failed (see failures.json), 2 the command was used wrongly.
Research use only. Not a medical device.
"""


def build_parser() -> argparse.ArgumentParser:
    """The options of the command, grouped as its help shows them."""
    parser = argparse.ArgumentParser(
        prog="gdkvm",
        usage=USAGE,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("clips", metavar="CLIP", nargs="*", type=Path, help="files or folders")
    parser.add_argument("--views", metavar="VIEW=CLIP", nargs="+", help="two clips of one patient: a biplane EF")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the results")
    network = parser.add_argument_group("network")
    network.add_argument("--weights", type=Path, metavar="FILE", help="checkpoint (default: the bundle's model.pt)")
    network.add_argument("--config", nargs="+", default=[], metavar="FILE", help="overlays on inference.json")
    network.add_argument("--device", help="cpu, cuda or cuda:1 (default: cuda where there is one)")
    network.add_argument("--fast", action="store_true", help="no confidence and no interval: three times as fast")
    clip = parser.add_argument_group("clip")
    clip.add_argument("--pattern", default="**/*", metavar="GLOB", help="clips of a folder (default: **/*, all)")
    clip.add_argument("--view", choices=VIEWS, help="view of the clips, for the name of the method")
    clip.add_argument("--fps", type=float, metavar="HZ", help="frame rate, instead of what the file says")
    clip.add_argument("--spacing", type=float, nargs=2, metavar=("LATERAL", "DEPTH"), help="mm per pixel, likewise")
    clip.add_argument("--no-crop", action="store_true", help="show the network the whole picture of a DICOM")
    clip.add_argument("--allow-partial", action="store_true", help="accept clips whose end is missing, and say so")
    clip.add_argument("--force", action="store_true", help="accept Doppler and M-mode")
    clip.add_argument("--max-voxels", type=float, default=2e9, metavar="N", help="most pixels of a clip (default: 2e9)")
    output = parser.add_argument_group("output")
    output.add_argument(
        "--structures",
        nargs="+",
        choices=tuple(STRUCTURES),
        default=list(STRUCTURES),
        help="in the masks (default: all)",
    )
    output.add_argument("--format", nargs="+", choices=FORMATS, default=["nifti"], help="of the masks (default: nifti)")
    output.add_argument("--overlay", choices=OVERLAYS, default="gif", help="clip with contours (default: gif)")
    output.add_argument(
        "--report", action=argparse.BooleanOptionalAction, default=True, help="write report.html (default: yes)"
    )
    output.add_argument("--save-prob", action="store_true", help="write the class probabilities, float16")
    output.add_argument("--map", type=Path, metavar="FILE", help="write which clip became which folder, with its path")
    output.add_argument("--json", action="store_true", help="print the measurements as JSON")
    running = parser.add_argument_group("running")
    running.add_argument("--overwrite", action="store_true", help="segment again what is finished")
    running.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    running.add_argument("--fail-fast", action="store_true", help="stop at the first clip that fails")
    running.add_argument("--quiet", action="store_true", help="no progress")
    running.add_argument("--traceback", action="store_true", help="print where errors come from")
    parser.add_argument("--version", action="version", version=f"gdkvm {gdkvm_monai.__version__}")
    return parser
