"""Lists of clips, as MONAI's datasets take them."""

from __future__ import annotations

from .camus import CamusDataset, camus_datalist
from .folder import folder_datalist
from .generic import ClipDataset, clip_datalist
from .phantom import EchoPhantomDataset, phantom_datalist

__all__ = [
    "CamusDataset",
    "ClipDataset",
    "EchoPhantomDataset",
    "camus_datalist",
    "clip_datalist",
    "folder_datalist",
    "phantom_datalist",
]
