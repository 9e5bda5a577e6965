"""A real two-chamber cine: masks of all frames, and Dice of the first and last frame against derived masks.

    python benchmarks/real_cine.py --clip patient0500_2CH_half_sequence.nii.gz --mask seg.nii.gz \
        --reference patient0500_2CH_ED_gt.derived.nii.gz patient0500_2CH_ES_gt.derived.nii.gz --out cine.gif
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from gdkvm_monai.data import ClipReader
from gdkvm_monai.labels import SCORED_STRUCTURES
from gdkvm_monai.metrics import area_curve, score_pair
from gdkvm_monai.visualize.movies import write_gif
from gdkvm_monai.visualize.overlay import overlay_clip


def main() -> None:
    """Score the first and last frame, print the area curve, and write the overlay."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--mask", type=Path, required=True)
    parser.add_argument("--reference", type=Path, nargs=2, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    clip, mask, *references = (ClipReader().read(path) for path in (options.clip, options.mask, *options.reference))
    spacing_mm = tuple(np.abs(np.diag(clip.affine)[:2]))
    for end, reference, phase in zip((0, -1), references, ("ED", "ES")):
        for name, values in SCORED_STRUCTURES.items():
            pair = (np.isin(x, values) for x in (mask.pixels[..., end], reference.pixels[..., 0]))
            scores = score_pair(*pair, spacing_mm)
            print(f"{phase} {name}: Dice {scores.dice:.4f}, HD95 {scores.hd95:.2f} mm, ASD {scores.asd:.2f} mm")
    print("LV area (cm2):", np.round(area_curve(mask.pixels, spacing_mm), 1).tolist())
    write_gif(overlay_clip(clip.pixels, mask.pixels, spacing_mm=spacing_mm), options.out)


if __name__ == "__main__":
    main()
