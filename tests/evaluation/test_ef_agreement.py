"""Agreement of ejection fractions with reference masks and with what a data set records."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.evaluation.ef_agreement import agreement_by_quality, measure_agreements, plot_agreements
from gdkvm_monai.evaluation.ejection_fraction import ef_table
from gdkvm_monai.evaluation.recorded import Recorded
from tests.evaluation.clips import recorded, scored_clip


def test_agreement_is_measured_with_the_reference_and_the_data_set():
    clips = [scored_clip(name, shorter=shorter) for name, shorter in (("a", 0), ("b", 4), ("c", 8))]
    agreement = measure_agreements(ef_table([*clips, scored_clip("d", empty=True, recorded=Recorded())]))
    reference = agreement["single-plane-a4c-mod-v1: ef_percent against reference masks"]
    assert (reference.n, reference.n_excluded) == (3, 1) and reference.bias < 0
    stated = agreement["single-plane-a4c-mod-v1: ef_percent against the EF recorded for 4CH"]
    predicted = [row.predicted.ef_percent for row in ef_table(clips)]
    assert stated.bias == pytest.approx(np.mean(predicted) - 50)


def test_one_pair_gives_no_agreement_and_no_plot(tmp_path):
    table = ef_table([scored_clip("a")])
    plot_agreements(table, tmp_path)
    assert measure_agreements(table) == {} and not list(tmp_path.iterdir())
    plot_agreements(ef_table([scored_clip("a"), scored_clip("b", shorter=5)]), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"ef_single-plane-a4c-mod-v1.{end}" for end in ("png", "svg")}


def test_the_reference_masks_have_their_own_row_against_the_recorded_ejection_fraction():
    clips = [scored_clip(name, shorter=shorter) for name, shorter in (("a", 0), ("b", 4), ("c", 8))]
    agreement = measure_agreements(ef_table(clips))
    oracle = agreement["single-plane-a4c-mod-v1: ef_percent of the reference masks against the EF recorded for 4CH"]
    reference = [row.reference.ef_percent for row in ef_table(clips)]
    assert (oracle.n, oracle.bias) == (3, pytest.approx(np.mean(reference) - 50))


def test_ejection_fractions_recorded_for_different_views_are_never_mixed():
    other = recorded("2CH", ef_percent=30.0)
    clips = [scored_clip("a"), scored_clip("b"), scored_clip("c", recorded=other), scored_clip("d", recorded=other)]
    agreement = measure_agreements(ef_table(clips))
    own, others = (agreement[f"single-plane-a4c-mod-v1: ef_percent against the EF recorded for {v}CH"] for v in "42")
    assert own.n == others.n == 2 and others.bias - own.bias == pytest.approx(20)


def test_a_patient_with_several_clips_of_a_view_counts_once():
    clips = [scored_clip("a", clip="x"), scored_clip("a", clip="y", shorter=9), scored_clip("b"), scored_clip("c")]
    agreement = measure_agreements(ef_table(clips))["single-plane-a4c-mod-v1: ef_percent against reference masks"]
    assert (agreement.n, agreement.bias) == (3, 0)


def test_image_qualities_are_separate_and_an_unknown_one_is_left_out():
    qualities = ["Good", "Good", "Poor", "Poor", "unknown", "unknown"]
    clips = [scored_clip(str(n), shorter=n, recorded=recorded("4CH", quality)) for n, quality in enumerate(qualities)]
    found = agreement_by_quality(ef_table(clips))
    name = "single-plane-a4c-mod-v1: ef_percent against reference masks"
    assert {quality: list(rows) for quality, rows in found.items()} == {"Good": [name], "Poor": [name]}
    assert found["Poor"][name].mae > found["Good"][name].mae > 0


def test_the_plot_names_method_view_and_what_is_compared(monkeypatch, tmp_path):
    titles = []
    monkeypatch.setattr(
        "gdkvm_monai.evaluation.ef_agreement.save_figure", lambda figure, path: titles.append(figure.get_suptitle())
    )
    plot_agreements(ef_table([scored_clip("a"), scored_clip("b", shorter=5)]), tmp_path)
    assert titles == ["EF, single-plane-a4c-mod-v1, view 4CH: predicted against reference masks"]
