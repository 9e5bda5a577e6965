"""Damaged clips of every format are read or refused; ``make fuzz`` does the same with 10,000."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
pytest.importorskip("av", reason="PyAV is absent; install it by pip install av")

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
INPUTS = 300


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is measured in /proc")
def test_no_damaged_clip_crashes_hangs_fills_the_memory_or_passes_for_a_complete_one(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import fuzz

    outcomes = dict(fuzz.fuzz(range(INPUTS), seed=1))
    assert sorted(outcomes) == list(range(INPUTS))
    failures = {index: outcome for index, outcome in outcomes.items() if outcome.result not in fuzz.GOOD}
    assert not failures
    counts = Counter((outcome.base, outcome.result) for outcome in outcomes.values())
    assert min(counts.values()) >= 1 and len({base for base, _ in counts}) == 16
    assert 60 < sum(count for (_, result), count in counts.items() if result == "read") < INPUTS - 60
