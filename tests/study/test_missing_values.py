"""An unknown number is ``None`` in a record and NaN in a computation."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.study.missing_values import none_if_unknown, with_nan


@pytest.mark.parametrize("value", [None, np.nan, np.inf, -np.inf])
def test_what_is_not_a_finite_number_is_unknown(value):
    assert none_if_unknown(value) is None


def test_a_known_number_is_rounded_to_a_float():
    found = none_if_unknown(np.float32(0.12345))
    assert found == 0.1235 and type(found) is float and none_if_unknown(0) == 0


def test_unknown_values_of_a_record_are_nan():
    np.testing.assert_array_equal(with_nan((1, None, 2.5)), [1, np.nan, 2.5])
