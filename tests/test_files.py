"""A file is either complete or absent, and JSON output can be read by any reader."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from gdkvm_monai.files import atomic_write, file_sha256, plain, write_csv, write_json, write_text


def test_a_file_is_replaced_only_when_complete(tmp_path):
    target = tmp_path / "new" / "file.txt"
    with atomic_write(target) as partial:
        partial.write_text("whole")
        assert not target.exists() and partial.parent == target.parent
    with pytest.raises(RuntimeError), atomic_write(target) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert target.read_text() == "whole" and list(target.parent.iterdir()) == [target]


def test_the_hash_covers_content_beyond_one_chunk(tmp_path):
    content = os.urandom((1 << 20) + 7)
    (tmp_path / "file").write_bytes(content)
    assert file_sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()


def test_plain_data_keeps_only_its_values():
    @dataclass
    class Beat:
        ed_frame: np.int64
        ef_percent: float

    value = plain({"beats": (Beat(np.int64(3), np.nan),), 1: np.bool_(True), "sd": np.float32(0.5)})
    assert value == {"beats": [{"ed_frame": 3, "ef_percent": None}], "1": True, "sd": 0.5}
    assert json.loads(json.dumps(value, allow_nan=False)) == value


def test_invalid_json_is_refused_and_the_old_file_stays(tmp_path):
    write_json(tmp_path / "numbers.json", {"ef_percent": 55})
    with pytest.raises(ValueError, match="nan"):
        write_json(tmp_path / "numbers.json", {"ef_percent": float("nan")})
    assert json.loads((tmp_path / "numbers.json").read_text()) == {"ef_percent": 55}


def test_a_table_has_the_columns_of_all_rows(tmp_path):
    write_csv(tmp_path / "table.csv", [{"a": 1}, {"a": 2, "b": "x,y"}])
    with open(tmp_path / "table.csv", newline="") as file:
        assert list(csv.DictReader(file)) == [{"a": "1", "b": ""}, {"a": "2", "b": "x,y"}]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_would_run_is_defused(begin, tmp_path):
    write_csv(tmp_path / "table.csv", [{"text": f"{begin}cmd()", "path": Path(f"{begin}a.npy")}])
    with open(tmp_path / "table.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row == {"text": f"'{begin}cmd()", "path": f"'{begin}a.npy"}


def test_numbers_and_other_text_stay_as_they_are(tmp_path):
    cells = {"a": -1.5, "b": "-1.5", "c": "+2e-3", "d": "a=b", "e": None, "f": "-inf", "g": 0}
    write_csv(tmp_path / "table.csv", [cells])
    with open(tmp_path / "table.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row == {name: "" if value is None else str(value) for name, value in cells.items()}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_refused_and_left_alone(tmp_path):
    pipe = tmp_path / "map.csv"
    os.mkfifo(pipe)
    with pytest.raises(FileExistsError, match="map.csv is a device, a named pipe"):
        write_text(pipe, "1,2")
    assert pipe.is_fifo() and [path.name for path in tmp_path.iterdir()] == ["map.csv"]
