"""The worker: what becomes of a clip, of an error in it, and of one outside of it."""

from __future__ import annotations

import errno
import logging

import pytest

from gdkvm_monai.archive.intake import Intake
from gdkvm_monai.archive.limits import Limits
from gdkvm_monai.archive.queue import ClipQueue
from gdkvm_monai.archive.queued_clip import State, clip_id
from gdkvm_monai.archive.worker import PAUSE_S, ClipSegmenter, Worker
from gdkvm_monai.data.clip import ClipReadError
from gdkvm_monai.study.options import SegmentOptions
from tests.archive.fakes import clip_bytes, fake_segmenter
from tests.study.gray_level_network import gray_level_pipeline
from tests.study.tiny_command import write_label_clip

pytest.importorskip("pydicom")

CLIP = clip_id("2.25.1")


@pytest.fixture()
def intake(tmp_path):
    queue = ClipQueue(tmp_path / "queue.sqlite")
    intake = Intake(tmp_path / "incoming", queue, Limits(free_bytes=0))
    intake.put("2.25.1", clip_bytes())
    yield intake
    queue.close()


def raising(error: BaseException):
    def segment(clip, results):
        raise error

    return segment


def test_a_clip_is_segmented_once_and_its_file_goes(intake, tmp_path):
    worker = Worker(intake, tmp_path / "results", fake_segmenter)
    assert worker.work() and not worker.work()
    (folder,) = (tmp_path / "results").iterdir()
    found = intake.queue.find(CLIP)
    assert (found.state, found.result) == (State.DONE, folder.name) and not intake.path(CLIP).exists()


def refusal(intake, tmp_path, caplog, segmenter) -> str:
    with caplog.at_level(logging.INFO):
        assert Worker(intake, tmp_path, segmenter).work()
    found = intake.queue.find(CLIP)
    assert found.state is State.REFUSED and found.reason in caplog.text and not intake.path(CLIP).exists()
    return found.reason


def test_a_clip_that_the_reader_refuses_is_recorded_with_the_reason(intake, tmp_path, caplog):
    def segmenter(clip, results):
        from gdkvm_monai.data.dicom.image_class import check_image_class

        return check_image_class(clip, {"SOPClassUID": "1.2.3"})

    reason = refusal(intake, tmp_path, caplog, segmenter)
    assert "the clip is an image of an unknown class" in reason and str(tmp_path) not in reason


def test_an_error_of_another_package_is_not_quoted_since_it_may_name_the_patient(intake, tmp_path, caplog):
    reason = refusal(intake, tmp_path, caplog, raising(KeyError("Doe^Jane")))
    assert "KeyError" in reason and "Doe" not in caplog.text


def test_an_error_outside_the_clip_lets_it_wait(intake, tmp_path):
    assert Worker(intake, tmp_path, raising(OSError(errno.ENOSPC, "No space left"))).work()
    assert intake.queue.find(CLIP).state is State.RECEIVED and intake.queue.take() is None and PAUSE_S > 1
    assert intake.path(CLIP).exists()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_orderly_end_puts_the_clip_back(intake, tmp_path, stop):
    with pytest.raises(stop):
        Worker(intake, tmp_path, raising(stop())).work()
    found = intake.queue.find(CLIP)
    assert (found.state, found.attempts) == (State.RECEIVED, 0) and intake.path(CLIP).exists()


def test_a_real_clip_gives_seg_and_sr_and_a_second_run_takes_or_replaces_what_was_left(tmp_path):
    pytest.importorskip("highdicom")
    write_label_clip(tmp_path / "clip.dcm", "dicom")
    options = SegmentOptions(fast=True, formats=("dicom-seg", "dicom-sr"), overlay="none", report=False)
    folders = []
    for chosen in (options, options, SegmentOptions(**{**vars(options), "structures": ("LV",)})):
        name = ClipSegmenter(gray_level_pipeline(), chosen)(tmp_path / "clip.dcm", tmp_path / "results")
        (folder,) = (tmp_path / "results").iterdir()
        assert folder.name == name
        folders.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert folders[0].keys() >= {"seg.dcm", "sr.dcm"} and folders[0] == folders[1] != folders[2]


def test_a_damaged_clip_is_an_error_of_ours(tmp_path):
    (tmp_path / "clip.dcm").write_bytes(clip_bytes()[:400])
    with pytest.raises(ClipReadError):
        ClipSegmenter(gray_level_pipeline(), SegmentOptions())(tmp_path / "clip.dcm", tmp_path / "results")
