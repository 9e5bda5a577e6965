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
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import nibabel

from gdkvm_monai.data.datalists.camus import camus_datalist
from gdkvm_monai.data.phantom import (
    FORMATS,
    PHANTOM_VERSION,
    QUALITIES,
    EchoPhantom,
    render_phantom_clip,
    write_camus_phantom,
    write_clip,
    write_echonet_phantom,
)
from gdkvm_monai.data.phantom.formats import check_packages
from gdkvm_monai.files import atomic_folder, write_json
from gdkvm_monai.labels import VIEWS

DATA_SETS = ("camus", "echonet")
EXAMPLES = """examples:
  python -m gdkvm_monai.cli.phantom out --format dicom avi nifti png
  python -m gdkvm_monai.cli.phantom out --format camus echonet --patients 8 --quality good
  python -m gdkvm_monai.cli.phantom out --format dicom --views 4CH --beats 3 --frame-rate 60 --size 480 640

exit status: 0 done; 2 used wrongly, a package is missing, or a file cannot be written.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status, 0, or 2 when it was used wrongly."""
    options = _parser().parse_args(arguments)
    try:
        for path in _write_all(options):
            print(path, flush=True)
    except (ImportError, OSError, ValueError) as error:
        print(f"phantom: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gdkvm_monai.cli.phantom",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="folder to write; created if needed")
    parser.add_argument(
        "--format",
        nargs="+",
        choices=(*FORMATS, *DATA_SETS),
        default=["nifti"],
        metavar="FORMAT",
        help="one or several formats of the lists above (default: nifti)",
    )
    parser.add_argument("--patients", type=int, default=1, metavar="N", help="number of patients (default: 1)")
    parser.add_argument("--views", nargs="+", choices=VIEWS, default=["4CH", "2CH"], help="default: 4CH 2CH")
    parser.add_argument("--beats", type=float, default=2, metavar="N", help="length of a clip in beats (default: 2)")
    parser.add_argument("--frame-rate", type=float, default=50, metavar="HZ", help="frames per second (default: 50)")
    parser.add_argument(
        "--size", nargs=2, type=int, default=[256, 256], metavar=("H", "W"), help="pixels (default: 256 256)"
    )
    parser.add_argument("--quality", choices=tuple(QUALITIES), default="medium", help="of the picture; default: medium")
    parser.add_argument("--seed", type=int, default=0, help="of all patients; not negative (default: 0)")
    parser.add_argument("--overwrite", action="store_true", help="replace what this command wrote before")
    return parser


def _write_all(options: argparse.Namespace) -> Iterator[Path]:
    """Write everything and give the path of each clip or data set when it is written."""
    formats = list(dict.fromkeys(options.format))
    if not 1 <= options.patients <= 9999:
        raise ValueError(f"--patients {options.patients} must lie in 1 to 9999.")
    check_packages(["avi" if name == "echonet" else name for name in formats if name != "camus"])
    truth = _read_truth(options.out)
    _refuse_existing(options, formats, bool(truth))
    try:
        yield from _write_clips(options, [name for name in formats if name in FORMATS], truth)
        yield from _write_data_sets(options, [name for name in formats if name in DATA_SETS], truth)
    finally:  # also for what was written before an error
        if truth:
            _write_truth(options.out, truth)
    yield options.out / "truth.json"


def _write_clips(options: argparse.Namespace, formats: Sequence[str], truth: dict[str, dict]) -> Iterator[Path]:
    """Write single clips and add their truth."""
    numbers = range(1, options.patients + 1) if formats else ()
    for number, view in product(numbers, dict.fromkeys(options.views)):
        phantom = EchoPhantom((options.seed, number), options.quality)
        clip = render_phantom_clip(phantom, view, options.beats, options.frame_rate, tuple(options.size))
        for name in formats:
            path = _clip_path(options.out, name, number, view)
            write_clip(path, clip, name, options.overwrite)
            truth[path.relative_to(options.out).as_posix()] = clip.truth()
            yield path


def _write_data_sets(options: argparse.Namespace, formats: Sequence[str], truth: dict[str, dict]) -> Iterator[Path]:
    """Write whole folders and replace what was true of those before."""
    for name in formats:
        clips = {"camus": _write_camus, "echonet": _write_echonet}[name](options)
        for file in [file for file in truth if file.startswith(f"{name}/")]:
            del truth[file]
        truth.update({f"{name}/{file}": told for file, told in clips.items()})
        yield options.out / name


def _refuse_existing(options: argparse.Namespace, formats: Sequence[str], known: bool) -> None:
    numbers = range(1, options.patients + 1)
    targets = [options.out / name for name in formats if name in DATA_SETS]
    for name in (name for name in formats if name in FORMATS):
        targets += [_clip_path(options.out, name, number, view) for number in numbers for view in options.views]
    existing = [path for path in targets if path.exists()]
    if existing and not options.overwrite:
        raise FileExistsError(f"{existing[0]} exists; choose another folder, or give --overwrite to replace it.")
    if existing and not known:
        raise ValueError(
            f"{existing[0]} exists, but no truth.json shows that this command wrote it; choose another folder."
        )


def _clip_path(out: Path, name: str, number: int, view: str) -> Path:
    return out / name / f"phantom{number:04d}_{view}{FORMATS[name].suffix}"


def _split(patients: int) -> tuple[int, int, int]:
    """Share patients among training, validation and testing; fewer than three all train."""
    held_out = max(1, patients // 8) if patients >= 3 else 0
    return patients - 2 * held_out, held_out, held_out


def _write_echonet(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    return write_echonet_phantom(
        options.out / "echonet",
        _split(options.patients),
        options.seed,
        options.quality,
        options.beats,
        options.frame_rate,
        options.overwrite,
    )


def _write_camus(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    with atomic_folder(options.out / "camus", options.overwrite) as root:
        views = tuple(dict.fromkeys(options.views))
        write_camus_phantom(
            root,
            _split(options.patients),
            tuple(options.size),
            options.seed,
            views=views,
            qualities=(options.quality,),
            progress=False,
        )
        items = camus_datalist(root, "all", views, report=None)
        return {Path(item["image"]).relative_to(root).as_posix(): _camus_truth(item, options) for item in items}


def _camus_truth(item: dict, options: argparse.Namespace) -> dict[str, Any]:
    """The truth of a half-sequence, under the names of ``PhantomClip.truth``."""
    image = nibabel.load(item["image"])
    seed = [options.seed, int(item["patient"].removeprefix("patient"))]
    return {
        "seed": seed,
        "quality": options.quality,
        "view": item["view"],
        **{name: item[name] for name in ("ef_percent", "edv_ml", "esv_ml")},
        "heart_rate_bpm": EchoPhantom(seed).heart_rate_bpm,
        "ed_frames": [item["ed_frame"]],
        "es_frames": [item["es_frame"]],
        "frame_rate_hz": item["frame_rate_hz"],
        "spacing_mm": [float(step) for step in image.header.get_zooms()[:2]],
        "shape": list(image.shape),
    }


def _read_truth(out: Path) -> dict[str, dict]:
    """The clips of ``truth.json``, to which this run adds its own; none where there is no such file."""
    path = out / "truth.json"
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text())["clips"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a truth.json of this command; choose another folder.") from error


def _write_truth(out: Path, clips: dict[str, dict]) -> None:
    told = {"phantom_version": PHANTOM_VERSION, "clips": dict(sorted(clips.items()))}
    write_json(out / "truth.json", told)


if __name__ == "__main__":
    sys.exit(main())
