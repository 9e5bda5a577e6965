"""The process in which clips are segmented."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import warnings

__all__ = ["prepare_process"]


def prepare_process() -> None:
    """Silence libraries, which quote what stands in a header, and end by SIGTERM as by an error."""
    warnings.filterwarnings("ignore")  # what is wrong with a clip is an error or stands in its results
    logging.getLogger("monai").setLevel(logging.ERROR)
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unfinished folders are removed on the way out
