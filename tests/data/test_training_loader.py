"""Batches and augmentation are functions of the seed and the iteration: of nothing else."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.distributed as dist
from monai.data import CacheDataset
from monai.transforms import Compose, RandGaussianNoised

from gdkvm_monai.data.training_loader import ShuffledBatches, TrainingLoader


def make_loader(count: int = 7, batch_size: int = 3, **options) -> TrainingLoader:
    data = [{"image": torch.full((1, 2), float(index))} for index in range(count)]
    noise = Compose([RandGaussianNoised("image", prob=0.8, std=0.1)])
    return TrainingLoader(CacheDataset(data, noise, progress=False), batch_size=batch_size, **options)


def take(loader: TrainingLoader, count: int) -> list[torch.Tensor]:
    """Return the first batches of as many passes as needed, as an engine takes them."""
    passes = itertools.chain.from_iterable(iter(lambda: iter(loader), None))
    return [torch.as_tensor(batch["image"]) for batch in itertools.islice(passes, count)]


def equal(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    return len(first) == len(second) and all(map(torch.equal, first, second))


def test_every_pass_has_each_item_once_in_a_new_order():
    sampler = ShuffledBatches(20, 6)
    orders = [[index for batch in sampler for index, _ in batch] for _ in range(3)]
    assert all(sorted(order) == list(range(20)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3


def test_without_shuffling_the_order_is_that_of_the_data():
    assert [[index for index, _ in batch] for batch in ShuffledBatches(5, 2, shuffle=False)] == [[0, 1], [2, 3], [4]]


def test_an_item_is_augmented_differently_in_each_pass_and_with_each_seed():
    batches = [take(make_loader(1, 1, seed=seed), 6) for seed in (0, 1)]
    values = [value for batch in itertools.chain(*batches) for value in batch.flatten().tolist() if value]
    assert len(values) > 8 and len(set(values)) == len(values)


@pytest.mark.parametrize("done", [0, 1, 2, 3, 5, 9])
def test_a_loader_that_starts_at_an_iteration_continues_like_one_that_never_stopped(done):
    whole, rest = take(make_loader(), 12), make_loader()
    rest.start_at(done)
    assert equal(whole[done:], take(rest, 12 - done))


def test_batches_do_not_depend_on_the_number_of_workers_or_on_global_generators():
    whole = take(make_loader(), 7)
    torch.manual_seed(123)
    assert equal(whole, take(make_loader(num_workers=2), 7))


def test_iterating_leaves_the_global_generator_unchanged():
    loader = make_loader()
    before = torch.get_rng_state()
    take(loader, 5)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("length", [8, 11])
def test_two_processes_share_the_batches_of_one_process_with_the_joined_size(monkeypatch, length):
    joined = list(ShuffledBatches(length, 4, seed=5))
    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    monkeypatch.setattr(dist, "get_world_size", lambda: 2)
    shares = []
    for rank in range(2):
        monkeypatch.setattr(dist, "get_rank", lambda rank=rank: rank)
        sampler = ShuffledBatches(length, 2, seed=5)
        shares.append(list(sampler))
        assert len(shares[-1]) == len(sampler) == len(joined)
    for whole, first, second in zip(joined, *shares):
        assert len(first) == len(second) and set(whole) <= {*first, *second}
        assert len(whole) % 2 or sorted(whole) == sorted([*first, *second])  # an odd number of items is filled up


def test_an_empty_training_set_and_a_batch_without_items_are_refused():
    with pytest.raises(ValueError, match="0 clips"):
        ShuffledBatches(0)
    with pytest.raises(ValueError, match="batch_size is 0"):
        ShuffledBatches(3, 0)
