"""The heart: volumes, motion, and labels that agree with them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, label

from gdkvm_monai.data.phantom.heart import LeftHeart
from gdkvm_monai.data.phantom.plane import ViewPlane
from gdkvm_monai.data.phantom.section import LEVELS
from gdkvm_monai.labels import BACKGROUND, LEFT_ATRIUM, LV, MYOCARDIUM, VIEWS

SPACING_MM = 0.7
SEEDS = range(8)


def draw(seed: int, view: str, times: list[float]) -> np.ndarray:
    """Labels ``(X, Y, T)`` with square pixels."""
    heart = LeftHeart(seed)
    plane, section = ViewPlane(heart, view, seed), heart.section(view, times)
    x, y = np.arange(-130, 130, SPACING_MM), np.arange(0, 230, SPACING_MM)
    points = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
    return np.stack([plane.classify(points, section, frame) for frame in range(len(times))], axis=-1)


def disk_diameters(mask: np.ndarray, atrium: np.ndarray, count: int = 20) -> tuple[np.ndarray, float]:
    """Diameters across the long axis (base to apex) and its length in mm: the method of disks by area."""
    points = np.argwhere(mask) * SPACING_MM
    base = np.argwhere(mask & binary_dilation(atrium)).mean(axis=0) * SPACING_MM
    apex = points[np.argmax(np.linalg.norm(points - base, axis=1))]
    length = np.linalg.norm(apex - base)
    height = (points - base) @ (apex - base) / length
    areas = np.histogram(height, bins=count, range=(0, length))[0] * SPACING_MM**2
    return areas / (length / count), length


def biplane_volume_ml(labels: list[np.ndarray]) -> float:
    (first, length1), (second, length2) = (disk_diameters(one == LV, one == LEFT_ATRIUM) for one in labels)
    return np.pi / 4 * float(first @ second) * max(length1, length2) / 20 / 1000


@pytest.mark.parametrize("seed", SEEDS)
def test_the_integral_of_the_cross_sections_is_the_volume_at_every_time(seed):
    heart = LeftHeart(seed)
    times = np.linspace(0, 1, 7)
    root = (np.arange(4000) + 0.5) / 4000
    length, half = heart._widths(1 - root**2, heart.beat.volume_ml(times))
    integral = np.pi * length * (np.prod(half, axis=0) * 2 * root).mean(axis=-1) / 1000
    np.testing.assert_allclose(integral, heart.beat.volume_ml(times), rtol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_biplane_disks_on_the_labels_of_both_views_return_the_true_volumes_and_ejection_fraction(seed):
    heart = LeftHeart(seed)
    times = [0.0, heart.beat.end_systole_s]
    views = [draw(seed, view, times) for view in VIEWS]
    edv, esv = (biplane_volume_ml([view[..., frame] for view in views]) for frame in range(2))
    assert edv == pytest.approx(heart.beat.edv_ml, rel=0.035)
    assert esv == pytest.approx(heart.beat.esv_ml, rel=0.035)
    assert 100 * (1 - esv / edv) == pytest.approx(heart.beat.ef_percent, abs=1.5)


@pytest.mark.parametrize("view", VIEWS)
def test_the_wall_thickens_and_keeps_its_volume_while_the_ventricle_shortens_and_the_atrium_grows(view):
    heart = LeftHeart(5)
    times = np.linspace(0, heart.beat.end_systole_s, 9)
    section = heart.section(view, times)
    thickness = heart._wall(heart.beat.volume_ml(times))
    assert (np.diff(thickness) > 0).all() and (np.diff(section.cavity_length) < 0).all()
    atrium = section.atrium_length * ((section.atrium_half[:, 1:] + section.atrium_half[:, :-1]) @ np.diff(LEVELS))
    assert (np.diff(atrium) > 0).all()
    root = (np.arange(2000) + 0.5) / 2000
    length, half = heart._widths(1 - root**2, heart.beat.volume_ml(times))
    outer = half + thickness[:, None] * heart._profile(1 - root**2)[:, None]
    epicardial = np.pi * section.wall_length * (np.prod(outer, axis=0) * 2 * root).mean(axis=-1) / 1000
    np.testing.assert_allclose(epicardial - heart.beat.volume_ml(times), epicardial[0] - heart.beat.edv_ml, rtol=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("view", VIEWS)
def test_each_structure_is_one_piece_and_the_wall_encloses_the_cavity_except_at_the_base(seed, view):
    heart = LeftHeart(seed)
    for frame in np.moveaxis(draw(seed, view, [0.0, heart.beat.end_systole_s]), -1, 0):
        for structure in (LV, MYOCARDIUM, LEFT_ATRIUM):
            assert label(frame == structure, np.ones((3, 3)))[1] == 1
        neighbors = frame[binary_dilation(frame == LV) & (frame != LV)]
        assert {MYOCARDIUM, LEFT_ATRIUM} <= set(neighbors.tolist())
        assert np.mean(neighbors == BACKGROUND) < 0.08  # beside the atrium's opening only
        assert np.mean(neighbors == LEFT_ATRIUM) < 0.35


def test_hearts_of_other_seeds_differ_in_shape_and_not_only_in_size():
    def form(seed: int) -> np.ndarray:
        section = LeftHeart(seed).section("4CH", [0.0])
        return section.cavity_half[0] / section.cavity_length[0]

    forms = np.stack([form(seed) for seed in range(20)])
    relative = forms / forms.max(axis=1, keepdims=True)
    assert forms.max(axis=1).std() > 0.01 and relative[:, 0].std() > 0.02
    np.testing.assert_array_equal(form(4), form((4,)))


def test_an_unknown_view_and_a_negative_seed_are_refused():
    with pytest.raises(ValueError, match="3CH"):
        LeftHeart(0).section("3CH", [0.0])
    with pytest.raises(ValueError, match="non-negative"):
        LeftHeart(-1)
