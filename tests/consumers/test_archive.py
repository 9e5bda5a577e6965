"""A real Orthanc sends clips to a listener that is killed meanwhile, and files what comes back; also by DICOMweb."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip, write_clip
from tests.archive.orthanc import PLUGIN, PROGRAM, free_port, running_orthanc
from tests.study.gray_level_network import LEVELS

ROOT = Path(__file__).resolve().parents[2]
CLIPS, KILLS = 50, 5

pytestmark = [
    pytest.mark.consumer,
    pytest.mark.skipif(not (PROGRAM and PLUGIN), reason="Orthanc is absent; apt-get install orthanc orthanc-dicomweb"),
]


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> list[Path]:
    for package in ("pynetdicom", "dicomweb_client", "highdicom"):
        pytest.importorskip(package)
    folder = tmp_path_factory.mktemp("clips")
    paths = [folder / f"{number}.dcm" for number in range(CLIPS)]
    for view, first in (("4CH", 0), ("2CH", 1)):
        clip = render_phantom_clip(EchoPhantom(1), view, 1.2, 25, (48, 48))
        clip = replace(clip, image=(clip.label * LEVELS).astype(np.uint8))
        for number in range(first, CLIPS, 2):  # the header, and with it every UID, differs
            write_clip(paths[number], clip, "dicom", patient_name=f"Doe^Jane{number // 2}", patient_id=str(number // 2))
    return paths


def command(*words: object) -> list[str]:
    return [sys.executable, "-W", "ignore", "-m", "tests.archive.gray_level_command", *map(str, words)]


def start(log: Path, *words: object) -> subprocess.Popen:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with log.open("a") as file:
        return subprocess.Popen(command(*words), cwd=ROOT, env=environment, stdout=file, stderr=file)


def wait_until(condition, seconds: float, log: Path) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.1)


def returned(server) -> Counter:
    """How many objects of each modality are in each study."""
    return Counter((header["StudyInstanceUID"], header["Modality"]) for header in server.headers())


def upload(server, paths: list[Path]) -> list[str]:
    return [server.ask("instances", path.read_bytes())["ID"] for path in paths]


def send_all(server, names: list[str]) -> None:
    """Send clips by C-STORE, one by one and again while the listener is down, as a router does."""
    body = b'{"Resources": ["%s"], "Synchronous": true}'
    for name in names:
        deadline = time.monotonic() + 300
        while True:
            try:
                server.ask("modalities/gdkvm/store", body % name.encode())
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.5)


def test_every_clip_comes_back_once_in_its_study_although_the_listener_is_killed(clips, tmp_path):
    port, log, out = free_port(), tmp_path / "log", tmp_path / "out"
    with running_orthanc(tmp_path / "orthanc", port) as server:
        words = ("listen", "--port", port, "--out", out, "--send", f"ORTHANC@127.0.0.1:{server.dicom}")
        words += ("--fast", "--no-report", "--free-gb", "0.1")
        names = upload(server, clips)
        before = returned(server)
        listener = start(log, *words)
        sender = subprocess.Popen([sys.executable, "-c", SENDER, str(server.http), *names], cwd=ROOT)
        try:
            for kill in range(1, KILLS + 1):
                segmented = CLIPS * kill // (KILLS + 2)
                wait_until(lambda: len(list(out.glob("results/[0-9a-f]*"))) >= segmented, 300, log)
                listener.send_signal(signal.SIGKILL)
                listener.wait()
                listener = start(log, *words)
            assert sender.wait(600) == 0
            wait_until(lambda: returned(server).total() >= 3 * CLIPS, 600, log)
            time.sleep(2)  # for anything too much
            after = returned(server)
        finally:
            sender.kill()
            listener.terminate()
            assert listener.wait(60) == 143
    assert before.total() == CLIPS and len(before) == CLIPS // 2
    assert after == Counter({(study, kind): n for (study, _), n in before.items() for kind in ("US", "SEG", "SR")})
    assert len(list(out.glob("results/[0-9a-f]*"))) == CLIPS and not list(out.glob("incoming/*"))
    told = log.read_text() + "".join(str(path) for path in out.rglob("*"))
    assert "Doe" not in told and not any(study in told for study, _ in before)


SENDER = """\
import sys
from tests.archive.orthanc import Orthanc
from tests.consumers.test_archive import send_all
send_all(Orthanc(int(sys.argv[1]), 0), sys.argv[2:])
"""


def test_a_study_is_fetched_and_its_results_are_stored_by_dicomweb_once(clips, tmp_path):
    log = tmp_path / "log"
    with running_orthanc(tmp_path / "orthanc", free_port()) as server:
        upload(server, clips[:3])
        study = next(name for (name, _), count in returned(server).items() if count == 2)
        words = ("fetch", "--dicomweb", f"http://127.0.0.1:{server.http}/dicom-web", "--study", study)
        words += ("--out", tmp_path / "out", "--fast", "--no-report", "--free-gb", "0.1")
        assert start(log, *words).wait(300) == 0, log.read_text()
        assert returned(server)[study, "SEG"] == 0
        for _ in range(2):
            assert start(log, *words, "--store").wait(300) == 0, log.read_text()
            found = returned(server)
            assert [found[study, kind] for kind in ("US", "SEG", "SR")] == [2, 2, 2] and found.total() == 7
    assert "2 sent" in log.read_text() and study not in log.read_text() and "Doe" not in log.read_text()
