"""From the batches of an evaluation to its folder of results."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import torch
from ignite.engine import Engine
from monai.data import MetaTensor

from gdkvm_monai.handlers import ResultsWriter

STRUCTURES = {"LV": (1,)}


def item(patient: str, shift: int = 0, **facts) -> dict:
    """A cavity in two frames, the second one smaller, 0.5 mm x 0.8 mm a pixel."""
    label = torch.zeros(1, 32, 40, 2)
    label[:, 8:24, 5:30, 0] = label[:, 10:22, 5:26, 1] = 1
    affine = torch.diag(torch.tensor([0.5, 0.8, 1, 1], dtype=torch.float64))
    prediction = label.roll(shift, dims=1)
    return {"patient": patient, "view": "4CH", "pred": prediction, "label": MetaTensor(label, affine=affine), **facts}


def evaluate(folder: Path, batches: list[list[dict]], **options) -> list[dict[str, str]]:
    """Run the handler on an engine whose outputs are the items themselves; returns the rows of ``per_frame.csv``."""
    engine = Engine(lambda engine, batch: [{name: item[name] for name in ("pred", "label")} for item in batch])
    ResultsWriter(folder, STRUCTURES, **options).attach(engine)
    engine.run(batches)
    with open(folder / "per_frame.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_rows_are_sorted_by_patient_for_any_batch_order(tmp_path):
    items = [item("0002"), item("0001", shift=1), item("0003", shift=2)]
    one = evaluate(tmp_path / "one", [items])
    other = evaluate(tmp_path / "other", [[entry] for entry in items[::-1]])
    assert one == other and [row["patient"] for row in one[::2]] == ["0001", "0002", "0003"]


def test_an_item_repeated_by_a_padded_sampler_counts_once(tmp_path):
    assert evaluate(tmp_path, [[item("0001"), item("0002")], [item("0001")]]) == evaluate(
        tmp_path / "once", [[item("0001"), item("0002")]]
    )


def with_file(patient: str, path: str, shift: int = 0, **facts) -> dict:
    return item(patient, shift, image=MetaTensor(torch.zeros(1), meta={"filename_or_obj": path}), **facts)


def test_several_clips_of_a_view_are_all_counted_and_named_by_their_files(tmp_path):
    items = [with_file("0001", f"/data/{name}.dcm", shift) for shift, name in enumerate(("a", "b", "x/c", "y/c"))]
    rows = evaluate(tmp_path, [items, items[:1]])
    assert [row["clip"] for row in rows[::2]] == ["a.dcm", "b.dcm", "x/c.dcm", "y/c.dcm"]
    assert len({row["dice"] for row in rows}) > 4


def test_clips_without_a_view_or_patient_are_told_apart_by_their_files(tmp_path):
    items = [with_file("", f"/data/{name}.dcm") for name in "ab"]
    for entry in items:
        del entry["patient"], entry["view"]
    rows = evaluate(tmp_path, [items])
    assert {(row["patient"], row["view"]) for row in rows} == {("a.dcm", "unknown"), ("b.dcm", "unknown")}


def test_different_clips_without_a_file_are_refused_unless_they_are_named(tmp_path):
    items = [item("0001"), item("0001")]
    items[1]["label"] = items[1]["label"].flip(1).roll(3, 1)
    with pytest.raises(ValueError, match="0001.*give each item a 'clip'"):
        evaluate(tmp_path, [items])
    named = [{**entry, "clip": name} for entry, name in zip(items, "ab")]
    assert [row["clip"] for row in evaluate(tmp_path, [named])[::2]] == ["a", "b"]


def test_what_was_recorded_for_another_view_is_never_put_beside_this_one_without_its_name(tmp_path):
    facts = {"ed_frame": 0, "ef_percent_2CH": 38.0, "image_quality_2CH": "Poor"}
    row, _ = evaluate(tmp_path, [[item("0001", **facts)]])
    assert (row["ef_class"], row["image_quality"]) == ("< 40 % (2CH)", "Poor (2CH)")
    with open(tmp_path / "ef_per_patient.csv", newline="") as file:
        (measured,) = csv.DictReader(file)
    assert (measured["recorded_ef_percent"], measured["recorded_view"]) == ("38.0", "2CH")


def test_distances_are_in_millimeters_of_the_affine_or_in_pixels(tmp_path):
    items = [item("0001", shift=2)]
    mm, pixels = (evaluate(tmp_path / str(unit), [items], spacing=unit) for unit in ("affine", None))
    assert (mm[0]["unit"], pixels[0]["unit"]) == ("mm", "px")
    assert float(mm[0]["hd"]) == pytest.approx(0.5 * float(pixels[0]["hd"])) and float(pixels[0]["hd"]) == 2


def test_facts_of_the_item_and_the_protocol_reach_the_results(tmp_path):
    facts = {"ed_frame": 0, "ef_percent": 38.0, "image_quality": "Poor"}
    row, _ = evaluate(tmp_path, [[item("0001", **facts)]], protocol={"checkpoint": "model.pt"})
    assert (row["phase"], row["ef_class"], row["image_quality"]) == ("ED", "< 40 %", "Poor")
    protocol = json.loads((tmp_path / "metrics.json").read_text())["protocol"]
    assert (protocol["checkpoint"], protocol["spacing"]) == ("model.pt", "affine")


def test_a_second_run_forgets_the_first_one(tmp_path):
    engine = Engine(lambda engine, batch: batch)
    writer = ResultsWriter(tmp_path, STRUCTURES)
    writer.attach(engine)
    for patient in ("0001", "0002"):
        engine.run([[item(patient)]])
    assert [clip.patient for clip in writer.clips] == ["0002"]


def test_another_spacing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="'pixdim'"):
        ResultsWriter(tmp_path, spacing="pixdim")
    assert not list(tmp_path.iterdir())
