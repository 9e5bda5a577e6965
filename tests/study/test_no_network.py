"""Inference opens no connection: the whole command runs with sockets disabled."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip, write_clip
from tests.study.tiny_command import write_tiny_weights

ROOT = Path(__file__).resolve().parents[2]
REFUSE = """
import socket, sys
def refuse(*arguments, **keywords):
    raise SystemExit("a connection was attempted")
for name in ("connect", "connect_ex", "listen", "sendto"):
    setattr(socket.socket, name, refuse)
socket.getaddrinfo = socket.create_connection = refuse
try:
    socket.create_connection(("127.0.0.1", 9))
except SystemExit:
    print("sockets are refused")
from gdkvm_monai.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_the_command_segments_measures_and_reports_without_a_connection(tmp_path):
    write_clip(tmp_path / "clip.dcm", render_phantom_clip(EchoPhantom(1), size=(48, 48)), "dicom")
    arguments = [tmp_path / "clip.dcm", "-o", tmp_path / "out", "--weights", write_tiny_weights(tmp_path)]
    arguments += ["--format", "nifti", "dicom-seg", "--view", "4CH"]
    result = subprocess.run(
        [sys.executable, "-c", REFUSE, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    assert "sockets are refused" in result.stdout and "a connection was attempted" not in result.stdout + result.stderr
    (folder,) = (path for path in (tmp_path / "out").iterdir() if path.is_dir())
    assert {"report.html", "overlay.gif", "mask.nii.gz", "seg.dcm"} <= {path.name for path in folder.iterdir()}
