"""The map records which clip became which results folder."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from gdkvm_monai.study.clip_map import write_map
from gdkvm_monai.study.stills import Stills
from gdkvm_monai.study.tasks import Task, check_map


def test_every_clip_has_a_row_and_a_clip_without_results_has_no_identifier(tmp_path):
    path = tmp_path / "private" / "names.csv"
    write_map(path, [(Task(1, Path("a, b.npy")), "0123456789abcdef"), (Task(2, Path("c.npy")), "")])
    with open(path, newline="") as file:
        assert list(csv.DictReader(file)) == [
            {"position": "1", "path": "a, b.npy", "id": "0123456789abcdef"},
            {"position": "2", "path": "c.npy", "id": ""},
        ]


def test_each_of_two_stills_has_a_row(tmp_path):
    write_map(tmp_path / "names.csv", [(Task(1, Stills(Path("ed.png"), Path("es.png"))), "0123456789abcdef")])
    with open(tmp_path / "names.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == ["ed.png", "es.png"] and {row["id"] for row in rows} == {"0123456789abcdef"}


def test_a_name_that_is_not_utf_8_is_escaped(tmp_path):
    write_map(tmp_path / "names.csv", [(Task(1, Path(os.fsdecode(b"D\xfcrer.npy"))), "0123456789abcdef")])
    assert "D\\udcfcrer.npy" in (tmp_path / "names.csv").read_text(encoding="utf-8")


def test_a_map_replaces_an_earlier_map_but_no_other_file(tmp_path):
    write_map(tmp_path / "names.csv", [])
    check_map(tmp_path / "names.csv")
    (tmp_path / "clip.npy").write_bytes(b"a clip")
    with pytest.raises(FileExistsError, match="clip.npy"):
        check_map(tmp_path / "clip.npy")
    assert (tmp_path / "clip.npy").read_bytes() == b"a clip"
