"""Echo clips: readers and datalists."""

from __future__ import annotations

from .clip import Clip, ClipReadError, ClipStream, ReadOptions
from .datalists import camus_datalist, clip_datalist, echonet_datalist, folder_datalist, phantom_datalist
from .frame_cache import FrameCache
from .mask_output import MaskLayout, MaskWriter
from .mixed_lengths import MixedLengthLoader
from .open import open_clip
from .reader import ClipReader
from .training_loader import TrainingLoader

__all__ = [
    "Clip",
    "ClipReadError",
    "ClipReader",
    "ClipStream",
    "FrameCache",
    "MaskLayout",
    "MaskWriter",
    "MixedLengthLoader",
    "ReadOptions",
    "TrainingLoader",
    "camus_datalist",
    "clip_datalist",
    "echonet_datalist",
    "folder_datalist",
    "open_clip",
    "phantom_datalist",
]
