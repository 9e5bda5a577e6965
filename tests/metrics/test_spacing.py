"""Validation of the pixel spacing."""

from __future__ import annotations

import pytest

from gdkvm_monai.metrics.spacing import check_spacing


def test_a_spacing_is_two_numbers_and_ones_for_pixels():
    assert check_spacing([0.5, 2]) == (0.5, 2.0)
    assert check_spacing(None) == (1.0, 1.0)


@pytest.mark.parametrize("spacing", [(1.0,), (1.0, 1.0, 1.0), (1.0, 0.0), (-1.0, 1.0), (1.0, float("nan"))])
def test_anything_but_two_positive_numbers_is_refused(spacing):
    with pytest.raises(ValueError) as error:
        check_spacing(spacing)
    assert str(tuple(spacing)) in str(error.value)
