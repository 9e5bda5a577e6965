"""The cache of exported steps: its folder, one export for each network, and files that were changed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gdkvm_monai.export.engines import CACHE_VARIABLE, CachedStep, Check, cache_folder
from gdkvm_monai.files import file_sha256
from tests.export.engines.conftest import DIGEST, SIZE
from tests.export.tiny_network import LIGHT, tiny_network

CHECK = Check(1.0, 1e-5, 2.0, 4.0)


@pytest.fixture()
def exports(monkeypatch) -> list:
    """Replace the export, which takes seconds; returns the written files."""
    written = []

    def export(network, path, *options):
        path.write_bytes(b"model")
        written.append(path)

    monkeypatch.setattr("gdkvm_monai.export.engines.cache.export_network", export)
    return written


@pytest.fixture()
def step(tiny, tmp_path, monkeypatch) -> CachedStep:
    pytest.importorskip("onnxscript")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return CachedStep.of(tiny, DIGEST, SIZE)


def test_the_folder_is_the_users_unless_the_environment_names_one(monkeypatch, tmp_path):
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == Path.home() / ".cache" / "gdkvm_monai"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "gdkvm_monai"
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"


def test_other_weights_options_or_sizes_have_another_folder(tiny, step):
    others = [(tiny, "1" * 64, SIZE), (tiny, DIGEST, (64, 64)), (tiny_network(LIGHT), DIGEST, SIZE)]
    folders = {step.folder, *(CachedStep.of(*facts).folder for facts in others)}
    assert len(folders) == 4


def test_a_network_is_exported_once(tiny, step, exports):
    step.prepare(tiny, SIZE)
    step.store_check("engine 1.0", CHECK)
    step.prepare(tiny, SIZE)
    assert len(exports) == 1 and step.find_check("engine 1.0") == CHECK and step.find_check("engine 2.0") is None
    assert json.loads((step.folder / "step.json").read_text())["sha256"] == file_sha256(step.model)


def test_a_changed_file_is_named_and_exported_anew_without_its_checks(tiny, step, exports, caplog):
    step.prepare(tiny, SIZE)
    step.store_check("engine 1.0", CHECK)
    step.model.write_bytes(b"other")
    step.prepare(tiny, SIZE)
    assert len(exports) == 2 and step.model.read_bytes() == b"model" and step.find_check("engine 1.0") is None
    assert str(step.model) in caplog.text and "is not the file that was exported" in caplog.text


@pytest.mark.parametrize("content", ["", "[]", '{"sha256": 1, "checks": {}}'])
def test_a_damaged_record_is_like_a_changed_file(content, tiny, step, exports):
    step.prepare(tiny, SIZE)
    (step.folder / "step.json").write_text(content)
    step.prepare(tiny, SIZE)
    assert len(exports) == 2


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_the_folder_is_readable_by_its_owner_only(tiny, step, exports):
    step.prepare(tiny, SIZE)
    assert step.folder.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_created_is_named_with_the_variable_to_set(tiny, tmp_path, monkeypatch):
    pytest.importorskip("onnxscript")
    (tmp_path / "file").touch()
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file"))
    with pytest.raises(OSError, match=CACHE_VARIABLE):
        CachedStep.of(tiny, DIGEST, SIZE).prepare(tiny, SIZE)


def test_a_complete_cache_may_be_read_only(tiny, step, exports, monkeypatch):
    step.prepare(tiny, SIZE)

    def refuse(*arguments):
        raise PermissionError("read-only")

    monkeypatch.setattr("gdkvm_monai.export.engines.cache.FileLock", refuse)
    step.prepare(tiny, SIZE)
    step.store_check("engine 1.0", CHECK)
    assert len(exports) == 1 and step.find_check("engine 1.0") is None
