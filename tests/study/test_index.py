"""The index has one row for every finished clip."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from gdkvm_monai.study.index import INDEX, write_index
from tests.study.records import CLIP, MEASUREMENTS


def test_every_finished_clip_has_a_row_and_hidden_folders_have_none(tmp_path):
    other = replace(MEASUREMENTS, clip=replace(CLIP, id="f" * 16), edited="masks")
    for name, measurements in ((CLIP.id, MEASUREMENTS), ("f" * 16, other), (".gdkvm-stale", MEASUREMENTS)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "measurements.json").write_text(measurements.to_json())
    (tmp_path / "unfinished").mkdir()
    write_index(tmp_path)
    with open(tmp_path / "index.csv", newline="") as file:
        first, second = csv.DictReader(file)
    assert tuple(first) == INDEX and (first["id"], second["id"]) == (CLIP.id, "f" * 16)
    assert (first["edited"], second["edited"]) == ("", "masks")
    assert float(first["ef_percent"]) == MEASUREMENTS.mean.ef_percent and first["reasons"] == "frame_rate"


def test_a_folder_without_results_gives_an_empty_table(tmp_path):
    write_index(tmp_path)
    assert (tmp_path / "index.csv").read_text().split() == [",".join(INDEX)]


def test_measurements_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "measurements.json").write_text("{}")
    with pytest.raises(ValueError, match="broken"):
        write_index(tmp_path)
