"""New files replace old ones, whose first version is kept, and a kill at any step loses nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gdkvm_monai.study.corrected_folder import ORIGINAL, finish_replacement, replace_results

OLD = {"a.json": "old a", "masks/0.png": "old 0", "sr.dcm": "old report", "probabilities.npy": "kept"}
NEW = {"a.json": "new a", "masks/0.png": "new 0", "seg.dcm": "new segmentation"}


def write(folder, texts) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def read(folder) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture()
def folder(tmp_path):
    write(tmp_path / "result", OLD)
    return tmp_path / "result"


def correct(folder, texts=NEW) -> None:
    with replace_results(folder, outdated=["sr.dcm", "absent"]) as new:
        assert not list(new.iterdir())
        write(new, texts)


REPLACED = {f"{ORIGINAL}/{name}": OLD[name] for name in ("a.json", "masks/0.png", "sr.dcm")}
AFTER = {**NEW, **REPLACED, "probabilities.npy": "kept"}


def test_replaced_and_removed_files_are_kept_and_others_stay(folder):
    correct(folder)
    assert read(folder) == AFTER


def test_a_second_correction_keeps_the_first_version(folder):
    correct(folder)
    correct(folder, {"a.json": "newer a"})
    assert read(folder) == {**AFTER, "a.json": "newer a"}


def test_an_error_leaves_the_folder_as_it_was(folder):
    with pytest.raises(OSError, match="full"):
        with replace_results(folder) as new:
            write(new, NEW)
            raise OSError("the disk is full")
    assert read(folder) == OLD


KILLED = """
import os, sys
from pathlib import Path
from tests.study.test_corrected_folder import correct, write, OLD

for step in range(int(sys.argv[2])):
    folder = Path(sys.argv[1], str(step))
    write(folder, OLD)
    if os.fork() == 0:
        replace, done = os.replace, []
        def stop(source, target):
            if len(done) == step:
                os._exit(9)
            done.append(replace(source, target))
        os.replace = stop
        correct(folder)
        os._exit(0)
    os.wait()
"""


def test_a_process_killed_at_any_step_loses_nothing(tmp_path):
    steps = 6  # two folders, three files, and one more that is never reached
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(steps)], check=True, cwd=os.getcwd())
    for step in range(steps):
        folder = tmp_path / str(step)
        left = read(folder)
        assert all(text in (left.get(name), left.get(f"{ORIGINAL}/{name}")) for name, text in OLD.items())
        finish_replacement(folder)
        visible = {name: text for name, text in read(folder).items() if not name.startswith(".gdkvm-")}
        assert visible in ([OLD, {**OLD, **REPLACED}, AFTER][min(step, 2)],)
        correct(folder)
        assert read(folder) == AFTER  # and no hidden folder of the killed process
