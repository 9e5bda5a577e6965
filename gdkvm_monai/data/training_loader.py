"""A training loader whose batches are functions of seed and iteration, so that training can resume anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from monai.data import DataLoader
from torch.utils.data import Dataset, Sampler

from gdkvm_monai.data.seeds import random_generator

__all__ = ["SeededItems", "ShuffledBatches", "TrainingLoader"]

ORDER, AUGMENTATION = range(2)
"""Streams of random numbers of one seed."""


class ShuffledBatches(Sampler[list[tuple[int, int]]]):
    """Batches of items in an order drawn anew in each pass, each item with its own seed.

    The order is a function of ``(seed, pass)``, and the seed of an item of ``(seed, pass, index)``. In distributed
    training, the processes share each batch of ``processes x batch_size`` items, so that they train on the same items
    as one process with the joined batch size; the first items of a pass fill its end, so that all processes have the
    same number.

    Args:
        length: number of items, at least 1.
        batch_size: number of items of a batch in each process.
        seed: non-negative seed, the same in all processes.
        shuffle: whether to draw the order; otherwise, that of the data set.

    Raises:
        ValueError: if there are no items, or the batch size is not positive.
    """

    def __init__(self, length: int, batch_size: int = 1, seed: int = 0, shuffle: bool = True) -> None:
        if length < 1:
            raise ValueError("the training set has 0 clips, expected at least 1; check dataset_dir.")
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}, expected at least 1.")
        self.length, self.batch_size, self.seed, self.shuffle = length, batch_size, seed, shuffle
        self._next = 0

    def __len__(self) -> int:
        """Return the number of batches of a pass in each process."""
        return -(-self.length // (_processes() * self.batch_size))

    def start_at(self, iteration: int) -> None:
        """Let the next pass begin with the batch that follows ``iteration`` batches of an uninterrupted run."""
        self._next = iteration

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        """Yield the remaining batches of a pass, each a list of indices with their seeds."""
        number, done = divmod(self._next, len(self))
        self._next = (number + 1) * len(self)
        indices = np.arange(self.length)
        if self.shuffle:
            indices = random_generator((self.seed, number), ORDER).permutation(self.length)
        processes = _processes()
        indices = np.resize(indices, -(-self.length // processes) * processes)  # repeats the first items at the end
        own = indices[dist.get_rank() :: processes] if processes > 1 else indices
        batches = [own[start : start + self.batch_size] for start in range(0, len(own), self.batch_size)]
        for batch in batches[done:]:
            yield [(int(index), self._seed(number, int(index))) for index in batch]

    def _seed(self, number: int, index: int) -> int:
        return int(random_generator((self.seed, number, index), AUGMENTATION).integers(2**32))


class TrainingLoader(DataLoader):
    """MONAI's loader with :class:`ShuffledBatches`; random transforms draw from the seed of their item.

    An item is thus the same for any number of workers and processes, and after any interruption. This holds for
    transforms that draw from their own random state, as MONAI's do, not for those that use global generators.

    Args:
        dataset: training set with a ``transform``.
        batch_size: number of items of a batch.
        seed: non-negative seed of the order and of the random transforms.
        shuffle: whether to draw the order.
        kwargs: further arguments of MONAI's loader.
    """

    def __init__(
        self, dataset: Dataset, batch_size: int = 1, seed: int = 0, shuffle: bool = True, **kwargs: Any
    ) -> None:
        batches = ShuffledBatches(len(dataset), batch_size, seed, shuffle)  # type: ignore[arg-type]
        self._load(SeededItems(dataset), batches, **kwargs)

    def _load(self, items: SeededItems, batches: ShuffledBatches, **kwargs: Any) -> None:
        # its own generator, so that the global one is independent of resuming
        generator = torch.Generator().manual_seed(batches.seed)
        super().__init__(items, batch_sampler=batches, generator=generator, **kwargs)

    def start_at(self, iteration: int) -> None:
        """Let the next pass begin with the batch that follows ``iteration`` iterations."""
        self.batch_sampler.start_at(iteration)  # type: ignore[union-attr]


class SeededItems(Dataset):
    """A data set that is indexed by pairs of an index and the seed of its random transforms."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)  # type: ignore[arg-type]

    def __getitem__(self, key: tuple[int, int]) -> Any:
        index, seed = key
        transform = getattr(self.dataset, "transform", None)
        if hasattr(transform, "set_random_state"):
            transform.set_random_state(seed)
        return self.dataset[index]


def _processes() -> int:
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1
