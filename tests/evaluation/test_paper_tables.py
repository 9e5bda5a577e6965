"""The tables in the paper's form show what ``metrics.json`` of an evaluation says (``benchmarks/paper_tables.py``)."""

from __future__ import annotations

import argparse
import json
import runpy
from pathlib import Path

import pytest

TABLES = runpy.run_path(str(Path(__file__).resolve().parents[2] / "benchmarks" / "paper_tables.py"))


def metrics(*structures: str) -> dict:
    scores = {name: {"mean": 0.0, "found": {"mean": value}} for name, value in (("dice", 0.9), ("iou", 0.8))}
    scores |= {name: {"mean": 9.0, "found": {"mean": 3.25}} for name in ("hd", "asd")}
    groups = [{"structure": name, "unit": "px", "n_patients": 7, "scores": scores} for name in structures]
    agreement = {"area-length-v1: ef_percent against the recorded EF": {"n": 7, "r": 0.5, "bias": -1, "sd": 9.15}}
    return {"scores": {"structure": groups}, "agreement": agreement | {"area-length-v1: edv_ml": {}}}


def test_scores_are_percentages_and_distances_carry_their_unit():
    table = TABLES["score_table"]({"ours": metrics("LV")}, "echonet")
    assert table.splitlines()[-1] == "| ours | 7 | 90.00 | 80.00 | 3.25 px | 3.25 px |"
    assert "| GDKVM (paper) | | 93.46 | 90.86 | 2.38 | 1.36 |" in table


def test_the_ejection_fraction_has_a_row_for_each_method():
    last = TABLES["ef_table"]({"ours": metrics("LV")}, "echonet").splitlines()[-1]
    assert last == "| ours | area-length-v1, against the recorded EF | 7 | 0.500 | -1.00 ± 9.15 |"


def test_an_argument_without_results_is_refused_by_name(tmp_path):
    (tmp_path / "metrics.json").write_text(json.dumps(metrics("LV")))
    assert TABLES["result"](f"a=b={tmp_path}") == ("a=b", tmp_path)
    for text in (str(tmp_path), f"a={tmp_path}/nothing", f"={tmp_path}"):
        with pytest.raises(argparse.ArgumentTypeError, match="NAME=FOLDER"):
            TABLES["result"](text)
