"""Batches: a failure does not stop the others, no partial file remains, and no patient data leak."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import json
import logging
import os
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing import active_children
from multiprocessing.process import BaseProcess
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image

from gdkvm_monai.data import open as open_module
from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip, write_clip
from gdkvm_monai.study.batch import Outcome, run_batch, without_path, write_tables
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.pipeline import PipelineSource
from gdkvm_monai.study.stills import Stills
from gdkvm_monai.study.tasks import Task
from tests.data.dicom_files import region
from tests.study.gray_level_network import gray_level_pipeline
from tests.study.tiny_command import QUICK, gdkvm, noise_clip, process_kept, write_tiny_weights

pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR UI")  # that is the point

TINY = {"beats": 0.5, "frame_rate_hz": 10, "size": (32, 32)}
SECRET, DATE = "Zwiebelfrosch", "19110203"
PLAIN = {"fast": True, "report": False, "overlay": "none"}
COMMAND = (sys.executable, "-m", "gdkvm_monai")


@pytest.fixture(autouse=True)
def process_as_before():
    with process_kept():
        yield


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture()
def known_masks(monkeypatch):
    monkeypatch.setattr("gdkvm_monai.study.batch.load_pipeline", lambda *arguments: gray_level_pipeline())


def truncated_nifti(folder: Path) -> Path:
    path = odd_clip(folder)
    path.write_bytes(path.read_bytes()[:-400])
    return path


def empty_file(folder: Path) -> Path:
    (folder / "x.nii.gz").touch()
    return folder / "x.nii.gz"


def terabytes(folder: Path) -> Path:
    header = nibabel.Nifti1Image(np.zeros((1, 1, 1), np.uint8), np.eye(4)).header
    header["dim"][1:4], header["magic"], header["vox_offset"] = (30000, 30000, 3000), b"n+1", 352
    (folder / "x.nii").write_bytes(header.binaryblock + bytes(652))
    return folder / "x.nii"


def truncated_avi(folder: Path) -> Path:
    write_clip(folder / "x.avi", render_phantom_clip(EchoPhantom(1), **TINY), "avi")
    content = (folder / "x.avi").read_bytes()
    (folder / "x.avi").write_bytes(content[: len(content) * 2 // 3])
    return folder / "x.avi"


def garbage_avi(folder: Path) -> Path:
    (folder / "x.avi").write_bytes(bytes(noise_clip()))
    return folder / "x.avi"


def garbage_dicom(folder: Path) -> Path:
    (folder / "x.dcm").write_bytes(bytes(128) + b"DICM" + bytes(noise_clip()))
    return folder / "x.dcm"


def changed_dicom(folder: Path, **attributes) -> Path:
    write_clip(folder / "x.dcm", render_phantom_clip(EchoPhantom(1), **TINY), "dicom")
    data = pydicom.dcmread(folder / "x.dcm")
    for name, value in attributes.items():
        setattr(data, name, value)
    data.save_as(folder / "x.dcm")
    return folder / "x.dcm"


def truncated_dicom(folder: Path) -> Path:
    path = changed_dicom(folder)
    path.write_bytes(path.read_bytes()[:-1500])
    return path


def doppler(folder: Path) -> Path:
    return changed_dicom(folder, SequenceOfUltrasoundRegions=[region(RegionDataType=2)])


def no_frames(folder: Path) -> Path:
    np.save(folder / "x.npy", np.zeros((32, 32, 0), np.uint8))
    return folder / "x.npy"


def damaged_frame(folder: Path) -> Path:
    (folder / "x").mkdir()
    for number in range(3):
        Image.fromarray(noise_clip()[..., number]).save(folder / "x" / f"{SECRET}_{number}.png")
    (folder / "x" / f"{SECRET}_1.png").write_bytes(b"no picture")
    return folder / "x"


def array(folder: Path, clip: np.ndarray) -> Path:
    np.save(folder / "x.npy", clip)
    return folder / "x.npy"


def nan_frames(folder: Path) -> Path:
    clip = noise_clip(6).astype(np.float32)
    clip[3, 3, [1, 4]] = np.nan
    return array(folder, clip)


def black(folder: Path) -> Path:
    return array(folder, np.zeros((32, 32, 3), np.uint8))


def one_frame(folder: Path) -> Path:
    return array(folder, noise_clip(1))


def two_frames(folder: Path) -> Path:
    return array(folder, noise_clip(2))


def odd_clip(folder: Path) -> Path:
    nibabel.save(nibabel.Nifti1Image(noise_clip(3, (31, 27)), np.diag([0.3, 0.4, 1, 1])), folder / "x.nii.gz")
    return folder / "x.nii.gz"


def one_pixel(folder: Path) -> Path:
    return array(folder, noise_clip(3, (1, 1)))


def sixteen_bit(folder: Path) -> Path:
    return array(folder, noise_clip().astype(">u2") * 200)


def wrong_times(folder: Path) -> Path:
    path = changed_dicom(folder, FrameTimeVector=[0, 40])
    data = pydicom.dcmread(path)
    for name in ("FrameTime", "RecommendedDisplayFrameRate", "CineRate"):
        data.pop(name, None)
    data.save_as(path)
    return path


BAD = {
    truncated_nifti: "cannot be read as NIfTI",
    empty_file: "is empty",
    terabytes: "its header claims 2700000000000 bytes",
    truncated_avi: "frames but",
    garbage_avi: "cannot be read as a video",
    garbage_dicom: "cannot be read as DICOM",
    truncated_dicom: "can be decoded",
    doppler: "shows color Doppler, expected B-mode",
    no_frames: "holds no pixels",
    damaged_frame: "file 2 of the clip cannot be read as PNG",
}
STRANGE = {
    nan_frames: {"frames": 6, "valid_frames": 4},
    black: {"frames": 3, "valid_frames": 0},
    one_frame: {"frames": 1, "valid_frames": 1, "spacing_trust": "absent"},
    two_frames: {"frames": 2, "valid_frames": 2},
    odd_clip: {"lateral_px": 31, "depth_px": 27, "spacing_mm": [0.3, 0.4]},
    one_pixel: {"lateral_px": 1, "depth_px": 1, "valid_frames": 0},
    sixteen_bit: {"valid_frames": 3},
    wrong_times: {"frame_rate_hz": None, "frame_time_source": None, "frame_time_ms": None},
}


@pytest.fixture(scope="module")
def mixed(weights, tmp_path_factory):
    """Results of failing and unusual clips: ``out``, the clips' names by position, and the printed text."""
    root = tmp_path_factory.mktemp("mixed")
    for make in (*BAD, *STRANGE):
        folder = root / "clips" / f"{SECRET}_{make.__name__}"
        folder.mkdir(parents=True)
        make(folder)
    options = ("--weights", weights, "--no-report", "--overlay", "none", "--map", root / "names.csv")
    with process_kept(), redirect_stdout(io.StringIO()) as printed, redirect_stderr(printed):
        assert gdkvm(root / "clips", "-o", root / "out", *options) == 1
    with open(root / "names.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["made_by"] = Path(row["path"]).relative_to(root / "clips").parts[0].removeprefix(f"{SECRET}_")
    return root / "out", rows, printed.getvalue()


def test_a_step_of_an_overlay_that_cannot_be_applied_is_listed_with_its_cause(weights, tmp_path):
    np.save(tmp_path / "x.npy", noise_clip())
    (tmp_path / "overlay.yaml").write_text("preprocessing#transforms#6#mode: nonsense\n")
    options = ("--weights", weights, "--config", tmp_path / "overlay.yaml", "--device", "cpu", *QUICK)
    assert gdkvm(tmp_path / "x.npy", "-o", tmp_path / "out", *options) == 1
    (failure,) = json.loads((tmp_path / "out" / "failures.json").read_text())
    assert "nonsense" in failure["message"] and "applying transform" not in failure["message"]


def test_failures_are_reported_and_do_not_stop_the_batch(mixed):
    out, rows, _ = mixed
    made_by = {int(row["position"]): row["made_by"] for row in rows}
    failures = {made_by[row["position"]]: row for row in read(out / "failures.json")}
    assert failures.keys() == {make.__name__ for make in BAD}
    for make, message in BAD.items():
        assert failures[make.__name__]["error"] == "ClipReadError"
        assert message in failures[make.__name__]["message"]
    assert {row["made_by"] for row in rows if row["id"]} == {make.__name__ for make in STRANGE}


def test_a_link_to_itself_and_a_folder_without_permission_are_failures_of_their_own(weights, tmp_path, monkeypatch):
    clips, listed = tmp_path / "clips", Path.iterdir
    (clips / "closed").mkdir(parents=True)
    np.save(clips / "a.npy", noise_clip())
    (clips / "loop.npy").symlink_to("loop.npy")

    def refuse_closed(folder: Path):
        if folder.name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", refuse_closed)
    assert gdkvm(clips, "-o", tmp_path / "out", "--weights", weights, "--device", "cpu", *QUICK) == 1
    assert complete(tmp_path / "out") == 1
    closed, loop = read(tmp_path / "out" / "failures.json")
    assert (closed["position"], loop["position"]) == (2, 3)
    assert closed["message"].startswith("the clip") and "permission" in closed["message"]
    assert loop["message"].startswith("the clip is a link")


def test_a_failed_clip_leaves_no_files_and_the_others_are_in_the_index(mixed):
    out, rows, _ = mixed
    finished = {row["id"] for row in rows if row["id"]}
    assert {path.name for path in out.iterdir()} == {*finished, "index.csv", "failures.json"}
    assert {row["id"] for row in csv.DictReader((out / "index.csv").open())} == finished
    assert complete(out) == len(STRANGE)


def test_names_of_failed_clips_are_not_printed(mixed):
    out, rows, printed = mixed
    assert printed.count("\n") == len(rows) and all(SECRET in row["path"] for row in rows)
    for text in (printed, (out / "index.csv").read_text(), (out / "failures.json").read_text()):
        assert SECRET not in text


@pytest.mark.parametrize("make", STRANGE, ids=lambda make: make.__name__)
def test_anomalies_of_a_clip_are_in_its_measurements(make, mixed):
    out, rows, _ = mixed
    (folder,) = (out / row["id"] for row in rows if row["made_by"] == make.__name__)
    measurements = read(folder / "measurements.json")
    clip = measurements["clip"]
    assert {name: clip[name] for name in STRANGE[make]} == STRANGE[make]
    assert measurements["ef_withheld"] or measurements["mean"]["ef_percent"] is not None
    shape = tuple(clip[name] for name in ("lateral_px", "depth_px", "frames"))
    assert np.asarray(nibabel.load(folder / "mask.nii.gz").dataobj).shape == shape
    if make is wrong_times:
        assert measurements["phases"]["heart_rate_bpm"] is None
        assert {row["time_s"] for row in csv.DictReader((folder / "frames.csv").open())} == {""}
    if make is sixteen_bit:
        assert read(folder / "run.json")["intensity_high"] > 255


PLANTED = (SECRET, "PID4711", DATE, "<script>alert", "../../etc", "Kartoffelhausen", "Frühstück")
ATTRIBUTES = {
    "PatientBirthDate": DATE,
    "PatientAddress": "Kartoffelhausen 3",
    "OtherPatientNames": f"{SECRET}^Alias",
    "ReferringPhysicianName": f"{SECRET}^Frühstück",
    "InstitutionName": "<script>alert(1)</script>",
    "StudyDescription": f"../../etc/{SECRET}",
    "SeriesDescription": "<script>alert(2)</script>",
    "StudyInstanceUID": "../../etc/passwd",
    "SeriesInstanceUID": "<script>alert(3)</script>",
    "AccessionNumber": "PID4711",
    "ImageComments": f"{SECRET} PID4711",
    "Manufacturer": SECRET,
}


@pytest.fixture()
def patient(tmp_path) -> list[Path]:
    """Two clips that can be read and two that cannot, with names everywhere."""
    folder = tmp_path / f"{SECRET}^Erika <script>alert" / "Frühstück"
    folder.mkdir(parents=True)
    paths = [folder / f"{SECRET}.PID4711.{DATE}.dcm", folder / f"1.2.840.{SECRET}.4711", folder / f"{SECRET} bad.dcm"]
    clip = render_phantom_clip(EchoPhantom(1), **TINY)
    write_clip(paths[0], clip, "dicom", patient_name=f"{SECRET}^Erika", patient_id="PID4711")
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    data = pydicom.dcmread(paths[0])
    for name, value in ATTRIBUTES.items():
        data.add_new(name, pydicom.datadict.dictionary_VR(name), value)
    data.save_as(paths[0])
    data.PatientID = "PID4711-2"
    data.save_as(paths[1])
    paths[2].write_bytes(paths[0].read_bytes()[:-3000])
    paths.append(folder / f"{SECRET}.nii.gz")
    image = nibabel.Nifti1Image(noise_clip(), np.eye(4))
    image.header["descrip"], image.header["db_name"] = SECRET, "PID4711"
    nibabel.save(image, paths[3])
    paths[3].write_bytes(paths[3].read_bytes()[:-20])
    logging.getLogger("pydicom").setLevel(logging.NOTSET)  # the command itself must be silent
    return paths


def with_valid_uids(path: Path) -> None:
    data = pydicom.dcmread(path)
    data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.3", "1.2.4"
    data.save_as(path)


def contents(path: Path) -> bytes:
    """Return all readable content of a file, with packed parts unpacked."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data += gzip.decompress(data)
    if path.suffix in (".npz", ".zip"):
        with zipfile.ZipFile(path) as archive:
            data += b"".join(archive.read(name) + name.encode() for name in archive.namelist())
    if path.suffix in (".png", ".gif"):
        with Image.open(path) as picture:
            data += repr(picture.info).encode()
    return data


def leaks(data: bytes) -> list[str]:
    return [text for text in PLANTED for code in ("utf-8", "latin-1", "utf-16-le") if text.encode(code) in data]


@pytest.mark.parametrize("overlay", ["gif", pytest.param("avi", marks=pytest.mark.slow)])
def test_no_patient_data_leak(overlay, patient, known_masks, tmp_path, capfd, caplog):
    out, names = tmp_path / "out", tmp_path / "names.csv"
    options = ("--format", "nifti", "png", "npz", "--save-prob", "--overlay", overlay, "--map", names, "--traceback")
    caplog.set_level(logging.DEBUG)
    assert gdkvm(*patient, "-o", out, *options) == 1
    files = [path for path in out.rglob("*") if path.is_file()]
    assert len({path.suffix for path in files}) >= 7 and len(read(out / "failures.json")) == 2
    for path in files:
        assert not leaks(contents(path)), path
        assert not leaks(str(path.relative_to(out)).encode()), path
    printed = capfd.readouterr()
    assert "Traceback" in printed.err and "clip 1 of 4" in printed.out
    assert not leaks((printed.out + printed.err).replace(str(out), "").encode())
    assert not leaks("\n".join(record.getMessage() for record in caplog.records).encode())
    assert SECRET in names.read_text()  # what is searched for would be found


def test_dicom_results_contain_the_patient_but_failures_do_not(patient, known_masks, tmp_path, capfd):
    out = tmp_path / "out"
    with_valid_uids(patient[0])
    assert gdkvm(*patient, "-o", out, *QUICK, "--format", "dicom-seg", "dicom-sr") == 1
    printed = capfd.readouterr()
    assert len(read(out / "failures.json")) == 3 and leaks(next(out.glob("*/seg.dcm")).read_bytes())
    assert not leaks((out / "failures.json").read_bytes() + (printed.out + printed.err).encode())
    for path in out.glob("*/*"):
        assert path.suffix == ".dcm" or not leaks(contents(path)), path


@pytest.mark.slow
def test_worker_processes_are_silent_too(patient, weights, tmp_path):
    with_valid_uids(patient[0])
    run = [*COMMAND, *patient, "-o", tmp_path / "out", "--weights", weights, "--jobs", "2", *QUICK]
    done = subprocess.run([*map(str, run), "--format", "dicom-seg"], capture_output=True, timeout=300)
    assert done.returncode == 1 and not leaks(done.stdout + done.stderr)
    assert not leaks((tmp_path / "out" / "failures.json").read_bytes())


@pytest.mark.parametrize(
    ("message", "path", "expected"),
    [
        ("a cannot be read; give a clip.", "a", "the clip cannot be read; give the clip clip."),
        ("clip.nii is no clip of clip.niib", "x/clip.nii", "the clip is no clip of clip.niib"),
        ('[Errno 2] No such file: "/x/Doe\'s\\tclip.npy"', "/x/Doe's\tclip.npy", '[Errno 2] No such file: "the clip"'),
        ("/x/y.npy and y.npy", "/x/y.npy", "the clip and the clip"),
    ],
)
def test_messages_do_not_name_the_clip(message, path, expected):
    assert without_path(message, Path(path)) == expected


def test_messages_do_not_name_a_clip_by_another_path(tmp_path, monkeypatch):
    (tmp_path / "target.npy").touch()
    (tmp_path / "link.npy").symlink_to(tmp_path / "target.npy")
    monkeypatch.chdir(tmp_path)
    text = f"link.npy {tmp_path}/link.npy {tmp_path}/target.npy target.npy"
    assert without_path(text, Path("link.npy")) == "the clip the clip the clip the clip"


def test_messages_tell_two_stills_apart_without_their_names():
    stills = Stills(Path("/d/Doe 1.png"), Path("/d/Doe 2.png"))
    text = "the sizes of /d/Doe 1.png and Doe 2.png differ."
    assert without_path(text, stills) == "the sizes of the end-diastolic still and the end-systolic still differ."


def test_a_killed_or_running_run_is_not_in_the_index(known_masks, tmp_path):
    tasks = [Task(1, one_frame(tmp_path), SegmentOptions(**PLAIN))]
    (outcome,) = run_batch(tasks, tmp_path / "out", PipelineSource())
    (tmp_path / "out" / ".gdkvm-stale").mkdir()
    found = (outcome.result.folder / "measurements.json").read_text()
    (tmp_path / "out" / ".gdkvm-stale" / "measurements.json").write_text(found)
    write_tables(tmp_path / "out", [outcome])
    assert (tmp_path / "out" / "index.csv").read_text().count(outcome.result.clip_id) == 1


def test_unreadable_measurements_are_named_and_hide_no_failure(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "measurements.json").write_text("{}")
    (problem,) = write_tables(tmp_path, [Outcome(Task(7, Path("clip.npy")), None, "OSError", "the clip is gone.")])
    assert "other/measurements.json cannot be read" in problem
    assert [failure["position"] for failure in read(tmp_path / "failures.json")] == [7]
    assert (tmp_path / "index.csv").read_text().startswith("id,") and "other" not in (
        tmp_path / "index.csv"
    ).read_text()


def kill_workers_at_work(out: Path, others: set) -> set[BaseProcess]:
    """Kill the worker processes once they work on a clip, and return them."""
    deadline = time.monotonic() + 120
    while not any(path.stat().st_size for path in out.glob(".gdkvm-*/*/.masks")) and time.monotonic() < deadline:
        time.sleep(0.02)
    workers = set(active_children()) - others
    for worker in workers:
        os.kill(worker.pid, signal.SIGKILL)
    for worker in workers:
        worker.join(30)
    return workers  # their exit codes are known once the pool has ended, whose own thread also waits for them


def test_a_killed_process_is_a_failure_of_its_clip(weights, tmp_path):
    paths = [tmp_path / f"{SECRET}_{number}.npy" for number in range(2)]
    for number, path in enumerate(paths):
        np.save(path, np.tile(noise_clip(20, (64, 64), seed=number), 50))
    tasks = [Task(number, path, SegmentOptions(report=False)) for number, path in enumerate(paths, start=1)]
    out = tmp_path / "out"
    with ThreadPoolExecutor(1) as thread:
        killed = thread.submit(kill_workers_at_work, out, set(active_children()))
        outcomes = list(run_batch(tasks, out, PipelineSource(weights), jobs=2))
    assert {worker.exitcode for worker in killed.result()} == {-signal.SIGKILL}
    assert [outcome.task for outcome in outcomes] == tasks
    for outcome in outcomes:
        assert outcome.result is None and outcome.error == "BrokenProcessPool"
        assert "run again with fewer jobs" in outcome.message and SECRET not in outcome.message + outcome.traceback
    assert not list(out.glob("[!.]*"))  # what was begun stays under a hidden name, which is no result
    write_tables(out, outcomes)
    assert [failure["position"] for failure in read(out / "failures.json")] == [1, 2]


def test_a_crash_of_a_decoder_is_a_failure_of_its_clip_only(known_masks, tmp_path, monkeypatch):
    monkeypatch.setitem(open_module.FORMATS, (".crash",), lambda path, options: os.kill(os.getpid(), signal.SIGSEGV))
    (tmp_path / "other").mkdir()
    clips = [one_frame(tmp_path), tmp_path / f"{SECRET}.crash", two_frames(tmp_path / "other")]
    clips[1].write_bytes(b"crash")
    tasks = [Task(position, path, SegmentOptions(**PLAIN)) for position, path in enumerate(clips, start=1)]
    outcomes = list(run_batch(tasks, tmp_path / "out", PipelineSource()))
    assert [outcome.result is None for outcome in outcomes] == [False, True, False]
    assert outcomes[1].error == "ClipReadError" and "decoder crashed" in outcomes[1].message
    assert SECRET not in outcomes[1].message + outcomes[1].traceback


def long_clip(path: Path, frames: int) -> Path:
    pixels = np.tile(noise_clip(20, (192, 192)), frames // 20)
    image = nibabel.Nifti1Image(pixels, np.diag([-0.4, -0.4, 0.02, 1]))
    path.write_bytes(gzip.compress(image.to_bytes(), compresslevel=1))
    return path


def started(arguments: list, folder: Path) -> subprocess.Popen:
    """Start the command and return it once it works on a clip."""
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen([*COMMAND, *map(str, arguments)], start_new_session=True, **pipes)
    deadline = time.monotonic() + 120
    while not any(path.stat().st_size for path in folder.glob(".gdkvm-*/*/.masks")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    return process


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_leaves_tables_and_no_unfinished_files(sent, code, jobs, weights, tmp_path):
    clips = [array(tmp_path, noise_clip()), long_clip(tmp_path / "long.nii.gz", 2000)]
    out = tmp_path / "out"
    run = [*clips, "-o", out, "--weights", weights, "--fast", "--no-report", "--overlay", "none", "--jobs", jobs]
    process = started(run, out)
    os.killpg(process.pid, sent) if sent == signal.SIGINT else process.send_signal(sent)  # Ctrl-C reaches all processes
    printed = process.communicate(timeout=30)  # the long clip would take longer
    assert process.returncode == code and b"Traceback" not in printed[1]
    assert b"of 2 clips; run the same command again to go on" in printed[1].splitlines()[-1]
    finished = len(list(out.glob("*/measurements.json")))
    assert not list(out.glob(".*")) and len((out / "index.csv").read_text().splitlines()) == 1 + finished
    complete(out)


@pytest.mark.slow
def test_a_run_after_a_killed_run_is_complete(weights, tmp_path):
    clips = [array(tmp_path, noise_clip()), long_clip(tmp_path / "long.nii.gz", 400)]
    out = tmp_path / "out"
    run = [*clips, "-o", out, "--weights", weights, "--fast", "--no-report", "--overlay", "none"]
    process = started(run[1:], out)  # the long one only
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL and not list(out.glob("[!.]*"))
    assert gdkvm(*run) == 0
    assert complete(out) == 2
    assert len((out / "index.csv").read_text().splitlines()) == 3


def complete(out: Path) -> int:
    """Return the number of results folders, and check that each is complete."""
    folders = [path for path in out.glob("[!.]*") if path.is_dir()]
    for folder in folders:
        assert {"mask.nii.gz", "measurements.json", "run.json", "frames.csv"} <= {
            path.name for path in folder.iterdir()
        }
        assert np.asarray(nibabel.load(folder / "mask.nii.gz").dataobj).shape[-1]
    return len(folders)


PEAK = """
import sys
from gdkvm_monai.cli.main import main
code = main(sys.argv[1:])
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1], code)
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="peak memory is read from /proc")
def test_memory_use_does_not_grow_with_the_clip(weights, tmp_path, record_property):
    peaks_mb = {}
    for frames in (200, 2000):
        clip = long_clip(tmp_path / f"{frames}.nii.gz", frames)
        run = [sys.executable, "-c", PEAK, clip, "-o", tmp_path / "out", "--weights", weights, "--fast", "--quiet"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
        done = subprocess.run(list(map(str, run)), capture_output=True, text=True, timeout=600, env=environment)
        peak, code = done.stdout.split("\n")[-2].split()
        assert code == "0", done.stderr
        peaks_mb[frames] = int(peak) / 1024
    record_property("peaks_mb", peaks_mb)
    print(f"peak memory in MB: {peaks_mb}")
    assert peaks_mb[2000] <= 1.1 * peaks_mb[200]


def read(path: Path):
    return json.loads(path.read_text())
