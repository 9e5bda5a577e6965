"""Ejection fraction of each beat, and the means over beats."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.metrics.beats import measure_beats
from gdkvm_monai.metrics.phases import Phases


def phases_of(*beats: tuple[int, int], frames: int = 5) -> Phases:
    ed, es = zip(*beats) if beats else ((), ())
    return Phases(ed, es, beats, np.arange(frames) / 2, "s", np.zeros(frames))


def test_the_spread_of_the_beats_is_reported():
    result = measure_beats([90, 100, 50, 110, 44, 100], phases_of((1, 2), (3, 4), frames=6))
    assert [beat.ef_percent for beat in result.beats] == [50, 60]
    assert result.ef_percent == 55 and result.ef_sd_percent == pytest.approx(np.sqrt(50))


def test_volumes_are_taken_at_the_phases_and_averaged_over_the_beats():
    volumes = np.array([90, 100, 50, 110, 44, 100.0])
    result = measure_beats(volumes, phases_of((1, 2), (3, 4), frames=6), volumes)
    assert [(beat.ed_frame, beat.es_frame, beat.edv_ml, beat.esv_ml, beat.rr_s) for beat in result.beats] == [
        (1, 2, 100, 50, 1.0),
        (3, 4, 110, 44, pytest.approx(np.nan, nan_ok=True)),
    ]
    assert (result.edv_ml, result.esv_ml, result.sv_ml) == (105, 47, 58) and result.beats[1].sv_ml == 66


def test_an_unknown_pixel_spacing_gives_an_ejection_fraction_but_no_volume():
    result = measure_beats([100, 50, 110, 44, 100], phases_of((0, 1)))
    assert result.ef_percent == 50 and np.isnan([result.edv_ml, result.esv_ml, result.sv_ml]).all()
    assert np.isnan(result.ef_sd_percent)  # one beat has no spread


def test_an_unmeasurable_beat_is_listed_but_not_averaged():
    volumes = np.array([100, np.nan, 110, 44, 100.0])
    result = measure_beats(volumes, phases_of((0, 1), (2, 3)), volumes)
    assert len(result.beats) == 2 and np.isnan(result.beats[0].ef_percent)
    assert (result.n_beats, result.ef_percent, result.edv_ml) == (1, 60, 110)


def test_the_means_are_nan_without_beats():
    result = measure_beats(np.full(5, 80.0), phases_of())
    assert (result.n_beats, result.beats) == (0, ()) and np.isnan(result.ef_percent)


@pytest.mark.parametrize(("volumes", "volumes_ml"), [([1.0, 2.0], None), ([1.0] * 5, [1.0] * 4)])
def test_anything_but_one_volume_per_frame_is_refused(volumes, volumes_ml):
    with pytest.raises(ValueError, match="5 frames"):
        measure_beats(volumes, phases_of((0, 1)), volumes_ml)
