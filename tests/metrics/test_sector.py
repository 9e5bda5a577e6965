"""The region of the sector, and the share of a structure on its edge."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.metrics.sector import Sector, edge_fraction


def test_the_sector_is_the_hull_of_all_echoes_without_the_text_beside_it():
    sector = Sector()
    for start in (10, 20):
        frame = np.zeros((50, 50))
        frame[start : start + 12, 5:45], frame[2, 2:6] = 90, 255
        sector.add(frame)
    region = sector.region()
    assert region[10:32, 5:45].all() and region.sum() == 22 * 40


def test_dark_blood_belongs_to_the_sector():
    frame = np.full((30, 30), 80.0)
    frame[10:20, 10:20] = 0
    sector = Sector()
    sector.add(frame)
    assert sector.region().all()


@pytest.mark.parametrize("levels", [(), (0,), (0, 2)])
def test_frames_too_dark_to_show_a_sector_have_no_region(levels):
    sector = Sector()
    for level in levels:
        sector.add(np.full((5, 5), level))
    assert sector.region() is None
    sector.add(np.full((5, 5), 3))
    assert sector.region().all()


def test_only_an_outline_at_the_border_of_the_sector_touches_its_edge():
    mask, region = np.zeros((20, 20), bool), np.ones((20, 20), bool)
    mask[5:10, 5:10] = True
    assert edge_fraction(mask, region) == 0
    region[:, 10:] = False
    assert edge_fraction(mask, region) == pytest.approx(5 / 20)
    at_border = np.zeros((20, 20), bool)
    at_border[0:5, 5:10] = True
    assert edge_fraction(at_border, np.ones((20, 20), bool)) == pytest.approx(5 / 20)
    assert np.isnan(edge_fraction(np.zeros((5, 5), bool), np.ones((5, 5), bool)))


def fan(rows: int = 300, columns: int = 400) -> np.ndarray:
    """A bright fan from the middle of the first row, as in an apical clip."""
    x, y = np.meshgrid(np.arange(columns) - columns / 2, np.arange(rows), indexing="ij")
    return 80 * ((np.hypot(x, y) < 0.9 * rows) & (np.abs(x) <= 0.8 * y + 2))


def test_text_beside_the_sector_is_outside_what_may_be_shown():
    picture, sector = fan(), Sector()
    text = np.zeros_like(picture)
    for row in range(8):  # strokes of two pixels
        text[8:110, 6 + 4 * row : 8 + 4 * row] = 255
    sector.add(np.maximum(picture, text))
    shown = sector.without_surroundings()
    assert not (shown & (text > 0)).any()
    assert shown[picture > 0].mean() > 0.99


@pytest.mark.parametrize("level", [40, 100, 220])
def test_a_title_bar_and_a_panel_that_never_change_are_not_shown_beside_an_echo_that_moves(level):
    sector, still = Sector(), np.zeros((400, 300))
    still[:, :20] = still[:70] = level
    still[20:200:4, 6:14] = 255 - level
    for seed in range(3):
        speckle = np.random.default_rng(seed).uniform(0.2, 1.8, (400, 300))
        sector.add(np.where(still > 0, still, np.roll(fan(), 30, axis=1) * speckle))
    shown = sector.without_surroundings()
    assert shown is not None and shown[:70].mean() < 0.1 and shown[:, :20].mean() < 0.1
    assert shown[(still == 0) & (np.roll(fan(), 30, axis=1) > 0)].mean() > 0.9


def test_a_sector_that_a_shadow_cuts_in_two_is_shown_as_a_whole():
    picture, sector = fan(), Sector()
    picture[:, 150:160] = 0
    sector.add(picture)
    assert sector.without_surroundings()[fan() > 0].mean() > 0.99


def test_noise_of_video_compression_does_not_join_text_and_sector():
    picture, sector = fan(), Sector()
    picture[10:60, 10:12] = 255
    sector.add(np.maximum(picture, np.random.default_rng(0).integers(0, 12, picture.shape)))
    shown = sector.without_surroundings()
    assert not shown[10:60, 10:12].any() and shown[picture == 80].mean() > 0.99


@pytest.mark.parametrize("level", [0, 5, 200])
def test_a_picture_that_is_all_dark_or_all_bright_has_no_sector(level):
    sector = Sector()
    assert sector.without_surroundings() is None
    sector.add(np.full((40, 50), level))
    assert sector.without_surroundings() is None


@pytest.mark.parametrize(("text", "shown"), [(0, True), (255, False)])
def test_dark_echo_is_shown_unless_text_lies_on_it(text, shown):
    picture, sector = fan(), Sector()
    dark = (picture > 0) & (np.arange(400)[:, None] > 260)
    picture[dark] = 8
    picture[300:340, 240:242] = np.maximum(text, picture[300:340, 240:242])
    sector.add(picture)
    assert (
        sector.without_surroundings()[dark].mean() > 0.99 if shown else 0.5 > sector.without_surroundings()[dark].mean()
    )
