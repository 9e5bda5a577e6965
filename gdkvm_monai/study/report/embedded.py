"""The pictures that a clip report holds, read back without the clip."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["EmbeddedPictures", "read_pictures"]

PREFIX = "data:image/jpeg;base64,"


@dataclass(frozen=True)
class EmbeddedPictures:
    """The pictures in a clip report.

    Attributes:
        urls: ``data:`` URL of each embedded frame.
        contours: SVG path of each structure in each embedded frame, in pixels of the picture.
        size: columns and rows of a picture.
    """

    urls: Mapping[int, str]
    contours: Mapping[int, Mapping[str, str]]
    size: tuple[int, int]

    def gray(self, frame: int, shape: tuple[int, int]) -> np.ndarray:
        """Return a frame as gray levels ``(H, W)``, uint8, on the clip's grid; JPEG has changed them slightly.

        Args:
            frame: embedded frame.
            shape: lateral and depth pixels of the clip.
        """
        with _open(self.urls[frame]) as picture:
            resized = picture.convert("L").resize(shape, Image.Resampling.LANCZOS)
        return np.asarray(resized).T


def read_pictures(path: Path) -> EmbeddedPictures:
    """Read the pictures of a report that :func:`~gdkvm_monai.study.report.writer.write_clip_report` wrote.

    Raises:
        FileNotFoundError: if there is no report.
        ValueError: if the file is not such a report.
    """
    page = path.read_text(encoding="utf-8")
    try:
        data, urls = (json.loads(_script(page, name)) for name in ("clip-data", "clip-pictures"))
        shown, contours = data["shown"], data["contours"]
        if not len(shown) == len(urls) == len(contours) or not all(url.startswith(PREFIX) for url in urls):
            raise ValueError("frames, pictures, and contours differ in number")
        with _open(urls[0]) as picture:
            size = picture.size
    except (AttributeError, IndexError, KeyError, OSError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a clip report of this version; segment the clip again.") from error
    return EmbeddedPictures(dict(zip(shown, urls)), dict(zip(shown, contours)), size)


def _script(page: str, name: str) -> str:
    return re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL)[1]


def _open(url: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(url.removeprefix(PREFIX))), formats=("JPEG",))
