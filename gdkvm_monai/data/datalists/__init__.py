"""Datalists: lists of clips for MONAI's datasets."""

from __future__ import annotations

from .camus import camus_datalist
from .echonet import echonet_datalist
from .folder import folder_datalist
from .json_file import clip_datalist
from .phantom import phantom_datalist

__all__ = ["camus_datalist", "clip_datalist", "echonet_datalist", "folder_datalist", "phantom_datalist"]
