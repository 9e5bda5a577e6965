"""PNG frames: a folder in natural order, or a list of files in the order given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from gdkvm_monai.data.clip import ClipMeta, ClipReadError, ClipStream, ReadOptions, check_size, luma
from gdkvm_monai.data.geometry import picture_affine
from gdkvm_monai.data.mode import watch_color
from gdkvm_monai.labels import LABEL_ENDINGS

__all__ = ["frame_files", "open_png_folder", "open_png_frames"]

WORDS = "|".join((*(end.strip("_") for end in LABEL_ENDINGS), "labels", "masks", "segmentation"))
MASK = re.compile(rf"(^|[-_ ])({WORDS})($|[-_ 0-9])")
"""A word in the name of a mask, at its start, within, or at its end."""
ORIENTATION = 0x0112  # tag of Exif


def frame_files(folder: Path) -> list[Path]:
    """The PNG files of a folder in natural order, frame 2 before frame 10; hidden files are ignored."""
    files = (path for path in folder.iterdir() if path.suffix.lower() == ".png" and not path.name.startswith("."))
    return sorted(files, key=lambda path: [int(part) if part.isdecimal() else part for part in _parts(path.name)])


def open_png_folder(folder: Path, options: ReadOptions) -> ClipStream:
    """Stream the PNG frames of a folder in natural order."""
    paths = frame_files(folder)
    if not paths:
        raise ClipReadError(f"{folder} has no .png files; choose a folder with the frames of one clip.")
    if len({MASK.search(path.stem.lower()) is not None for path in paths}) > 1:
        raise ClipReadError(f"{folder} holds masks beside the frames of a clip; keep them in another folder.")
    return open_png_frames(paths, options)


def open_png_frames(paths: Sequence[Path], options: ReadOptions) -> ClipStream:
    """Stream frames of one size and depth, in the given order; color is converted by :func:`luma`.

    Raises:
        ClipReadError: if a file is damaged, or an animation, or its size or depth is not that of the first one; when
            its frame is read, also if its metadata turns or mirrors the picture.
    """
    sizes, deep = [], []
    for path in paths:
        with _open_png(path) as image:
            check_size(path, (*image.size, len(paths)), options.max_voxels)
            sizes.append(image.size)
            deep.append(_is_deep(image))
            _check_still(path, image)
        if deep[-1] != deep[0]:
            bits = [16 if is_deep else 8 for is_deep in (deep[-1], deep[0])]
            raise ClipReadError(
                f"{path} has {bits[0]} bits per sample, but {paths[0].name}, the first frame of its clip, has "
                f"{bits[1]}; keep frames of one depth in a folder."
            )
        if sizes[-1] != sizes[0]:
            raise ClipReadError(
                f"{path} has {sizes[-1][0]} x {sizes[-1][1]} pixels, but the first frame of its clip has "
                f"{sizes[0][0]} x {sizes[0][1]}; keep the frames of one clip in a folder."
            )
    meta: ClipMeta = {"spacing_trust": "absent", "partial": False}
    read = partial(_png_frames, paths, np.uint16 if deep[0] else np.uint8, options, meta)
    return ClipStream(sizes[0], len(paths), picture_affine(), meta, read)


def _parts(name: str) -> list[str]:
    return re.split(r"(\d+)", name.lower())


@contextmanager
def _open_png(path: Path) -> Iterator[Image.Image]:
    """Open a PNG file; errors in it or in its pixels become :class:`ClipReadError`."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist; check the path.")
    try:
        with Image.open(path, formats=("PNG",)) as image:
            yield image
    except ClipReadError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ClipReadError(f"{path} cannot be read as PNG; copy it again from its source.") from error


def _check_still(path: Path, image: Image.Image) -> None:
    count = getattr(image, "n_frames", 1)
    if count > 1:
        raise ClipReadError(f"{path} is an animation of {count} frames; export each frame as a PNG file of its own.")


def _check_upright(path: Path, image: Image.Image) -> None:
    """Refuse a picture that is to be turned or mirrored; its metadata can follow its pixels, which must be loaded."""
    orientation = image.getexif().get(ORIENTATION, 1)
    if orientation != 1:
        shown = f" {orientation}" if isinstance(orientation, int) else ""  # otherwise, it may be any text
        raise ClipReadError(
            f"{path} is turned or mirrored by the orientation{shown} in its metadata, expected 1; export it upright."
        )


def _is_deep(image: Image.Image) -> bool:
    return image.mode.startswith("I")


def _png_frames(paths: Sequence[Path], dtype: type, options: ReadOptions, meta: ClipMeta) -> Iterator[np.ndarray]:
    """Yield gray frames, lateral axis first."""
    for gray in watch_color(paths[0], map(_read_png, paths), None, options, meta):
        yield gray.T.astype(dtype)


def _read_png(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Return a gray frame, and the RGB frame it was converted from, if any."""
    with _open_png(path) as image:
        pixels = np.asarray(image if _is_deep(image) or image.mode == "L" else image.convert("RGB"))
        _check_upright(path, image)
    return (luma(pixels), pixels) if pixels.ndim == 3 else (pixels, None)
