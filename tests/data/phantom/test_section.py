"""The levels of a section resolve the round apex."""

from __future__ import annotations

import numpy as np

from gdkvm_monai.data.phantom.section import LEVELS


def test_levels_rise_from_the_mitral_plane_to_the_apex():
    assert LEVELS[0] == 0 and LEVELS[-1] == 1 and (np.diff(LEVELS) > 0).all()


def test_levels_are_dense_enough_at_the_apex_to_interpolate_a_width_that_falls_like_a_square_root():
    fine = np.linspace(0, 1, 5001)
    error = np.abs(np.interp(fine, LEVELS, np.sqrt(1 - LEVELS)) - np.sqrt(1 - fine))
    even = np.linspace(0, 1, LEVELS.size)
    assert error.max() < 0.005 < 0.02 < np.abs(np.interp(fine, even, np.sqrt(1 - even)) - np.sqrt(1 - fine)).max()
