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
