"""The model card that a training run writes, and the hashes in it of the weights beside it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from monai.config import PathLike

from gdkvm_monai.files import file_sha256
from gdkvm_monai.networks.card import ModelCard, read_card

__all__ = ["record_weights", "write_run_card"]

PROGRESS = ("iterations", "intensity_mean", "intensity_sd", "weights_sha256", "gdkvm_version")
"""Fields that change while a network is trained."""


def write_run_card(card: ModelCard, path: PathLike) -> None:
    """Write the card of a training run, which lists the weights that the run has saved so far.

    Weights of another run in the same folder keep their own card until :func:`record_weights` replaces both.

    Args:
        card: card of the run; its hashes are replaced.
        path: ``model.json`` beside the weights.
    """
    path = Path(path)
    present = read_card(path, check_weights=False)
    if present is not None and _run(present) == _run(card):
        replace(card, weights_sha256=present.weights_sha256).write(path)
        _next(path).unlink(missing_ok=True)  # of this run, before it was known to continue the present one
    else:
        others = present is not None and any(path.parent.glob("*.pt"))
        replace(card, weights_sha256=()).write(_next(path) if others else path)


def record_weights(weights: PathLike, content: PathLike) -> None:
    """Add the hash of weights to the card beside them, before they move into place.

    If the process is killed between the two steps, the card lists the old weights of the run and the new ones. The
    hashes of files that no longer exist are dropped. Without a card, nothing is written.

    Args:
        weights: path that the weights will have, such as ``models/model.pt``.
        content: temporary file with the weights.
    """
    path = Path(weights).with_name("model.json")
    first = _next(path).is_file()
    card = read_card(_next(path) if first else path, check_weights=False)
    if card is not None:
        present = {file_sha256(file) for file in path.parent.glob("*.pt")}
        kept = [sha256 for sha256 in card.weights_sha256 or () if sha256 in present]
        replace(card, weights_sha256=tuple(dict.fromkeys([*kept, file_sha256(content)]))).write(path)
        _next(path).unlink(missing_ok=True)


def _next(path: Path) -> Path:
    """The card of a run that has not saved weights yet, beside that of other weights."""
    return path.with_name(f"{path.stem}_next{path.suffix}")


def _run(card: ModelCard) -> str:
    """What identifies the run of a card; as text, because JSON has no tuples."""
    return json.dumps({name: value for name, value in asdict(card).items() if name not in PROGRESS}, sort_keys=True)
