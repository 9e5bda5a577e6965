"""The index has one row for every finished clip."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, replace

from gdkvm_monai.study.index import INDEX, write_index
from tests.study.records import CLIP, MEASUREMENTS
from tests.study.test_biplane_record import BIPLANE


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


def test_results_that_cannot_be_read_are_named_and_cost_no_other_row(tmp_path):
    for name, file in (("broken", "measurements.json"), ("foreign", "biplane.json")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("{}")
    (tmp_path / CLIP.id).mkdir()
    (tmp_path / CLIP.id / "measurements.json").write_text(MEASUREMENTS.to_json())
    (tmp_path / "folder" / "measurements.json").mkdir(parents=True)
    problems = write_index(tmp_path)
    assert len(problems) == 3 and all(
        any(name in text for text in problems) for name in ("broken", "foreign", "folder")
    )
    with open(tmp_path / "index.csv", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == [CLIP.id]


def test_a_pair_of_views_has_the_weights_of_its_clips_and_all_views_that_were_assumed(tmp_path):
    training = replace(MEASUREMENTS.training, domain="phantoms", assumed_views=("2CH", "4CH"))
    for clip_id in BIPLANE.views.values():
        found = replace(MEASUREMENTS, clip=replace(CLIP, id=clip_id), training=training)
        (tmp_path / clip_id).mkdir()
        (tmp_path / clip_id / "measurements.json").write_text(found.to_json())
    (tmp_path / BIPLANE.id).mkdir()
    (tmp_path / BIPLANE.id / "biplane.json").write_text(json.dumps(asdict(BIPLANE)))
    assert write_index(tmp_path) == []
    with open(tmp_path / "index.csv", newline="") as file:
        (pair,) = [row for row in csv.DictReader(file) if row["id"] == BIPLANE.id]
    assert (pair["weights_domain"], pair["assumed_views"]) == ("phantoms", "2CH 4CH")
