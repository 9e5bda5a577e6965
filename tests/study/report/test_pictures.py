"""Pictures of the report: which frames are embedded, how large they are, and the paths of their contours."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from gdkvm_monai.study.report.pictures import LARGEST_BYTES, first_measured_beat, sample_pictures
from tests.study.report.clip_result import ED, ES, make_masks, make_measurements, without_beats

MASKS = make_masks()
MEASUREMENTS = make_measurements(MASKS)
PHASES = {*ED, *ES}


@pytest.mark.parametrize("max_frames", [8, 12, 23, 24, 120])
def test_every_phase_is_embedded_if_there_is_room(max_frames):
    pictures = sample_pictures(MEASUREMENTS, max_frames)
    assert PHASES <= set(pictures.frames) and len(pictures.frames) <= max_frames and pictures.all_phases
    assert set(pictures.frames) - PHASES <= set(range(0, 24, pictures.step)) <= set(pictures.frames)


def test_if_there_is_little_room_the_phases_of_the_first_measured_beat_are_embedded():
    first, second = MEASUREMENTS.beats
    pictures = sample_pictures(replace(MEASUREMENTS, beats=(replace(first, ef_percent=None), second)), 3)
    assert pictures.frames == [0, ED[1], ES[1]] and not pictures.all_phases


def test_a_clip_without_beats_is_sampled_evenly():
    assert sample_pictures(without_beats(MEASUREMENTS), 6).frames == [0, 4, 8, 12, 16, 20]


def test_the_first_beat_is_shown_if_no_beat_has_an_ejection_fraction():
    unmeasured = [replace(beat, ef_percent=None) for beat in MEASUREMENTS.beats]
    assert first_measured_beat(unmeasured) == 0 and first_measured_beat([unmeasured[0], MEASUREMENTS.beats[1]]) == 1
    left_out = replace(MEASUREMENTS.beats[0], in_mean=False)
    assert first_measured_beat([left_out, MEASUREMENTS.beats[1]]) == 1


def test_images_are_read_one_at_a_time_on_demand():
    read = []
    urls = sample_pictures(MEASUREMENTS, 24).data_urls(lambda t: read.append(t) or np.zeros((64, 48), np.uint8))
    assert read == []
    next(urls), next(urls)
    assert read == [0, 1]


@pytest.mark.parametrize("spacing_mm", [(0.6, 0.6), (0.3, 0.6), None])
def test_an_image_is_an_upright_jpeg_with_the_true_aspect_ratio(spacing_mm):
    gray = (60 * (MASKS[..., 0] > 0) + 40).astype(np.uint8)
    pictures = sample_pictures(make_measurements(MASKS, spacing_mm), 24)
    head, code = next(pictures.data_urls(lambda t: gray)).split(",")
    picture = Image.open(io.BytesIO(base64.b64decode(code)))
    assert head == "data:image/jpeg;base64" and picture.size == pictures.size == (
        32 if spacing_mm == (0.3, 0.6) else 64,
        48,
    )
    assert np.abs(np.asarray(picture).astype(int) - Image.fromarray(gray.T).resize(picture.size)).mean() < 3


def test_speckle_is_compressed_further_until_it_is_small_enough():
    speckle = Image.fromarray(np.random.default_rng(0).rayleigh(60, (120, 160)).clip(0, 255).astype(np.uint8))
    gray = np.asarray(speckle.resize((480, 640), Image.Resampling.BICUBIC))
    masks = make_masks((640, 480), 1)
    code = next(sample_pictures(without_beats(make_measurements(masks)), 1).data_urls(lambda t: gray)).split(",")[1]
    finest = io.BytesIO()
    Image.fromarray(gray.T).resize((533, 400)).save(finest, "JPEG", quality=80)
    assert len(base64.b64decode(code)) <= LARGEST_BYTES < finest.tell()


def test_contours_are_closed_paths_on_the_grid_of_the_image():
    pictures = sample_pictures(make_measurements(MASKS, (0.3, 0.6)), 24)
    path = pictures.contours(lambda t: MASKS[..., t])[ED[1]]["LV"]
    points = np.array(re.findall(r"[ML]([\d.]+) ([\d.]+)", path), float)
    inside = np.argwhere(MASKS[..., ED[1]] == 1)
    np.testing.assert_allclose(points.min(axis=0), inside.min(axis=0) * (0.5, 1), atol=0.7)
    np.testing.assert_allclose(points.max(axis=0), (inside.max(axis=0) + 1) * (0.5, 1), atol=0.7)
    assert path.startswith("M") and path.endswith("Z") and path.count("M") == 1


def test_frames_on_another_grid_are_refused():
    pictures = sample_pictures(MEASUREMENTS, 24)
    for read in (pictures.contours, lambda source: next(pictures.data_urls(source))):
        with pytest.raises(ValueError, match=r"frame 0 has \(48, 64\) pixels, the measurements state 64 x 48"):
            read(lambda t: MASKS[..., t].T)
