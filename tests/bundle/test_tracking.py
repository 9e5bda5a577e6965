"""Experiment tracking: MLflow and TensorBoard write to the output folder and use no network."""

from __future__ import annotations

import io
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from PIL import Image

from tests.bundle.tiny_bundle import train_tiny


@pytest.fixture
def offline(monkeypatch):
    """Make any connection to another machine an error."""

    def refuse(self, address):
        raise AssertionError(f"tried to connect to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")


@pytest.mark.slow
def test_mlflow_tracks_offline_into_the_output_folder(phantom_root, tmp_path, offline):
    pytest.importorskip("mlflow", reason="MLflow is not installed; pip install -e .[track]")
    train_tiny(tmp_path, phantom_root, tracking="mlflow", experiment_name="echo", run_name="first")
    with sqlite3.connect(tmp_path / "training" / "mlruns.db") as database:
        assert ("echo",) in database.execute("select name from experiments").fetchall()
        assert database.execute("select name, status from runs").fetchall() == [("first", "FINISHED")]
        steps = database.execute("select key, step from metrics order by step").fetchall()
    assert {name for name, _ in steps} >= {"train_loss", "val_mean_dice"}
    assert [step for name, step in steps if name == "train_loss"] == [1, 2]
    assert list((tmp_path / "training").glob("mlruns/**/config_*.json")), "the executed config is kept with the run"


@contextmanager
def one_thread() -> Iterator[None]:
    """Run PyTorch on one thread.

    With several, oneDNN of torch 2.13 corrupts the heap on processors with AVX-512 in the gradient of a strided 1x1
    convolution with 8 channels in channels-last format, for most sizes. No network of the bundle is that narrow.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.slow
def test_tensorboard_gets_scalars_and_clips_with_their_predictions(phantom_root, tmp_path, offline):
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed; pip install -e .[track]")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with one_thread():
        train_tiny(tmp_path, phantom_root, "tensorboard.yaml", num_frames=3, frame_size=[32, 48])
    scalars, pictures = {}, {}
    for path in (tmp_path / "training" / "tensorboard").glob("events.*"):
        events = EventAccumulator(str(path)).Reload()
        scalars |= {tag: events.Scalars(tag) for tag in events.Tags()["scalars"]}
        pictures |= {tag: events.Images(tag) for tag in events.Tags()["images"]}
    assert [event.step for event in scalars["train_loss"]] == [1, 2] and "val_mean_dice" in scalars
    clips = {
        tag.split("_HWD")[0]: Image.open(io.BytesIO(events[0].encoded_image_string)) for tag, events in pictures.items()
    }
    assert set(clips) == {"input_0", "input_1", "output"}
    assert all(clip.format == "GIF" and clip.n_frames == 3 for clip in clips.values())
    assert clips["input_0"].size == (32, 48), "lateral is horizontal"


def test_the_memory_is_recorded_in_the_output_folder(phantom_root, tmp_path):
    train_tiny(tmp_path, phantom_root, "memory_curves.yaml", memory_interval=1, num_frames=3, frame_size=[32, 48])
    table = (tmp_path / "training" / "memory_curves.csv").read_text()
    assert "alpha q0.5,2," in table and "beta gradient q1,2," in table and '"effective rank, last frame",2,' in table
    assert Image.open(tmp_path / "training" / "memory_curves.png").width > 1000
