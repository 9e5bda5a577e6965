"""A report is written if there is a number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gdkvm_monai.study.measurements import BeatMean, PhaseFrames
from gdkvm_monai.study.report_content import has_numbers
from tests.study.records import BEAT, MEASUREMENTS

UNKNOWN = dict.fromkeys(("edv_ml", "esv_ml", "sv_ml", "ef_percent"))
NOTHING = replace(
    MEASUREMENTS,
    beats=(replace(BEAT, **UNKNOWN),),
    mean=BeatMean(n_beats=0, ef_sd_percent=None, **UNKNOWN),
    phases=PhaseFrames((), (), None, "no beat.", False, "unknown"),
)


def test_a_clip_without_a_number_has_nothing_to_report():
    assert not has_numbers(NOTHING) and not has_numbers(replace(NOTHING, beats=()))


@pytest.mark.parametrize(
    "found",
    [
        {"phases": PhaseFrames((0, 9), (), 80.0, "", False, "unknown")},
        {"beats": (replace(BEAT, **UNKNOWN), replace(BEAT, **{**UNKNOWN, "esv_ml": 0.0}))},
        {"mean": replace(NOTHING.mean, ef_percent=0.0)},
    ],
)
def test_one_number_is_enough_even_if_it_is_zero(found):
    assert has_numbers(replace(NOTHING, **found))
