"""Average the weights of runs that share a start, such as several seeds of fine-tuning from one file.

    python -m benchmarks.mean_weights runs/a/models/model_final.pt runs/b/models/model_final.pt -o runs/mean/model.pt

The mean of networks that started differently is useless: their channels have no common order. The cards must therefore
name the same network, data, and start. Statistics of batch normalization are averaged like weights, which is an
approximation: score the result like any other weights.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

import gdkvm_monai
from gdkvm_monai.files import file_sha256
from gdkvm_monai.networks.card import ModelCard, read_card
from gdkvm_monai.networks.checkpoint import first_difference, read_checkpoint, write_checkpoint

SAME = ("frame_size", "num_classes", "trained_on", "domain", "views", "license", "citation")
START = ("imagenet_weights", "initial_weights")
TRAINING_ONLY = ("dropout", "stochastic_depth", "chunk_size")
"""Arguments of a network that do not change its output."""


def main() -> None:
    """Average, write the weights with their card, and print path and hash."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path, nargs="+", metavar="FILE", help="weights, each with its card beside it")
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="FILE", help="new file; its card lies beside it"
    )
    options = parser.parse_args()
    try:
        card = write_mean(options.weights, options.out)
    except (OSError, ValueError) as error:
        raise SystemExit(f"mean_weights: {error}") from error
    if not card.initial_weights:
        print("warning: the cards name no weights that all runs started from (initial_weights); score the result.")
    print(f"{options.out}: mean of {len(options.weights)} files, SHA-256 {card.weights_sha256[0]}")


def write_mean(paths: Sequence[Path], out: Path) -> ModelCard:
    """Write the mean of weights and its card.

    Args:
        paths: at least two different files of weights, each with its card beside it.
        out: file to write, which must not exist; the card has the same name and the suffix ``.json``.

    Returns:
        The card of the mean.

    Raises:
        FileExistsError: if ``out`` exists.
        OSError: if a file cannot be read or written.
        ValueError: if there is only one file, or they differ in network, tensors, training data, or start.
    """
    if out.exists():
        raise FileExistsError(f"{out} exists; choose another name.")
    hashes = [file_sha256(path) for path in paths]
    if len(set(hashes)) < max(len(paths), 2):
        raise ValueError(
            f"{len(paths)} files of {len(set(hashes))} different contents are given, expected two or more."
        )
    card = common_card(paths)
    states = [read_checkpoint(path) for path in paths]
    network = card.build_network()
    for path, state in zip(paths, states):
        if difference := first_difference(network, state):
            raise ValueError(f"{path} does not fit the network of the card beside {paths[0]}: {difference}.")
    sources = ", ".join(f"{path.name} with SHA-256 {sha256}" for path, sha256 in zip(paths, hashes))
    card = replace(card, command=f"python -m benchmarks.mean_weights, the mean of {sources}")
    out.parent.mkdir(parents=True, exist_ok=True)
    write_checkpoint(out, mean_of(states))
    card = replace(card, weights_sha256=(file_sha256(out),))
    card.write(out.with_suffix(".json"))
    return card


def mean_of(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of all floating tensors in float32, and integer ones such as counters from the first state."""
    return {
        name: torch.stack([state[name].float() for state in states]).mean(0) if value.is_floating_point() else value
        for name, value in states[0].items()
    }


def common_card(paths: Sequence[Path]) -> ModelCard:
    """Return the card that describes the mean of several weights, without scores.

    Raises:
        ValueError: if a card is missing or describes no network, or the cards contradict each other.
    """
    cards = [read_card(path) for path in paths]
    for path, card in zip(paths, cards):
        if card is None or not card.describes_network:
            raise ValueError(f"{path} has no card that describes its network; keep its model.json beside it.")
    first, *others = map(compared, cards)
    for path, other in zip(paths[1:], others):
        for name, own, expected in zip((*SAME, *START, "network"), other, first):
            if own != expected:
                raise ValueError(
                    f"{name} is {own} in the card of {path} and {expected} in that of {paths[0]}; leave it out."
                )
    ranges = {name: widest(cards, name) for name in cards[0].intensity_ranges}
    most = {name: max(getattr(card, name) for card in cards) for name in ("clips", "iterations")}
    return replace(cards[0], **ranges, **most, scores={}, release="", gdkvm_version=gdkvm_monai.__version__)


def compared(card: ModelCard) -> list[object]:
    """Return what must agree: the fields of ``SAME`` and ``START``, and the network with what changes its output."""
    options = card.build_network().options
    network = {name: value for name, value in options.items() if name not in TRAINING_ONLY}
    return [getattr(card, name) for name in (*SAME, *START)] + [{"name": card.network, **network}]


def widest(cards: Sequence[ModelCard], name: str) -> tuple[float, float] | None:
    """Return the range over all cards, or ``None`` if one does not state it."""
    ranges = [getattr(card, name) for card in cards]
    return None if None in ranges else (min(low for low, _ in ranges), max(high for _, high in ranges))


if __name__ == "__main__":
    main()
