"""Speckle belongs to the tissue."""

from __future__ import annotations

import numpy as np

from gdkvm_monai.data.phantom import QUALITIES, EchoPhantom
from gdkvm_monai.data.phantom.plane import ViewPlane
from gdkvm_monai.data.phantom.tissue import Tissue
from gdkvm_monai.data.phantom.ultrasound import Sector
from gdkvm_monai.labels import MYOCARDIUM


def test_speckle_stays_with_the_moving_wall_and_not_with_the_pixel():
    phantom = EchoPhantom(4, "good")
    plane = ViewPlane(phantom.heart, "4CH", 4)
    times = np.array([0.25, 0.32]) * phantom.end_systole_s  # the fast part of systole
    image, labels, spacing_mm = phantom.render("4CH", times, spacing_mm=0.35)
    tissue = Tissue(plane, Sector(plane.depth_mm, plane.half_angle, QUALITIES["good"]), 4)
    wall = tissue._label == MYOCARDIUM
    positions = list(tissue.positions(phantom.heart.section("4CH", times), times))
    before, after = (points[: len(wall)][wall] for points in positions)
    moving = np.linalg.norm(after - before, axis=1) > 0.8

    def gray(points: np.ndarray, frame: int) -> np.ndarray:
        x = np.clip(points[:, 0] / spacing_mm[0] + image.shape[0] / 2, 0, image.shape[0] - 1).astype(int)
        return image[x, np.clip(points[:, 1] / spacing_mm[1], 0, image.shape[1] - 1).astype(int), frame]

    assert moving.sum() > 200
    with_tissue = np.corrcoef(gray(before[moving], 0), gray(after[moving], 1))[0, 1]
    at_pixel = np.corrcoef(gray(before[moving], 0), gray(before[moving], 1))[0, 1]
    assert with_tissue > at_pixel + 0.15
