"""The truth of a clip is that of its phantom, and what is measured in its labels."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip
from gdkvm_monai.metrics import measure_ejection_fraction


def test_the_truth_is_that_of_the_phantom_and_its_frames_are_the_extremes_of_the_volume():
    phantom = EchoPhantom(5)
    clip = render_phantom_clip(phantom, "2CH", 2.5, 25, (24, 24))
    truth, volumes = clip.truth(), phantom.volume_ml(np.arange(clip.image.shape[2]) / 25)
    assert (truth.seed, truth.view, truth.quality) == (5, "2CH", "medium")
    assert (truth.ef_percent, truth.edv_ml, truth.esv_ml) == (
        phantom.ef_percent, phantom.edv_ml, phantom.esv_ml,
    )  # fmt: skip
    assert len(truth.ed_frames) == 3 and len(truth.es_frames) == 3 and truth.ed_frames[0] == 0
    np.testing.assert_allclose(np.diff(truth.ed_frames), 25 * 60 / truth.heart_rate_bpm, atol=1)
    span = phantom.edv_ml - phantom.esv_ml
    np.testing.assert_allclose(volumes[truth.ed_frames], phantom.edv_ml, atol=0.1 * span)
    np.testing.assert_allclose(volumes[truth.es_frames], phantom.esv_ml, atol=0.1 * span)
    assert truth.shape == list(clip.image.shape) and truth.frame_rate_hz == 25


@pytest.mark.parametrize("seed", [1, 2])
def test_the_ejection_fraction_and_the_volumes_measured_in_the_labels_are_the_true_ones(seed):
    clips = [render_phantom_clip(EchoPhantom(seed), view, 0.5, 25, (160, 160)) for view in ("4CH", "2CH")]
    truth = clips[0].truth()
    frames = {"ed": truth.ed_frames[0], "es": truth.es_frames[0]}
    labels = {phase: {clip.view: clip.label[..., frame] for clip in clips} for phase, frame in frames.items()}
    spacings = {clip.view: clip.spacing_mm for clip in clips}
    biplane = measure_ejection_fraction(labels["ed"], labels["es"], spacings)
    assert biplane.ef_percent == pytest.approx(truth.ef_percent, abs=3)
    assert biplane.edv_ml == pytest.approx(truth.edv_ml, rel=0.07)
    assert biplane.esv_ml == pytest.approx(truth.esv_ml, rel=0.10)
    for view in spacings:
        single = measure_ejection_fraction({view: labels["ed"][view]}, {view: labels["es"][view]}, spacings[view])
        assert single.ef_percent == pytest.approx(truth.ef_percent, abs=7)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"beats": 0}, "beats = 0 must be above 0"),
        ({"beats": np.nan}, "beats = nan must be above 0"),
        ({"frame_rate_hz": 0.5}, "frame_rate_hz = 0.5 within 1 to 1000"),
        ({"size": (8, 64)}, r"size = \(8, 64\) must be a height and a width of at least 16"),
        ({"beats": 0.1, "frame_rate_hz": 2}, "are one frame; use more beats or a higher frame rate"),
        ({"view": "3CH"}, "'3CH'"),
    ],
)
def test_a_clip_that_cannot_be_rendered_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        render_phantom_clip(EchoPhantom(0), **wrong)
