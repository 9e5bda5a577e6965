"""A contact sheet of all or some frames of a segmented clip with contours, to look at.

    gdkvm clip.dcm -o out
    python benchmarks/frame_sheet.py --clip clip.dcm --mask out/*/mask.nii.gz --out sheet.png --frames 4 15 25 40

Only the tissue region of a DICOM clip is drawn. ``--clip`` takes two files for two stills.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from gdkvm_monai.data import ClipReader
from gdkvm_monai.data.geometry import REGION, region_slices
from gdkvm_monai.visualize.overlay import overlay_clip


def main() -> None:
    """Draw the frames and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, nargs="+", required=True)
    parser.add_argument("--mask", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--frames", type=int, nargs="+", help="0-based (default: all)")
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--height", type=int, default=260, help="rows of each frame (default: 260)")
    options = parser.parse_args()
    reader = ClipReader(force=True)
    clip, mask = reader.read(options.clip if len(options.clip) > 1 else options.clip[0]), reader.read(options.mask)
    frames = range(clip.pixels.shape[-1]) if options.frames is None else options.frames
    region = region_slices(clip.meta.get(REGION), clip.pixels.shape[:2])
    pixels, labels = (volume.pixels[region][..., list(frames)] for volume in (clip, mask))
    pictures = overlay_clip(pixels, labels, None, tuple(np.abs(np.diag(clip.affine)[:2])), options.height)
    sheet(pictures, list(frames), options.columns).save(options.out)


def sheet(pictures: np.ndarray, frames: list[int], columns: int) -> Image.Image:
    """Place pictures ``(T, rows, columns, 3)`` side by side, each with the number of its frame; 128 colors."""
    height, width = pictures.shape[1:3]
    page = Image.new("RGB", (min(columns, len(frames)) * width, -(-len(frames) // columns) * height))
    for position, (picture, frame) in enumerate(zip(pictures, frames)):
        tile = Image.fromarray(picture)
        ImageDraw.Draw(tile).text((4, 2), str(frame), fill="white")
        page.paste(tile, (position % columns * width, position // columns * height))
    return page.quantize(128)


if __name__ == "__main__":
    main()
