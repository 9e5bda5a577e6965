"""``gdkvm``: a clip in; masks, an ejection fraction and a report out."""

from __future__ import annotations

import argparse
import csv
import json
import logging
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gdkvm_monai
from gdkvm_monai.apps.options import FORMATS, OVERLAYS, SegmentOptions
from gdkvm_monai.data import folder_datalist
from gdkvm_monai.data.structures import STRUCTURES, VIEWS

if TYPE_CHECKING:
    from gdkvm_monai.apps.batch import Outcome, Task

__all__ = ["main"]

OK, SOME_FAILED, WRONG_USE = 0, 1, 2

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    prepare_process()
    try:
        if arguments[:1] == ["info"]:
            from gdkvm_monai.apps.info import main as info

            return info(arguments[1:])
        parser = build_parser()
        options = parser.parse_args(arguments)
        if bool(options.clips) == bool(options.views):
            parser.error("give clips, or two clips by --views 4CH=A 2CH=B.")
        if options.jobs < 1:
            parser.error(f"--jobs is {options.jobs}, expected at least 1.")
        return run(options)
    except (OSError, ValueError) as error:
        if "--traceback" in arguments:
            traceback.print_exc()
        print(f"gdkvm: {error}", file=sys.stderr)
        return WRONG_USE


def prepare_process() -> None:
    """Silence libraries, which quote what stands in a header, and end by SIGTERM as by an error."""
    warnings.filterwarnings("ignore")  # what is wrong with a clip is an error or stands in its results
    logging.getLogger("monai").setLevel(logging.ERROR)
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unfinished folders are removed on the way out


def run(options: argparse.Namespace) -> int:
    """Segment what was asked for; returns the exit code."""
    from gdkvm_monai.apps.batch import run_batch, write_tables  # torch takes seconds to load: not for --help
    from gdkvm_monai.apps.pipeline import bundle_dir

    tasks = list_tasks(options)
    for folder in filter(None, (options.out, options.map and options.map.parent)):
        if any(path.exists() and not path.is_dir() for path in (folder, *folder.parents)):
            raise NotADirectoryError(f"{folder} is, or lies in, a file; give a folder.")
    weights = options.weights or bundle_dir() / "models" / "model.pt"
    outcomes = []
    for outcome in run_batch(
        tasks, options.out, weights, options.config, options.device, options.jobs, options.overwrite, not options.quiet
    ):
        outcomes.append(outcome)
        say(outcome, len(tasks), options)
        if outcome.result is None and options.fail_fast:
            break
    write_tables(options.out, outcomes)
    if options.map:
        write_map(options.map, outcomes)
    biplane = None
    if options.views and all(outcome.result for outcome in outcomes):
        biplane = say_biplane(options, outcomes)
    if options.json:
        results = [outcome.result.measurements for outcome in outcomes if outcome.result]
        print(json.dumps({"clips": results, **({"biplane": biplane} if biplane else {})}, indent=2))
    return OK if all(outcome.result for outcome in outcomes) else SOME_FAILED


def list_tasks(options: argparse.Namespace) -> list[Task]:
    """The clips that were named, folders searched.

    Raises:
        FileNotFoundError: when one does not exist or a folder holds no clip.
        ValueError: when an option is out of range.
    """
    from gdkvm_monai.apps.batch import Task

    common = {
        **{name: getattr(options, name) for name in ("view", "fast", "fps", "allow_partial", "force", "overlay")},
        "structures": tuple(dict.fromkeys(options.structures)),
        "spacing_mm": tuple(options.spacing) if options.spacing else None,
        "crop": not options.no_crop,
        "max_voxels": int(min(options.max_voxels, sys.maxsize)),
        "formats": tuple(options.format),
        "report": options.report,
        "save_prob": options.save_prob,
    }
    SegmentOptions(**common)
    if options.views:
        clips = parse_views(options.views)
        common["formats"] = tuple(dict.fromkeys(("nifti", *common["formats"])))
    else:
        clips = [(options.view, path) for path in options.clips]
    missing = [path for _, path in clips if not path.exists()]
    if missing:
        raise FileNotFoundError(f"{missing[0]} does not exist; check the path.")
    if not options.views:
        found = [(view, Path(item["image"])) for view, folder in clips for item in folder_datalist(folder)]
        clips = [(view, path) for view, path in found if not is_result(path, options.out)]
        if not clips:
            raise FileNotFoundError("there are only results of this command; give a clip or a folder with clips.")
    return [Task(number, path, {**common, "view": view}) for number, (view, path) in enumerate(clips, start=1)]


def parse_views(entries: Sequence[str]) -> list[tuple[str, Path]]:
    """Both views and their clips.

    Raises:
        ValueError: when they are not ``4CH=CLIP`` and ``2CH=CLIP``, or name one clip twice.

    Example:
        >>> [(view, path.name) for view, path in parse_views(["4CH=a.dcm", "2CH=b.dcm"])]
        [('4CH', 'a.dcm'), ('2CH', 'b.dcm')]
    """
    clips = [(view, name) for view, _, name in (entry.partition("=") for entry in entries)]
    views, names = zip(*clips)
    if sorted(views) != ["2CH", "4CH"] or not all(names) or len({Path(name).resolve() for name in names}) < 2:
        raise ValueError(f"--views got {' '.join(entries)}, expected 4CH=CLIP 2CH=CLIP, two different clips.")
    return [(view, Path(name)) for view, name in clips]


def is_result(path: Path, out: Path) -> bool:
    """Whether a file lies in a folder of results; ``out`` may lie among the clips."""
    path, out = path.resolve(), out.resolve()
    name = path.relative_to(out).parts[:1] if path.is_relative_to(out) else ()
    return bool(name) and (name[0].startswith(".gdkvm-") or (out / name[0] / "measurements.json").is_file())


def say(outcome: Outcome, count: int, options: argparse.Namespace) -> None:
    """Print what became of a clip, without its name."""
    head = f"clip {outcome.task.position} of {count}"
    if outcome.result is None:
        print(f"gdkvm: {head}: {outcome.message}", file=sys.stderr)
        if options.traceback:
            print(outcome.traceback, file=sys.stderr)
        return
    found = outcome.result.measurements
    ef_percent, quality = found["mean"]["ef_percent"], found["quality"]
    ef = f"EF {ef_percent:.0f} %" if ef_percent is not None else f"no EF: {found['ef_withheld']}"
    codes = ", ".join(dict.fromkeys(reason["code"] for reason in quality["reasons"]))
    text = f"{head}: {ef}, {quality['verdict']}{f' ({codes})' if codes else ''} -> {outcome.result.folder}"
    print(text, file=sys.stderr if options.json else sys.stdout)


def say_biplane(options: argparse.Namespace, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Measure both views together, write and print it."""
    from gdkvm_monai.apps.biplane import measure_biplane, write_biplane

    report = measure_biplane({outcome.task.options["view"]: outcome.result for outcome in outcomes})
    path = write_biplane(options.out, report)
    ef_percent = report["ef_percent"]
    text = f"EF {ef_percent:.0f} %" if ef_percent is not None else f"no EF: {report['ef_withheld']}"
    print(f"biplane: {text} -> {path}", file=sys.stderr if options.json else sys.stdout)
    return report


def write_map(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Write position, path and identifier of every clip: the only file that names the clips."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("position", "path", "id"))
        for outcome in outcomes:
            writer.writerow(
                (outcome.task.position, outcome.task.path, outcome.result.clip_id if outcome.result else "")
            )


if __name__ == "__main__":
    sys.exit(main())
