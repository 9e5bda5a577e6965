"""A folder appears as a whole or not at all, and only what dead processes left behind is removed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gdkvm_monai.folders import atomic_folder, find_paths, hidden_prefix, remove_abandoned


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


@pytest.fixture
def tree(tmp_path) -> Path:
    """Files and folders at several depths, and a link to a folder."""
    for name in ("a.dcm", "b.txt", "x/a.dcm", "x/y/c.dcm", "x/y/.hidden/d.dcm", "z/y/c.dcm"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to(tmp_path / "x")
    return tmp_path


@pytest.mark.parametrize("pattern", ["**/*", "*", "*.dcm", "**/*.dcm", "x/*", "*/y/*.dcm", "**/y/**/*.dcm", "q/*"])
def test_a_pattern_finds_what_pathlib_finds(tree, pattern):
    assert find_paths(tree, pattern) == (sorted({*tree.glob(pattern)}), [])


@pytest.mark.parametrize("pattern", ["", "/x/*"])
def test_a_pattern_that_is_not_below_the_folder_is_refused(tree, pattern):
    with pytest.raises(ValueError, match="relative to the folder"):
        find_paths(tree, pattern)


@pytest.mark.parametrize(
    ("pattern", "listed"), [("**/*.dcm", True), ("*/*.dcm", True), ("z/*", False), ("*.dcm", False)]
)
def test_a_folder_that_cannot_be_listed_costs_only_itself_and_is_named_if_matches_may_be_in_it(
    tree, pattern, listed, monkeypatch
):
    scandir = os.scandir

    def refuse(folder):  # the permissions of a file do not bind root
        if Path(folder) == tree / "x":
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    found, closed = find_paths(tree, pattern)
    assert closed == ([tree / "x"] if listed else [])
    assert found == [path for path in sorted({*tree.glob(pattern)}) if not path.is_relative_to(tree / "x")]


def test_a_path_that_is_too_long_for_the_system_costs_only_itself(tree, monkeypatch):
    monkeypatch.chdir(tree / "z")
    for _ in range(20):
        os.mkdir("n" * 250)
        os.chdir("n" * 250)
    Path("e.dcm").touch()
    try:
        found, closed = find_paths(tree, "**/*.dcm")
    finally:
        shutil.rmtree(tree / "z")  # pytest could not
    assert [path.name for path in found] == ["a.dcm", "a.dcm", "d.dcm", "c.dcm", "c.dcm"]
    assert len(closed) == 1 and len(str(closed[0])) > 4096
