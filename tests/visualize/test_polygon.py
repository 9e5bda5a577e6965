import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.measure import approximate_polygon, find_contours

from gdkvm_monai.visualize.polygon import simplify


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("tolerance", [0.3, 0.6, 2.0])
def test_the_corners_are_those_of_scikit_image(seed, tolerance):
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(90, 70)), 4) > 0
    curves = find_contours(np.pad(noise, 1).astype(float), 0.5)
    curves += [(curve - 0.5) * (0.83, 1.21) for curve in curves]
    assert len(curves) > 4
    for curve in curves:
        assert np.array_equal(simplify(curve, tolerance), approximate_polygon(curve, tolerance))


@pytest.mark.parametrize("points", [[[1.0, 2.0]], [[0.0, 0.0], [3.0, 0.0]], [[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]])
def test_short_curves_are_those_of_scikit_image_too(points):
    points = np.array(points)
    assert np.array_equal(simplify(points, 0.5), approximate_polygon(points, 0.5))


def test_a_straight_line_becomes_its_ends():
    line = np.linspace([0, 0], [10, 5], 30)
    assert np.array_equal(simplify(line, 1e-9), line[[0, -1]])
