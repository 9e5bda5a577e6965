"""Segment the clips of a study in a DICOMweb archive and, with --store, store SEG and SR in the same study.

The same command skips what is finished, and goes on where it was interrupted. DIR is laid out as by `gdkvm listen`.
If the archive wants a password, set GDKVM_DICOMWEB_USER and GDKVM_DICOMWEB_PASSWORD, or GDKVM_DICOMWEB_TOKEN.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from functools import partial

from gdkvm_monai.archive.packages import require
from gdkvm_monai.cli.archive_options import add_archive_options, chosen_limits, load_segmenter, start_log
from gdkvm_monai.cli.command import FAILED, OK, new_parser, wants_traceback
from gdkvm_monai.labels import NOTICE
from gdkvm_monai.study.process import prepare_process
from gdkvm_monai.study.tasks import check_folders

__all__ = ["build_parser", "main"]

EXAMPLES = f"""examples:
  gdkvm fetch --dicomweb http://localhost:8042/dicom-web --study 1.2.840.1 --out archive --store

exit codes: 0 all clips are finished, 1 some clips were refused or not stored, 2 wrong use, a missing package, or an
archive that cannot be reached.
{NOTICE}
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command."""
    parser = new_parser("fetch", __doc__, epilog=EXAMPLES)
    parser.add_argument("--dicomweb", required=True, metavar="URL", help="address of the DICOMweb service")
    parser.add_argument("--study", required=True, metavar="UID", help="Study Instance UID")
    parser.add_argument("--store", action="store_true", help="store SEG and SR in the archive")
    add_archive_options(parser)
    return parser


def main(words: Sequence[str]) -> int:
    """Run the command and return the exit code."""
    options = build_parser().parse_args(words)
    limits = chosen_limits(options)
    if not re.fullmatch(r"[0-9.]{1,64}", options.study):
        raise ValueError(f"--study is {options.study!r}, expected a Study Instance UID, such as 1.2.840.1.")
    require("dicomweb_client")
    check_folders([options.out])
    prepare_process()

    from gdkvm_monai.archive.dicomweb import DicomWebArchive
    from gdkvm_monai.archive.queued_clip import State
    from gdkvm_monai.archive.service import fetch_study, open_folder

    start_log()
    archive = DicomWebArchive(options.dicomweb)
    load, send = partial(load_segmenter, options), archive.store if options.store else None
    with open_folder(options.out, load, send, limits, wants_traceback(words)) as folder:
        found = fetch_study(folder, archive, options.study)
    print(", ".join(f"{count} {state.value}" for state, count in found.items()), f"-> {options.out / 'results'}")
    finished = {State.SENT} if options.store else {State.DONE, State.SENT}
    return OK if found.keys() <= finished else FAILED
