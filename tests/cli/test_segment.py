"""The ``gdkvm`` command: exit codes, all options, and wrong use."""

from __future__ import annotations

import csv
import json
import os
import pickle
import re
import sys
from argparse import Namespace
from pathlib import Path

import jsonschema
import nibabel
import numpy as np
import pydicom
import pytest
import torch
import yaml
from PIL import Image

from gdkvm_monai.cli.segment import _write_tables
from gdkvm_monai.cli.segment_options import build_parser
from gdkvm_monai.files import file_sha256
from gdkvm_monai.networks.nets import GDKVM
from gdkvm_monai.study import measurements as measurements_module
from gdkvm_monai.study.batch import Outcome
from gdkvm_monai.study.tasks import Task
from tests.study.gray_level_network import LEVELS, gray_level_pipeline
from tests.study.tiny_command import (
    QUICK,
    SMALL,
    gdkvm,
    noise_clip,
    only_result,
    process_kept,
    write_label_clip,
    write_tiny_weights,
)

SCHEMA = json.loads(Path(measurements_module.__file__).with_name("measurements.schema.json").read_text())


@pytest.fixture(autouse=True)
def process_as_before():
    with process_kept():
        yield


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for seed in range(2):
        np.save(folder / f"clip{seed}.npy", noise_clip(2, (16, 12), seed))
    return folder


@pytest.fixture(scope="module")
def label_clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("labels") / "clip.dcm"
    return path, write_label_clip(path, "dicom")


@pytest.fixture(scope="module")
def short_clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("labels") / "clip.dcm"
    return path, write_label_clip(path, "dicom", beats=0.3)


@pytest.fixture()
def known_masks(monkeypatch):
    """Run the command with a network that reads classes from gray levels."""
    monkeypatch.setattr("gdkvm_monai.study.batch.load_pipeline", lambda *arguments: gray_level_pipeline())


def test_all_outputs_of_a_clip_and_what_is_printed(label_clip, known_masks, tmp_path, capsys):
    path, phantom = label_clip
    out, names = tmp_path / "out", tmp_path / "private" / "names.csv"
    formats = ("nifti", "png", "npz", "dicom-seg", "dicom-sr")
    code = gdkvm(path, "-o", out, "--view", "4CH", "--format", *formats, "--save-prob", "--map", names, "--json")
    printed = capsys.readouterr()
    folder, (measurements,) = only_result(out), json.loads(printed.out)["clips"]
    assert code == 0
    assert {file.name for file in folder.iterdir()} == {
        *("mask.nii.gz", "masks", "mask.npz", "seg.dcm", "sr.dcm", "probabilities.npy", "overlay.gif"),
        *("contact_sheet.png", "frames.csv", "measurements.json", "report.html", "run.json"),
    }
    jsonschema.validate(measurements, SCHEMA)
    assert measurements == json.loads((folder / "measurements.json").read_text())
    assert measurements["clip"]["view"] == "4CH" and measurements["method"]["id"] == "single-plane-a4c-mod-v1"
    assert measurements["confidence"]["min"] is not None and measurements["interval"]["ef_percent"] is not None
    assert abs(measurements["mean"]["ef_percent"] - phantom.phantom.ef_percent) < 8  # 48 x 48 pixels, one view
    assert re.match(r"clip 1 of 1: EF \d+ %, .*; weights: phantom -> ", printed.err) and str(folder) in printed.err
    expected = phantom.image // LEVELS
    np.testing.assert_array_equal(np.asarray(nibabel.load(folder / "mask.nii.gz").dataobj), expected)
    np.testing.assert_array_equal(np.load(folder / "mask.npz")["mask"], expected)
    np.testing.assert_array_equal(np.load(folder / "probabilities.npy").argmax(0), expected)
    pictures = [np.asarray(Image.open(picture)).T for picture in sorted((folder / "masks").iterdir())]
    np.testing.assert_array_equal(np.stack(pictures, -1), expected)
    assert pydicom.dcmread(folder / "seg.dcm").Modality == "SEG" and pydicom.dcmread(folder / "sr.dcm").Modality == "SR"
    rows = list(csv.DictReader(names.open()))
    assert rows == [{"position": "1", "path": str(path), "id": folder.name}]
    (row,) = csv.DictReader((out / "index.csv").open())
    assert row["id"] == folder.name and float(row["ef_percent"]) == measurements["mean"]["ef_percent"]
    assert (row["weights_domain"], row["assumed_views"]) == ("phantom", "")
    assert measurements["training"] == {"domain": "phantom", "views": [], "assumed_views": []}
    assert measurements["clip"]["phantom"] is True  # so that phantom weights are in their domain
    assert "weights_domain" not in row["reasons"]
    assert json.loads((out / "failures.json").read_text()) == []


@pytest.mark.parametrize("overlay", ["avi", "none"])
def test_unwanted_outputs_are_not_written(overlay, clips, known_masks, tmp_path, capsys):
    options = ("--fast", "--no-report", "--overlay", overlay, "--format", "npz", "--structures", "LV", "LV")
    assert gdkvm(clips / "clip0.npy", "-o", tmp_path, *options) == 0
    folder = only_result(tmp_path)
    names = {path.name for path in folder.iterdir()}
    always = {"contact_sheet.png", "frames.csv", "mask.npz", "measurements.json", "run.json"}
    assert names == always | ({"overlay.avi"} if overlay == "avi" else set())
    measurements = json.loads((folder / "measurements.json").read_text())
    jsonschema.validate(measurements, SCHEMA)
    assert measurements["structures"] == ["LV"] and set(np.unique(np.load(folder / "mask.npz")["mask"])) == {0, 1}
    assert measurements["interval"]["method"] == measurements["confidence"]["method"] == "not computed"  # --fast
    printed = capsys.readouterr()
    assert printed.out.startswith("clip 1 of 1: ") and not printed.err


def test_the_users_frame_rate_and_spacing_take_precedence(short_clip, known_masks, tmp_path):
    path, _ = short_clip
    assert gdkvm(path, "-o", tmp_path, "--fps", 40, "--spacing", 0.5, 0.25, *QUICK) == 0
    clip = json.loads((only_result(tmp_path) / "measurements.json").read_text())["clip"]
    assert clip["frame_rate_hz"] == 40 and clip["frame_time_source"] == "option"
    assert clip["spacing_mm"] == [0.5, 0.25] and clip["spacing_trust"] == "ok" and clip["view"] is None


def test_the_network_sees_the_tissue_region_but_masks_cover_the_full_grid(short_clip, known_masks, tmp_path):
    data = pydicom.dcmread(short_clip[0])
    data.SequenceOfUltrasoundRegions[0].RegionLocationMinX0 = 8
    data.save_as(tmp_path / "clip.dcm")
    sizes = {}
    for option in ((), ("--no-crop",)):
        out = tmp_path / f"out{len(option)}"
        assert gdkvm(tmp_path / "clip.dcm", "-o", out, *QUICK, *option) == 0
        folder = only_result(out)
        sizes[option] = json.loads((folder / "measurements.json").read_text())["clip"]["lateral_px"]
        mask = np.asarray(nibabel.load(folder / "mask.nii.gz").dataobj)
        assert mask.shape == short_clip[1].image.shape
        np.testing.assert_array_equal(mask[8:], short_clip[1].image[8:] // LEVELS)
    assert sizes == {(): 40, ("--no-crop",): 48}


def test_partial_doppler_and_large_clips_are_read_only_on_request(short_clip, known_masks, tmp_path, capsys):
    path, phantom = short_clip
    data = pydicom.dcmread(path)
    data.SequenceOfUltrasoundRegions[0].RegionDataType = 2
    data.save_as(tmp_path / "doppler.dcm")
    short = path.read_bytes()[: -phantom.image[..., 0].size * 3]
    (tmp_path / "short.dcm").write_bytes(short)
    for name, option, reason in (
        ("doppler.dcm", ("--force",), "shows color Doppler"),
        ("short.dcm", ("--allow-partial",), "can be decoded"),
        (path, (), "max_voxels is 10"),
    ):
        limit = ("--max-voxels", 10) if not option else ()
        assert gdkvm(tmp_path / name, "-o", tmp_path / "out", *QUICK, *limit) == 1
        assert reason in capsys.readouterr().err
        assert gdkvm(tmp_path / name, "-o", tmp_path / "out", *QUICK, *option) == 0
    flags = {read(file)["clip"]["partial"] for file in (tmp_path / "out").glob("*/measurements.json")}
    assert flags == {True, False}


def test_finished_clips_are_skipped_and_overwritten_on_demand(clips, weights, tmp_path, capsys):
    run = (clips, "-o", tmp_path, "--weights", weights, *QUICK)
    times = []
    for option in ((), (), ("--overwrite",)):
        assert gdkvm(*run, *option) == 0
        times.append({path: path.stat().st_mtime_ns for path in tmp_path.glob("*/mask.nii.gz")})
    assert len(times[0]) == 2 and times[0] == times[1]
    assert times[2].keys() == times[0].keys() and not set(times[2].values()) & set(times[0].values())
    capsys.readouterr()
    assert gdkvm(*run, "--view", "2CH") == 1
    assert capsys.readouterr().err.count("holds results of other weights or options; use --overwrite") == 2
    assert {row["error"] for row in read(tmp_path / "failures.json")} == {"FileExistsError"}
    assert len(list(csv.DictReader((tmp_path / "index.csv").open()))) == 2


def test_results_among_the_clips_are_not_clips(known_masks, tmp_path, capsys):
    np.save(tmp_path / "clip.npy", noise_clip())
    for _ in range(2):
        assert gdkvm(tmp_path, "-o", tmp_path, "--format", "nifti", "png", *QUICK[:-3], "--overlay", "avi") == 0
        assert capsys.readouterr().out.count("clip 1 of 1") == 1
    assert gdkvm(only_result(tmp_path), "-o", tmp_path, *QUICK) == 2
    assert "only results of this command" in capsys.readouterr().err


def test_the_first_failure_stops_the_run_only_on_request(clips, known_masks, tmp_path, capsys):
    (tmp_path / "a.npy").write_bytes(b"no array")
    run = (tmp_path / "a.npy", clips / "clip0.npy", "-o", tmp_path / "out", *QUICK, "--json")
    assert gdkvm(*run, "--fail-fast") == 1
    assert not list((tmp_path / "out").glob("*/")) and json.loads(capsys.readouterr().out) == {"clips": []}
    assert gdkvm(*run) == 1
    assert len(list((tmp_path / "out").glob("*/"))) == 1 and len(json.loads(capsys.readouterr().out)["clips"]) == 1
    (failure,) = read(tmp_path / "out" / "failures.json")
    assert failure["position"] == 1 and failure["error"] == "ClipReadError"
    assert failure["message"].startswith("the clip cannot be read as an array")


def test_progress_is_shown_on_a_terminal_unless_quiet(clips, known_masks, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert gdkvm(clips / "clip0.npy", "-o", tmp_path / "a", *QUICK[:-1]) == 0
    assert "segment" in capsys.readouterr().err
    assert gdkvm(clips / "clip0.npy", "-o", tmp_path / "b", *QUICK) == 0
    assert not capsys.readouterr().err


def test_a_traceback_is_printed_only_on_request(tmp_path, known_masks, capsys):
    (tmp_path / "name_of_a_patient.npy").write_bytes(b"no array")
    for option, count in (((), 0), (("--traceback",), 1)):
        assert gdkvm(tmp_path / "name_of_a_patient.npy", "-o", tmp_path / "out", *QUICK, *option) == 1
        printed = capsys.readouterr().err
        assert ("Traceback" in printed) == bool(count) and "name_of_a_patient" not in printed


def test_device_and_overlays_reach_the_network(clips, weights, tmp_path, capsys):
    overlay = tmp_path / "overlay.yaml"
    content = {
        "use_card": False,
        "frame_size": [16, 48],
        **{f"network_def#{k}": v for k, v in GDKVM(**SMALL).options.items()},
    }
    overlay.write_text(yaml.safe_dump(content))
    run = (clips / "clip0.npy", "-o", tmp_path / "out", "--weights", weights, *QUICK)
    assert gdkvm(*run, "--device", "cpu", "--config", overlay) == 0
    found = read(only_result(tmp_path / "out") / "run.json")
    assert found["frame_size"] == [16, 48] and found["device"] == "cpu"
    assert gdkvm(*run, "--device", "cpu", "--overwrite") == 0
    card = read(only_result(tmp_path / "out") / "run.json")
    assert card["frame_size"] == [32, 32] and card["weights"]["trained_on"] == "nothing"
    assert card["config"]["sha256"] != found["config"]["sha256"]


def test_two_views_give_one_ejection_fraction(known_masks, tmp_path, capsys):
    for view in ("4CH", "2CH"):
        phantom = write_label_clip(tmp_path / f"{view}.nii.gz", "nifti", view).phantom
    views = [f"{view}={tmp_path}/{view}.nii.gz" for view in ("4CH", "2CH")]
    out = tmp_path / "out"
    assert gdkvm("--views", *views, "-o", out, *QUICK, "--format", "npz", "--json") == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert [measurements["clip"]["view"] for measurements in found["clips"]] == ["4CH", "2CH"]
    assert abs(found["biplane"]["ef_percent"] - phantom.ef_percent) < 6
    (path,) = out.glob("*/biplane.json")
    assert read(path) == found["biplane"] and f"-> {path}" in printed.err and path.with_name("report.html").is_file()
    rows = list(csv.DictReader((out / "index.csv").open()))
    domain = found["clips"][0]["training"]["domain"]
    (line,) = [line for line in printed.err.splitlines() if line.startswith("biplane: ")]
    assert line.count(f"; weights: {domain} -> ") == 1 and {row["weights_domain"] for row in rows} == {domain}
    assert [row["view"] for row in rows].count("4CH+2CH") == 1 and len(rows) == 3
    assert [path.parent.name[:8], path.parent.name[9:]] == [clip["clip"]["id"][:8] for clip in found["clips"]]


@pytest.mark.slow
def test_two_processes_give_the_same_results_as_one(clips, weights, tmp_path):
    bad = tmp_path / "bad.npy"
    bad.write_bytes(b"no array")
    for jobs in (1, 2):
        run = (
            clips,
            bad,
            "-o",
            tmp_path / str(jobs),
            "--weights",
            weights,
            "--fast",
            "--jobs",
            jobs,
            "--overlay",
            "gif",
        )
        assert gdkvm(*run) == 1
    one, two = ({path.relative_to(tmp_path / jobs): path for path in (tmp_path / jobs).rglob("*")} for jobs in "12")
    assert one.keys() == two.keys() and len(one) > 10
    for name in one:
        if name.name not in ("run.json", "report.html") and one[name].is_file():  # these contain the time
            assert one[name].read_bytes() == two[name].read_bytes(), name


def test_the_help_explains_every_option(capsys):
    assert gdkvm("segment", "--help") == 0
    text = capsys.readouterr().out
    for action in build_parser()._actions:
        assert action.help and all(option in text for option in action.option_strings), action
    assert "Research use only. Not a medical device." in text and "exit codes: 0" in text


def test_the_short_form_equals_the_segment_command(clips, known_masks, tmp_path, capsys):
    assert gdkvm("segment", clips / "clip0.npy", "-o", tmp_path, *QUICK) == 0
    first = capsys.readouterr().out
    assert gdkvm(clips / "clip0.npy", "-o", tmp_path, *QUICK) == 0  # finished results are read
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--views"),
        (("clip0.npy", "--views", "4CH=clip0.npy", "2CH=clip1.npy"), "--views"),
        (("--views", "4CH=clip0.npy"), "--views"),
        (("--views", "4CH", "2CH=clip0.npy"), "--views"),
        (("--views", "4CH=clip0.npy", "4CH=clip1.npy"), "--views"),
        (("--views", "4CH=clip0.npy", "2CH=./clip0.npy"), "2CH=./clip0.npy"),
        (("--views", "4CH=clip0.npy", "2CH=absent.npy"), "absent.npy"),
        (("absent.npy",), "absent.npy"),
        (("empty",), "empty"),
        (("clip0.npy", "--jobs", "0"), "--jobs is 0"),
        (("clip0.npy", "--fps", "0"), "fps is 0.0"),
        (("clip0.npy", "--fps", "nan"), "fps is nan"),
        (("clip0.npy", "--spacing", "0.3", "-1"), "-1.0"),
        (("clip0.npy", "--max-voxels", "nan"), "NaN"),
        (("clip0.npy", "--view", "PLAX"), "'PLAX'"),
        (("clip0.npy", "--format", "tiff"), "'tiff'"),
        (("clip0.npy", "--device", "abacus"), "'abacus'"),
        (("clip0.npy", "--device", "meta"), "'meta'"),
        (("clip0.npy", "--config", "absent.yaml"), "absent.yaml"),
        (("clip0.npy", "--config", "broken.yaml"), "broken.yaml"),
        (("clip0.npy", "--weights", "absent.pt"), "absent.pt"),
        (("clip0.npy", "-o", "clip1.npy"), "clip1.npy"),
        (("clip0.npy", "-o", "clip1.npy/out"), "clip1.npy/out"),
        (("clip0.npy", "--map", "clip1.npy/names.csv"), "clip1.npy/names.csv"),
        (("clip0.npy", "-o", "/proc/x"), "/proc/x cannot be written"),
        (("clip0.npy", "--map", "/proc/x.csv"), "/proc/x.csv cannot be written"),
    ],
)
def test_wrong_use_is_reported_with_exit_code_two_before_any_work(
    arguments, message, clips, weights, tmp_path, capsys, monkeypatch
):
    for name in ("clip0.npy", "clip1.npy"):
        (tmp_path / name).write_bytes((clips / name).read_bytes())
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.yaml").write_text("network_def: [1,\n b: {")
    before = sorted(tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)
    assert gdkvm("-o", "out", "--weights", weights, *QUICK, *arguments) == 2
    printed = capsys.readouterr()
    assert message in printed.err and "Traceback" not in printed.err and not printed.out
    assert sorted(tmp_path.iterdir()) == before


def test_two_stills_are_a_clip_whose_phases_the_user_states(weights, tmp_path, capsys):
    for index, name in enumerate(("Doe_ed.png", "Doe_es.png")):
        Image.fromarray(noise_clip(2)[..., index].T).save(tmp_path / name)
    stills = ("--ed", tmp_path / "Doe_ed.png", "--es", tmp_path / "Doe_es.png")
    assert gdkvm(*stills, "-o", tmp_path / "out", "--weights", weights, *QUICK, "--view", "4CH") == 0
    folder = only_result(tmp_path / "out")
    assert read(folder / "measurements.json")["phases"]["ed_frames"] == [0]
    assert read(folder / "run.json")["input"]["format"] == "two stills"
    assert not [file for file in folder.iterdir() if b"Doe" in file.read_bytes()]
    Image.fromarray(noise_clip(1, (8, 8))[..., 0]).save(tmp_path / "Doe_es.png")
    capsys.readouterr()
    assert gdkvm(*stills, "-o", tmp_path / "other", "--weights", weights, *QUICK) == 1
    message = read(tmp_path / "other" / "failures.json")[0]["message"]
    assert "24 x 20 pixels and 8 x 8 pixels" in message and "Doe" not in message


class Payload:
    """A pickle that would create a folder if it were executed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_invalid_weights_are_refused_and_never_executed(clips, weights, tmp_path, capsys):
    trap = tmp_path / "executed"
    other = GDKVM(**{**SMALL, "width": 4}).state_dict()
    content = {
        "payload": pickle.dumps(Payload(trap)),
        "text": b"hello",
        "empty": b"",
        "truncated": weights.read_bytes()[:5000],
    }
    for name, data in content.items():
        (tmp_path / f"{name}.pt").write_bytes(data)
    torch.save({"model": Payload(trap)}, tmp_path / "payload_in_zip.pt")
    torch.save({"model": 3}, tmp_path / "number.pt")
    torch.save(other, tmp_path / "other.pt")
    card = json.loads(weights.with_suffix(".json").read_text())
    (tmp_path / "other.json").write_text(json.dumps({**card, "weights_sha256": [file_sha256(tmp_path / "other.pt")]}))
    for path in tmp_path.glob("*.pt"):
        assert gdkvm(clips, "-o", tmp_path / "out", "--weights", path, *QUICK) == 2
        expected = "holds weights of another network" if path.stem == "other" else "is not a checkpoint"
        assert f"{path.name} {expected}" in capsys.readouterr().err
    assert not trap.exists() and not (tmp_path / "out").exists()


def read(path: Path):
    return json.loads(path.read_text())


def test_the_advice_in_the_table_of_failures_is_an_option_of_the_command(tmp_path):
    outcome = Outcome(
        Task(1, tmp_path / "clip.avi"), message="the clip ends early; copy it again, or set allow_partial."
    )
    _write_tables([outcome], Namespace(out=tmp_path, map=None))
    assert read(tmp_path / "failures.json")[0]["message"].endswith("use --allow-partial.")


def test_a_table_that_cannot_be_written_costs_only_itself(tmp_path):
    (tmp_path / "failures.json").mkdir()
    task = Task(1, tmp_path / "clip.npy")
    outcome = Outcome(task, error="ClipReadError", message="the clip is empty.")
    with pytest.raises(OSError, match="/failures.json") as error:
        _write_tables([outcome], Namespace(out=tmp_path, map=tmp_path / "map.csv"))
    assert "partial" not in str(error.value)
    assert (tmp_path / "index.csv").is_file() and "clip.npy" in (tmp_path / "map.csv").read_text()
