"""Segment a generated clip with the released weights; then train a demo network on generated clips, and use it, too.

The first report is ready within two minutes. The demo network is trained from scratch, evaluated on generated patients
that it has not seen, and segments the same clip: about four minutes in all on two cores. `make demo` installs the
package and runs this.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from gdkvm_monai.cli.command import OK, new_parser, output_path
from gdkvm_monai.study.tasks import check_folders

__all__ = ["build_parser", "main"]

CLIP = "dicom/phantom0001_4CH.dcm"
"""The clip of the README's first command, in the folder of phantoms."""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command."""
    parser = new_parser("demo", __doc__)
    parser.add_argument(
        "--out", type=output_path, default=Path("demo"), help="folder for data and results (default: demo)"
    )
    parser.add_argument(
        "--smallest", action="store_true", help="train as little as possible, to check the setup in about a minute"
    )
    return parser


def main(words: Sequence[str]) -> int:
    """Run the command and return the exit code, that of the first command in it that fails."""
    options = build_parser().parse_args(words)
    check_folders([options.out])

    from gdkvm_monai.study.demo import run_demo

    out: Path = options.out
    phantoms = out / "phantoms"
    commands = ["phantom", phantoms, "--format", "dicom", "--views", "4CH", "--quality", "good", "--overwrite"]
    code = _run(commands) or _segment(out, "released", [])
    if code != OK:
        return code
    true = json.loads((phantoms / "truth.json").read_text())["clips"][CLIP]["ef_percent"]
    print(f"true EF {true:.0f} %; the clip is a phantom, and the released weights were trained on patients only")
    print("Now a demo network is trained on phantoms. Use it for nothing else.", flush=True)
    result = run_demo(out.resolve(), options.smallest)
    code = _segment(out, "clips", ["--weights", result.files[0]])
    if code != OK:
        return code
    print(f"true EF {true:.0f} %; this network was trained on other phantoms only")
    ef = result.ef
    print(f"demo network, on phantoms that it was not trained on ({result.seconds:.0f} s):")
    print(f"  mean LV Dice {result.mean_dice:.4f}")
    print(f"  EF bias {ef.bias:+.1f} points, SD {ef.sd:.1f} ({ef.n} of {ef.n + ef.n_excluded} EFs, {result.ef_method})")
    for path in [
        *result.files,
        *(report for name in ("clips", "released") for report in out.glob(f"{name}/*/report.html")),
    ]:
        print(path)
    return OK


def _segment(out: Path, name: str, options: Sequence[str | Path]) -> int:
    """Segment the clip as a user would, and print the line with EF, verdict, reasons, and the result's folder."""
    return _run([out / "phantoms" / CLIP, "-o", out / name, "--view", "4CH", "--overwrite", *options])


def _run(words: Sequence[str | Path]) -> int:
    from gdkvm_monai.cli.main import main as gdkvm

    print("$ gdkvm", *words, flush=True)
    return gdkvm([str(word) for word in words])
