"""``gdkvm listen``: who may send, what it starts with, and wrong use."""

from __future__ import annotations

import re
import shlex
import socket
from pathlib import Path

import pytest

from gdkvm_monai.archive import service
from gdkvm_monai.archive.sender import CStoreSender, Destination
from gdkvm_monai.cli import fetch, listen
from tests.archive.orthanc import free_port
from tests.study.tiny_command import gdkvm, process_kept

pytest.importorskip("pynetdicom")


@pytest.fixture()
def started(monkeypatch):
    """What the server would start with."""
    seen = {}
    monkeypatch.setattr(listen, "load_segmenter", lambda options: None)
    monkeypatch.setattr(service, "serve", lambda folder, settings, stop: seen.update(folder=folder, settings=settings))
    with process_kept():
        yield seen


def test_the_archive_that_gets_the_results_may_send_and_only_this_machine_is_served(started, tmp_path):
    line = "listen --port 11112 --aet GDKVM --send ORTHANC@localhost:4242 --allow SCANNER ORTHANC --out"
    assert gdkvm(*line.split(), tmp_path / "out") == 0
    settings, delivery = started["settings"], started["folder"].delivery
    assert settings.allowed == ("SCANNER", "ORTHANC") and settings.host == "127.0.0.1" and settings.port == 11112
    assert delivery._send == CStoreSender("GDKVM", Destination("ORTHANC", "localhost", 4242))
    assert settings.clip_bytes == 500_000_000


def test_results_stay_here_without_a_destination_and_all_may_send_if_asked(started, tmp_path):
    assert gdkvm("listen", "--port", 0, "--allow-any", "--out", tmp_path / "out") == 0
    assert started["settings"].allowed is None and started["folder"].delivery is None


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([], "--allow AET, or --allow-any"),
        (["--allow", "A" * 17], "A" * 17),
        (["--allow-any", "--send", "ORTHANC"], "'ORTHANC'"),
        (["--allow-any", "--aet", "A\\B"], "AE title"),
        (["--allow-any", "--port", "70000"], "70000"),
        (["--allow-any", "--max-clips", "0"], "--max-clips is 0"),
    ],
)
def test_wrong_use_is_one_line_and_starts_nothing(started, tmp_path, capsys, words, named):
    assert gdkvm("listen", "--port", 1, "--out", tmp_path / "out", *words) == 2
    error = capsys.readouterr().err
    assert named in error and error.count("\n") == 1 and not started and not (tmp_path / "out").exists()


def test_a_folder_in_use_is_refused(started, tmp_path, capsys):
    with service.open_folder(tmp_path, None, None):
        assert gdkvm("listen", "--port", 0, "--allow-any", "--out", tmp_path) == 2
    assert "another process" in capsys.readouterr().err


def test_a_folder_or_a_port_in_use_is_refused_before_the_network_is_loaded(monkeypatch, tmp_path, capsys):
    loaded = []
    monkeypatch.setattr(listen, "load_segmenter", loaded.append)
    line = ["listen", "--allow-any", "--out", tmp_path, "--free-gb", 0, "--port"]
    with process_kept(), service.open_folder(tmp_path, None, None):
        assert gdkvm(*line, 0) == 2
    assert "another process" in capsys.readouterr().err
    with process_kept(), socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert gdkvm(*line, port) == 2
    error = capsys.readouterr().err
    assert f"127.0.0.1:{port} cannot be used" in error and error.count("\n") == 1 and not loaded


def test_the_network_is_loaded_while_the_port_is_already_bound(monkeypatch, tmp_path, capsys):
    def load(options):
        with socket.create_connection(("127.0.0.1", options.port)):
            raise ValueError("the weights are damaged.")

    monkeypatch.setattr(listen, "load_segmenter", load)
    with process_kept():
        assert gdkvm("listen", "--allow-any", "--out", tmp_path, "--port", free_port()) == 2
    assert "the weights are damaged." in capsys.readouterr().err


def test_the_commands_of_the_page_are_accepted(tmp_path):
    page = (Path(__file__).resolve().parents[2] / "docs" / "tutorials" / "archive.md").read_text().replace("\\\n", " ")
    lines = [shlex.split(line) for line in re.findall(r"^gdkvm (.+)$", page, re.MULTILINE)]
    parsers = {"listen": listen.build_parser(), "fetch": fetch.build_parser()}
    assert {words[0] for words in lines} == {*parsers, "phantom"}
    for name, *words in lines:
        assert name == "phantom" or parsers[name].parse_args(words).out
