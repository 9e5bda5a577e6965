"""The hashes in a model card of the weights that a training run writes beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from monai.config import PathLike

from gdkvm_monai.files import file_sha256
from gdkvm_monai.networks.card import read_card

__all__ = ["record_weights"]


def record_weights(weights: PathLike, content: PathLike) -> None:
    """Add the hash of weights to the card beside them, before they move into place.

    If the process is killed between the two steps, the card lists the old weights and the new ones. The hashes of
    files that no longer exist are dropped. Without a card, nothing is written.

    Args:
        weights: path that the weights will have, such as ``models/model.pt``.
        content: temporary file with the weights.
    """
    path = Path(weights).with_name("model.json")
    card = read_card(path, check_weights=False)
    if card is not None:
        present = {file_sha256(file) for file in path.parent.glob("*.pt")}
        kept = [sha256 for sha256 in card.weights_sha256 or () if sha256 in present]
        replace(card, weights_sha256=tuple(dict.fromkeys([*kept, file_sha256(content)]))).write(path)
