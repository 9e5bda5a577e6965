"""Random numbers follow from a seed and a purpose, and from nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data.seeds import random_generator


def draw(seed, stream: int) -> np.ndarray:
    return random_generator(seed, stream).random(1000)


def test_the_same_seed_and_purpose_give_the_same_numbers():
    np.testing.assert_array_equal(draw((1, 7), 3), draw([1, 7], 3))
    np.testing.assert_array_equal(draw(4, 0), draw((4,), 0))


@pytest.mark.parametrize("other", [((1, 7), 4), ((7, 1), 3), ((1, 8), 3)], ids=["purpose", "order", "patient"])
def test_other_seeds_and_purposes_give_uncorrelated_numbers(other):
    assert abs(np.corrcoef(draw((1, 7), 3), draw(*other))[0, 1]) < 0.1


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match=r"\(1, -2\) must consist of non-negative integers"):
        random_generator((1, -2), 0)
