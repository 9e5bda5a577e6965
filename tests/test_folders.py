"""A folder appears as a whole or not at all, and only what dead processes left behind is removed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gdkvm_monai.folders import atomic_folder, hidden_prefix, remove_abandoned


def test_a_folder_is_replaced_as_a_whole_only_when_complete(tmp_path):
    target = tmp_path / "new" / "results"
    for name in ("first", "second"):
        with atomic_folder(target, overwrite=True) as folder:
            folder.mkdir()
            (folder / name).write_text(name)
            assert name == "second" or not target.exists()
    with pytest.raises(RuntimeError), atomic_folder(target, overwrite=True) as folder:
        folder.mkdir()
        raise RuntimeError
    assert os.listdir(target) == ["second"] and list(target.parent.iterdir()) == [target]


def test_files_written_next_to_the_target_move_with_it(tmp_path):
    with atomic_folder(tmp_path / "clip.mhd") as path:
        path.write_text("header")
        path.with_suffix(".raw").write_text("pixels")
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mhd", "clip.raw"}


@pytest.mark.parametrize("name", ["clip.mhd", "clip.raw"])
def test_nothing_is_replaced_without_permission(name, tmp_path):
    (tmp_path / name).write_text("precious")
    with pytest.raises(FileExistsError, match=name), atomic_folder(tmp_path / "clip.mhd") as path:
        path.write_text("header")
        path.with_suffix(".raw").write_text("pixels")
    assert [path.name for path in tmp_path.iterdir()] == [name] and (tmp_path / name).read_text() == "precious"


def test_only_hidden_folders_of_dead_processes_of_this_host_are_removed(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    own = hidden_prefix()
    host = own.removesuffix(f"{os.getpid()}-")
    names = [f"{host}{dead.pid}-abc", f"{own}abc", f".gdkvm-00000000-{dead.pid}-abc", ".gdkvm-abc", "0123456789abcdef"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    remove_abandoned(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:])
    remove_abandoned(tmp_path / "absent")
