"""GDKVM for MONAI: echocardiography clips in; masks, scores and an ejection fraction out.

The names below load on first use, because torch and MONAI take seconds to import. Everything else is in the
subpackages, which have MONAI's names where MONAI has them: ``data``, ``transforms``, ``networks``, ``losses``,
``inferers``, ``metrics``, ``handlers``, ``visualize``; and ``evaluation``, ``study``, ``export``.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gdkvm_monai.data import ClipReader, ClipReadError, open_clip
    from gdkvm_monai.inferers import StreamSession
    from gdkvm_monai.networks.nets import GDKVM
    from gdkvm_monai.study.biplane import measure_biplane
    from gdkvm_monai.study.measurements import Measurements
    from gdkvm_monai.study.measurements_file import read_measurements
    from gdkvm_monai.study.options import SegmentOptions
    from gdkvm_monai.study.pipeline import Pipeline, load_pipeline
    from gdkvm_monai.study.remeasure import remeasure
    from gdkvm_monai.study.segmentation import SegmentationResult, segment

__version__ = "0.6.0"

__all__ = [
    "GDKVM",
    "ClipReadError",
    "ClipReader",
    "Measurements",
    "Pipeline",
    "SegmentOptions",
    "SegmentationResult",
    "StreamSession",
    "load_pipeline",
    "measure_biplane",
    "open_clip",
    "read_measurements",
    "remeasure",
    "segment",
]

_MODULES = {
    "data": ("ClipReadError", "ClipReader", "open_clip"),
    "inferers": ("StreamSession",),
    "networks.nets": ("GDKVM",),
    "study.biplane": ("measure_biplane",),
    "study.measurements": ("Measurements",),
    "study.measurements_file": ("read_measurements",),
    "study.options": ("SegmentOptions",),
    "study.pipeline": ("Pipeline", "load_pipeline"),
    "study.remeasure": ("remeasure",),
    "study.segmentation": ("SegmentationResult", "segment"),
}
"""Where the names come from."""


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}.")


def __dir__() -> list[str]:
    loaded = [name for name in globals() if name.startswith("__") or f"{__name__}.{name}" in sys.modules]
    return sorted([*loaded, *__all__])
