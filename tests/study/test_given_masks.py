"""Masks of another system are measured and judged as the network's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gdkvm_monai.study.given_masks import measure_masks
from gdkvm_monai.study.segmentation import segment
from tests.study.gray_level_network import gray_level_pipeline
from tests.study.tiny_command import write_label_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.dcm"
    write_label_clip(path, "dicom")
    return path


def test_the_masks_of_segment_give_its_measurements_without_the_reasons_that_need_the_network(clip):
    own = segment(clip, pipeline=gray_level_pipeline(), fast=True, view="4CH")
    given = measure_masks(clip, own.mask, view="4CH")
    assert given.mean.ef_percent is not None and given.beats == own.measurements.beats
    assert replace(given, quality=own.measurements.quality, training=own.measurements.training) == own.measurements


def test_the_card_of_the_weights_says_what_they_were_trained_on(clip):
    mask = segment(clip, pipeline=gray_level_pipeline(), fast=True).mask
    assert measure_masks(clip, mask).training.domain == "CAMUS"


@pytest.mark.parametrize(
    "change, offence",
    [
        (lambda mask: mask[..., :-1], "more frames"),
        (lambda mask: np.concatenate([mask, mask], axis=2), "fewer frames"),
        (lambda mask: mask[:-1], "47, 48"),
        (lambda mask: mask + 1, "to 4"),
    ],
    ids=["too few", "too many", "another grid", "other classes"],
)
def test_masks_that_are_not_of_the_clip_are_refused(clip, change, offence):
    mask = segment(clip, pipeline=gray_level_pipeline(), fast=True).mask
    with pytest.raises(ValueError, match=offence):
        measure_masks(clip, change(mask))
