"""A training loader in which each batch has clips of one length, drawn from several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from gdkvm_monai.data.seeds import random_generator
from gdkvm_monai.data.training_loader import SeededItems, ShuffledBatches, TrainingLoader

__all__ = ["MixedLengthBatches", "MixedLengthLoader"]

LENGTH = 3
"""Stream of random numbers, beside those of :class:`TrainingLoader` and of the network."""


class MixedLengthBatches(ShuffledBatches):
    """:class:`ShuffledBatches` whose items also have a number of frames, the same for all items of a batch.

    It is a function of seed, pass, and batch, so it is the same in all processes and after an interruption.

    Args:
        length: number of items, at least 1.
        batch_size: number of items of a batch in each process.
        seed: non-negative seed, the same in all processes.
        num_frames: lengths of clips, drawn with equal probability; more than 2.
        pair_share: share of the batches that are pairs, of 2 frames, from 0 to 1.

    Raises:
        ValueError: if a length or the share is out of range.
    """

    def __init__(
        self, length: int, batch_size: int = 1, seed: int = 0, num_frames: Sequence[int] = (6,), pair_share: float = 0.5
    ) -> None:
        super().__init__(length, batch_size, seed)
        if not num_frames or min(num_frames) < 3:
            raise ValueError(f"num_frames is {list(num_frames)}, expected lengths of at least 3; pairs are extra.")
        if not 0 <= pair_share <= 1:
            raise ValueError(f"pair_share is {pair_share}, expected 0 to 1.")
        self.num_frames, self.pair_share = list(num_frames), pair_share

    def __iter__(self) -> Iterator[list[tuple[int, ...]]]:
        """Yield the remaining batches of a pass, each a list of indices with their seeds and number of frames."""
        number, done = divmod(self._next, len(self))
        for place, batch in enumerate(super().__iter__(), done):
            frames = self._frames(random_generator((self.seed, number, place), LENGTH))
            yield [(*item, frames) for item in batch]

    def _frames(self, rng: np.random.Generator) -> int:
        pair, longer = rng.uniform() < self.pair_share, int(rng.choice(self.num_frames))
        return 2 if pair else longer


class MixedLengthLoader(TrainingLoader):
    """:class:`TrainingLoader` that sets the length of the clips of each batch.

    Every transform of the data set with a method ``set_num_frames``
    (:class:`~gdkvm_monai.transforms.RandMovingPaird`) is told the length of its item's batch.

    Args:
        dataset: training set whose ``transform`` is a ``Compose``.
        batch_size: number of items of a batch.
        seed: non-negative seed of the order, the lengths, and the random transforms.
        num_frames: lengths of clips, drawn with equal probability; more than 2.
        pair_share: share of the batches that are pairs, of 2 frames, from 0 to 1.
        kwargs: further arguments of MONAI's loader.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int = 1,
        seed: int = 0,
        num_frames: Sequence[int] = (6,),
        pair_share: float = 0.5,
        **kwargs: Any,
    ) -> None:
        batches = MixedLengthBatches(len(dataset), batch_size, seed, num_frames, pair_share)  # type: ignore[arg-type]
        self._load(_SizedItems(dataset), batches, **kwargs)


class _SizedItems(SeededItems):
    """Items that are indexed by an index, a seed, and a number of frames."""

    def __getitem__(self, key: tuple[int, ...]) -> Any:
        index, seed, frames = key
        for transform in self.dataset.transform.transforms:  # type: ignore[attr-defined]
            if hasattr(transform, "set_num_frames"):
                transform.set_num_frames(frames)
        return super().__getitem__((index, seed))
