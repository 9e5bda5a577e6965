"""The engine is part of ``run.json``; a record without one is of a run in PyTorch."""

from __future__ import annotations

import json
from dataclasses import replace

from gdkvm_monai.study.engine_record import EngineRecord
from gdkvm_monai.study.run_record import read_run
from tests.study.test_run_record import RECORD


def test_the_engine_is_read_back(tmp_path):
    record = replace(RECORD, engine=EngineRecord("openvino", "float32", "the fastest"))
    (tmp_path / "run.json").write_text(record.to_json())
    assert read_run(tmp_path / "run.json").engine == record.engine


def test_a_record_from_before_engines_is_of_eager_pytorch(tmp_path):
    record = json.loads(RECORD.to_json())
    del record["engine"]
    (tmp_path / "run.json").write_text(json.dumps(record))
    assert read_run(tmp_path / "run.json").engine == EngineRecord("eager", "float32", "requested")
