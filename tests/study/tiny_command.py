"""A tiny network's checkpoint with its card, clips of known masks, and the command run in this process."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from gdkvm_monai.cli.main import main
from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip, write_clip
from gdkvm_monai.files import file_sha256
from gdkvm_monai.networks.card import ModelCard
from gdkvm_monai.networks.nets import GDKVM
from tests.study.gray_level_network import LEVELS

SMALL = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 16}
QUICK = ("--fast", "--no-report", "--overlay", "none", "--quiet")


def write_tiny_weights(folder: Path) -> Path:
    """``model.pt`` of an untrained network that sees 32 x 32 pixels, and ``model.json`` beside it."""
    torch.manual_seed(0)
    network = GDKVM(**SMALL)
    torch.save(network.state_dict(), folder / "model.pt")
    known = {"trained_on": "nothing", "license": "Apache-2.0", "weights_sha256": (file_sha256(folder / "model.pt"),)}
    card = ModelCard("GDKVM", network.options, (32, 32), **known)
    card.write(folder / "model.json")
    return folder / "model.pt"


def write_label_clip(path: Path, format: str, view: str = "4CH", seed: int = 1, size=(48, 48), beats=1.2, **options):
    """Write a clip whose gray levels are its labels; returns it."""
    clip = render_phantom_clip(EchoPhantom(seed), view, beats, 25, size)
    clip = replace(clip, image=(clip.label * LEVELS).astype(np.uint8))
    write_clip(path, clip, format, **options)
    return clip


def noise_clip(frames: int = 3, shape: tuple[int, int] = (24, 20), seed: int = 0) -> np.ndarray:
    """Gray levels ``(H, W, T)``."""
    return np.random.default_rng(seed).integers(0, 256, (*shape, frames), dtype=np.uint8)


@contextmanager
def process_kept() -> Iterator[None]:
    """Take back what the command changes in its process."""
    handler = signal.getsignal(signal.SIGTERM)
    levels = {name: logging.getLogger(name).level for name in ("monai", "pydicom")}
    archive = logging.getLogger("gdkvm_monai.archive")
    kept = archive.handlers, archive.propagate, archive.level
    yield
    archive.handlers, archive.propagate = kept[:2]
    archive.setLevel(kept[2])
    signal.signal(signal.SIGTERM, handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def gdkvm(*arguments: object) -> int:
    """The exit code of the command."""
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as error:
        return error.code


def only_result(out: Path) -> Path:
    """The one folder of results in ``out``."""
    (folder,) = (path for path in out.iterdir() if path.is_dir())
    return folder
