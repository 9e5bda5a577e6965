"""The clips of a batch are found, numbered and checked before the first one is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.stills import Stills
from gdkvm_monai.study.tasks import Task, check_folders, check_writable, is_result, list_stills, list_tasks, list_views

OPTIONS = SegmentOptions(fast=True, formats=("png",))


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two clips, and the results of one among them."""
    (tmp_path / "out" / "0123456789abcdef").mkdir(parents=True)
    (tmp_path / "out" / "0123456789abcdef" / "measurements.json").write_text("{}")
    for name in ("a", "b", "out/0123456789abcdef/mask"):
        np.save(tmp_path / f"{name}.npy", np.zeros((4, 4, 2), np.uint8))
    return tmp_path


def test_clips_are_numbered_in_order_and_results_are_not_clips(folder):
    tasks = list_tasks([folder], folder / "out", OPTIONS)
    assert tasks == [Task(1, folder / "a.npy", OPTIONS), Task(2, folder / "b.npy", OPTIONS)]
    assert [task.path.name for task in list_tasks([folder], folder / "out", OPTIONS, "b*")] == ["b.npy"]
    assert is_result(folder / "out" / "0123456789abcdef" / "mask.npy", folder / "out")
    assert not is_result(folder / "a.npy", folder)


def test_missing_paths_and_folders_of_results_are_refused(folder):
    with pytest.raises(FileNotFoundError, match="absent.npy"):
        list_tasks([folder / "a.npy", folder / "absent.npy"], folder / "out", OPTIONS)
    with pytest.raises(FileNotFoundError, match="only results"):
        list_tasks([folder / "out"], folder / "out", OPTIONS)


def test_the_clips_of_two_views_get_their_view_and_nifti_masks(folder):
    first, second = list_views({"4CH": folder / "a.npy", "2CH": folder / "b.npy"}, OPTIONS)
    assert (first.position, first.path.name, first.options.view) == (1, "a.npy", "4CH")
    assert (second.position, second.path.name, second.options.view) == (2, "b.npy", "2CH")
    assert first.options.formats == ("nifti", "png") and first.options.fast
    with pytest.raises(FileNotFoundError, match="absent.npy"):
        list_views({"4CH": folder / "absent.npy"}, OPTIONS)


def test_a_file_is_refused_as_an_output_folder(folder):
    check_folders([folder, folder / "new" / "deep"])
    for wrong in (folder / "a.npy", folder / "a.npy" / "out"):
        with pytest.raises(NotADirectoryError, match=str(wrong)):
            check_folders([folder, wrong])


def test_a_map_that_cannot_be_written_is_refused_before_work_begins_and_nothing_is_created(folder):
    before = sorted(folder.iterdir())
    check_writable(folder / "new" / "names.csv")
    assert sorted(folder.iterdir()) == before
    with pytest.raises(IsADirectoryError, match="choose a file"):
        check_writable(folder / "out")
    with pytest.raises(NotADirectoryError, match="a.npy/names.csv"):
        check_writable(folder / "a.npy" / "names.csv")


def test_a_place_where_nothing_can_be_created_is_refused_by_the_path_of_the_user():
    for check in (check_writable, lambda path: check_folders([path])):
        with pytest.raises(OSError, match="^/proc/new/x cannot be written, because nothing can be created in /proc "):
            check(Path("/proc/new/x"))


def test_one_file_is_not_accepted_as_both_stills(folder):
    with pytest.raises(ValueError, match="give two stills"):
        list_stills(Stills(folder / "a.npy", folder / "a.npy"), SegmentOptions())
    with pytest.raises(ValueError, match="give two stills"):
        list_views({"4CH": Stills(folder / "a.npy", folder / "a.npy")}, SegmentOptions())
