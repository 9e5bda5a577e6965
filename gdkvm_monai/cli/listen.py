"""Segment ultrasound clips that an archive or a scanner sends by C-STORE, and send SEG and SR back.

Each clip is segmented once. DIR holds the queue, queue.sqlite, the clips that wait, incoming/, and the results,
results/CLIP/, named by hashes. Start the same command again after a crash or a kill: no clip is lost, and no result is
made or filed twice. SEG and SR hold patient and study as stated in the clip.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Sequence
from functools import partial

from gdkvm_monai.archive.packages import require
from gdkvm_monai.archive.sender import CStoreSender, Destination, parse_title
from gdkvm_monai.cli.archive_options import add_archive_options, chosen_limits, load_segmenter, start_log
from gdkvm_monai.cli.command import OK, new_parser, wants_traceback
from gdkvm_monai.labels import NOTICE
from gdkvm_monai.study.process import prepare_process
from gdkvm_monai.study.tasks import check_folders

__all__ = ["build_parser", "main"]

EXAMPLES = f"""examples:
  gdkvm listen --port 11112 --aet GDKVM --out archive --send ORTHANC@localhost:4242
  gdkvm listen --port 11112 --aet GDKVM --out archive --allow SCANNER1 SCANNER2 --host 0.0.0.0

exit codes: 130 after Ctrl-C, 143 after SIGTERM, 2 wrong use, a missing package, or an address that cannot be used.
{NOTICE}
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command."""
    parser = new_parser("listen", __doc__, epilog=EXAMPLES)
    parser.add_argument("--port", type=int, required=True, help="TCP port to listen at")
    parser.add_argument("--aet", default="GDKVM", metavar="AET", help="own AE title (default: GDKVM)")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen at (default: 127.0.0.1, this machine only)"
    )
    parser.add_argument("--send", metavar="AET@HOST:PORT", help="where SEG and SR go (default: nowhere)")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--allow", nargs="+", default=[], metavar="AET", help="AE titles that may send, besides --send")
    who.add_argument("--allow-any", action="store_true", help="accept every AE title")
    add_archive_options(parser)
    return parser


def main(words: Sequence[str]) -> int:
    """Run the command; it ends by Ctrl-C or SIGTERM."""
    options = build_parser().parse_args(words)
    destination = Destination.parse(options.send) if options.send else None
    title, limits, allowed = parse_title(options.aet), chosen_limits(options), _allowed(options, destination)
    if not 0 <= options.port < 65536:
        raise ValueError(f"--port is {options.port}, expected 1 to 65535, or 0 for any that is free.")
    require("pynetdicom")
    check_folders([options.out])
    prepare_process()

    from gdkvm_monai.archive.listener import ListenerSettings
    from gdkvm_monai.archive.service import open_folder, serve

    start_log()
    settings = ListenerSettings(title, options.host, options.port, allowed, limits.clip_bytes)
    send = CStoreSender(title, destination) if destination else None
    with open_folder(options.out, partial(load_segmenter, options), send, limits, wants_traceback(words)) as folder:
        serve(folder, settings, threading.Event())
    return OK


def _allowed(options: argparse.Namespace, destination: Destination | None) -> tuple[str, ...] | None:
    if options.allow_any:
        return None
    titles = [*map(parse_title, options.allow), *([destination.title] if destination else [])]
    if not titles:
        raise ValueError("no AE title may send; pass --allow AET, or --allow-any.")
    return tuple(dict.fromkeys(titles))
