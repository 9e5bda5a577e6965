"""The map records which clip became which results folder."""

from __future__ import annotations

import csv
from pathlib import Path

from gdkvm_monai.study.clip_map import write_map
from gdkvm_monai.study.tasks import Task


def test_every_clip_has_a_row_and_a_clip_without_results_has_no_identifier(tmp_path):
    path = tmp_path / "private" / "names.csv"
    write_map(path, [(Task(1, Path("a, b.npy")), "0123456789abcdef"), (Task(2, Path("c.npy")), "")])
    with open(path, newline="") as file:
        assert list(csv.DictReader(file)) == [
            {"position": "1", "path": "a, b.npy", "id": "0123456789abcdef"},
            {"position": "2", "path": "c.npy", "id": ""},
        ]
