"""Heart and picture are two views of the same points."""

from __future__ import annotations

import numpy as np

from gdkvm_monai.data.phantom.heart import LeftHeart
from gdkvm_monai.data.phantom.plane import ViewPlane, outline

SEEDS = range(8)


def test_maps_between_heart_and_picture_are_inverse_and_the_wall_lies_in_the_sector():
    for seed in SEEDS:
        heart = LeftHeart(seed)
        plane = ViewPlane(heart, "4CH", seed)
        points = outline(heart.section("4CH", [0.0]), "wall")[0]
        picture = plane.to_picture(points, 80.0)
        np.testing.assert_allclose(plane.to_heart(picture, 80.0), points, atol=1e-9)
        wall = plane.to_picture(points, heart.section("4CH", [0.0]).wall_length[0])
        assert (np.abs(np.arctan2(*wall.T)) < plane.half_angle).all()
