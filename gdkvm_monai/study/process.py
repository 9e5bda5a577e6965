"""Setup of a process that segments clips."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import warnings

__all__ = ["prepare_process"]


def prepare_process() -> None:
    """Silence libraries, which may quote header values, and turn SIGTERM into an exit with cleanup."""
    warnings.filterwarnings("ignore")  # problems with a clip are errors or part of its results
    # the process that tracks resources would print a second line after a signal
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker:UserWarning")
    logging.getLogger("monai").setLevel(logging.ERROR)
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unfinished folders are removed on exit
