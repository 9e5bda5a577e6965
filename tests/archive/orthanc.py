"""An Orthanc server on this machine, with its DICOMweb plugin, for the tests that need a real archive."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorials" / "archive.md"
PROGRAM = shutil.which("Orthanc", path="/usr/sbin:/usr/local/sbin:/usr/bin")
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so").exists()


@dataclass(frozen=True)
class Orthanc:
    """Addresses of a running server."""

    http: int
    dicom: int

    def ask(self, path: str, content: bytes | None = None) -> object:
        """Call its REST API."""
        with urlopen(Request(f"http://127.0.0.1:{self.http}/{path}", content), timeout=60) as answer:
            return json.load(answer)

    def headers(self) -> list[dict]:
        """The header of every object that it holds, by names of attributes."""
        return [self.ask(f"instances/{name}/simplified-tags") for name in self.ask("instances")]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def running_orthanc(folder: Path, gdkvm_port: int) -> Iterator[Orthanc]:
    """Start a server with the settings of the tutorial, except for ports and folders; GDKVM is at ``gdkvm_port``."""
    server = Orthanc(free_port(), free_port())
    settings = json.loads(re.search(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)[1])
    settings |= {"StorageDirectory": str(folder / "data"), "IndexDirectory": str(folder / "data")}
    settings |= {"HttpPort": server.http, "DicomPort": server.dicom}
    settings["DicomModalities"]["gdkvm"][2] = gdkvm_port
    folder.mkdir(parents=True)
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([PROGRAM, str(folder / "orthanc.json")], stdout=log, stderr=log)
    try:
        _wait(server, process, folder / "log")
        yield server
    finally:
        process.terminate()
        process.wait(60)


def _wait(server: Orthanc, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return server.ask("system")
        except URLError:
            time.sleep(0.2)
    raise AssertionError(f"Orthanc does not answer: {log.read_text()[-2000:]}")
