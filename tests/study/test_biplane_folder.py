"""The folder of both views appears as a whole and follows a correction of one of them."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

import gdkvm_monai
from gdkvm_monai.study.biplane import measure_biplane
from gdkvm_monai.study.biplane_folder import remeasure_biplane, write_biplane
from gdkvm_monai.study.biplane_record import read_biplane
from gdkvm_monai.study.index import write_index
from gdkvm_monai.study.remeasure import remeasure
from gdkvm_monai.study.report.embedded import read_pictures
from gdkvm_monai.study.results_folder import read_results
from tests.study.gray_level_network import gray_level_pipeline, label_clip
from tests.study.tiny_command import gdkvm


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    out, results = tmp_path_factory.mktemp("out"), {}
    for view in ("4CH", "2CH"):
        pixels, _, spacing_mm = label_clip(view=view, size=(64, 64), frame_rate_hz=12.5)
        options = {"fps": 12.5, "spacing_mm": spacing_mm, "view": view, "fast": True, "overlay": "none"}
        results[view] = gdkvm_monai.segment(pixels, out=out, pipeline=gray_level_pipeline(), **options)
    return out, results


def test_numbers_page_and_row_follow_a_corrected_view(views):
    out, results = views
    measured = measure_biplane(results)
    for _ in range(2):
        path = write_biplane(out, measured, results)
    assert path.parent.name == "-".join(results[view].clip_id[:8] for view in ("4CH", "2CH"))
    assert sorted(file.name for file in path.parent.iterdir()) == ["biplane.json", "report.html"]
    assert read_biplane(path) == measured
    frame = measured.beats["2CH"][1]
    page = path.with_name("report.html").read_text()
    assert read_pictures(results["2CH"].folder / "report.html").urls[frame] in page
    clip_id = results["4CH"].clip_id
    remeasure(results["4CH"].folder, ed_frames=[2], es_frames=[5])
    assert remeasure_biplane(out, clip_id) == [path] and remeasure_biplane(out, "0" * 16) == []
    after = read_biplane(path)
    assert after.beats == {"4CH": (2, 5), "2CH": measured.beats["2CH"]} and after.edited["4CH"] == "phases"
    assert after.ef_percent < measured.ef_percent
    assert "4CH: the phases were edited by hand" in path.with_name("report.html").read_text()
    write_index(out)
    with open(out / "index.csv", newline="") as file:
        rows = {row["view"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"4CH", "2CH", "4CH+2CH"} and rows["4CH+2CH"]["id"] == after.id
    assert float(rows["4CH+2CH"]["ef_percent"]) == after.ef_percent and rows["4CH+2CH"]["verdict"] == after.verdict
    assert rows["4CH+2CH"]["edited"] == "4CH: phases"


def test_a_pair_whose_other_view_is_gone_is_said_to_be_outdated_and_the_clip_stays_measured(views, tmp_path, capsys):
    out = Path(shutil.copytree(views[0], tmp_path / "out"))
    one, other = (views[1][view].clip_id for view in ("4CH", "2CH"))
    write_biplane(out, measure_biplane(views[1]), views[1])
    write_index(out)
    shutil.rmtree(out / other)
    assert gdkvm("remeasure", out / one, "--ed", "1", "--es", "4") != 0
    assert f"{one[:8]}-{other[:8]} still holds the numbers before this edit" in capsys.readouterr().err
    with open(out / "index.csv", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert rows[one]["edited"] == "phases" and read_results(out / one).measurements.phases.ed_frames == (1,)
