"""The volume over a beat: exactly the ejection fraction, smooth, and repeated."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data.phantom.beat import Beat
from gdkvm_monai.data.seeds import random_generator

SEEDS = range(8)


def draw(seed: int) -> Beat:
    return Beat(random_generator(seed, 0))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_volumes_give_exactly_the_ejection_fraction(seed):
    beat = draw(seed)
    assert 20 <= beat.ef_percent <= 75
    volumes = beat.volume_ml(np.linspace(0, beat.duration_s, 501).tolist() + [beat.end_systole_s])
    assert np.isclose(volumes.max(), beat.edv_ml, rtol=1e-12)
    assert np.isclose(volumes.min(), beat.esv_ml, rtol=1e-12)
    assert np.isclose(100 * (1 - volumes.min() / volumes.max()), beat.ef_percent, rtol=1e-12)


def test_the_cavity_only_shrinks_in_systole_and_the_next_beat_repeats_the_first():
    beat = draw(3)
    times = np.linspace(0, beat.end_systole_s, 40)
    assert (np.diff(beat.volume_ml(times)) < 0).all()
    assert (np.diff(beat.volume_ml(np.linspace(beat.end_systole_s, beat.duration_s, 40))) > -1e-9).all()
    np.testing.assert_allclose(beat.volume_ml(times + 5 * beat.duration_s), beat.volume_ml(times), rtol=1e-9)
    fine = beat.volume_ml(np.linspace(0, 2 * beat.duration_s, 4001))
    assert np.abs(np.diff(fine, 2)).max() < 1e-3 * (beat.edv_ml - beat.esv_ml)  # no jump, no kink
