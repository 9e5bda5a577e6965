"""``gdkvm fetch``: exit codes and what it prints; a real archive is in tests/consumers."""

from __future__ import annotations

import pytest

from gdkvm_monai.archive import dicomweb
from gdkvm_monai.cli import fetch
from tests.archive.fakes import FakeArchive, fake_segmenter
from tests.archive.test_service import FakeStudy
from tests.study.tiny_command import gdkvm, process_kept

pytest.importorskip("dicomweb_client")


@pytest.fixture()
def run(monkeypatch, tmp_path):
    """Run the command against an archive with two clips that fails to store a number of times."""

    loaded: list = []

    def run(*words: str, failures: int = 0, uids=("2.25.1", "2.25.2")) -> int:
        archive = FakeStudy(uids)
        archive.store = FakeArchive(tmp_path / "archive", failures)
        monkeypatch.setattr(dicomweb, "DicomWebArchive", lambda url: archive)
        loaded.clear()
        monkeypatch.setattr(fetch, "load_segmenter", lambda options: loaded.append(options) or fake_segmenter)
        line = ["fetch", "--dicomweb", "http://x", "--study", "2.25.10", "--free-gb", "0", "--out", tmp_path / "out"]
        with process_kept():
            return gdkvm(*line, *words)

    run.loaded = loaded
    return run


def test_a_study_is_segmented_and_stored_if_asked(run, capsys, tmp_path):
    assert run() == 0 and not list((tmp_path / "archive").iterdir())
    assert capsys.readouterr().out == f"2 done -> {tmp_path / 'out' / 'results'}\n"
    assert run("--store") == 0 and len(list((tmp_path / "archive").iterdir())) == 4
    assert run() == 0
    assert "2 sent" in capsys.readouterr().out


def test_results_that_were_not_stored_fail_the_command_and_are_stored_by_the_next(run, capsys):
    assert run("--store", failures=1) == 1
    assert "1 done, 1 sent" in capsys.readouterr().out
    assert run("--store") == 0


@pytest.mark.parametrize("study", ["not-a-uid", "", "1.2/../3", "1" * 65])
def test_a_study_that_is_no_uid_is_wrong_use_of_its_option(run, capsys, study, tmp_path):
    assert run("--study", study) == 2
    error = capsys.readouterr().err
    assert "--study" in error and repr(study) in error and error.count("\n") == 1 and not (tmp_path / "out").exists()


def test_the_archive_is_asked_before_the_network_is_loaded(run):
    assert run(uids=()) == 2 and not run.loaded
    assert run() == 0 and len(run.loaded) == 1


def test_a_study_without_clips_is_wrong_use(run, capsys):
    assert run(uids=()) == 2
    assert "multi-frame" in capsys.readouterr().err
