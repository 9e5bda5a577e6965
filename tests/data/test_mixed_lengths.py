"""Each batch has clips of one length, which is a function of seed, pass, and batch."""

from __future__ import annotations

import itertools

import pytest
import torch
from monai.data import CacheDataset
from monai.transforms import Compose, Randomizable

from gdkvm_monai.data.mixed_lengths import MixedLengthBatches, MixedLengthLoader


class RandRepeated(Randomizable):
    """Repeat a random number as often as the loader says."""

    def set_num_frames(self, num_frames: int) -> None:
        self.num_frames = num_frames

    def __call__(self, item: int) -> torch.Tensor:
        return torch.full((self.num_frames,), item + self.R.uniform())


def loader(**options) -> MixedLengthLoader:
    data = CacheDataset(list(range(7)), Compose([RandRepeated()]), progress=False)
    return MixedLengthLoader(data, batch_size=2, **options)


def take(batches: MixedLengthLoader, count: int) -> list[torch.Tensor]:
    passes = itertools.chain.from_iterable(iter(lambda: iter(batches), None))
    return list(itertools.islice(passes, count))


def test_every_pass_has_each_item_once_and_every_batch_one_length():
    batches = MixedLengthBatches(20, 6, num_frames=[4, 7])
    for _ in range(3):
        drawn = list(batches)
        assert sorted(index for batch in drawn for index, _, _ in batch) == list(range(20))
        assert all(len({frames for _, _, frames in batch}) == 1 for batch in drawn)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_pairs_have_their_share_and_other_lengths_are_equally_frequent(share):
    lengths = [batch[0][2] for batch in MixedLengthBatches(2000, 1, num_frames=[4, 7], pair_share=share)]
    assert lengths.count(2) / 2000 == pytest.approx(share, abs=0.04)
    assert lengths.count(4) / 2000 == pytest.approx((1 - share) / 2, abs=0.04)
    assert set(lengths) <= {2, 4, 7}


@pytest.mark.parametrize("done", [1, 3, 4, 6])
def test_a_loader_that_starts_at_an_iteration_continues_like_one_that_never_stopped(done):
    whole, rest = take(loader(num_frames=[4, 7]), 10), loader(num_frames=[4, 7])
    assert len({batch.shape[1] for batch in whole}) > 1
    rest.start_at(done)
    assert all(map(torch.equal, whole[done:], take(rest, 10 - done)))


def test_batches_do_not_depend_on_the_number_of_workers():
    assert all(map(torch.equal, take(loader(), 8), take(loader(num_workers=2), 8)))


def test_lengths_and_shares_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"num_frames is \[2, 6\]"):
        MixedLengthBatches(4, num_frames=[2, 6])
    with pytest.raises(ValueError, match="pair_share is 1.5"):
        MixedLengthBatches(4, pair_share=1.5)
