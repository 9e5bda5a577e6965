"""Settings of phantoms are checked before anything is written."""

from __future__ import annotations

import pytest

from gdkvm_monai.data.phantom import PhantomSettings


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"num_patients": (1, 2)}, "three counts"),
        ({"num_patients": (0, 0, 0)}, "three counts"),
        ({"frames": 1}, "at least 2"),
        ({"views": ("3CH",)}, "3CH"),
        ({"views": ()}, "2CH, 4CH"),
        ({"qualities": ()}, "good, medium, poor"),
        ({"size": None}, "exactly one"),
        ({"systole_first": 1.5}, "0 to 1"),
    ],
)
def test_settings_out_of_range_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        PhantomSettings(**wrong)


def test_settings_are_equal_however_they_are_written():
    assert PhantomSettings([1, 0, 0], [64, 48], frames=3) == PhantomSettings((1, 0, 0), (64, 48), frames=(3, 3))
    assert PhantomSettings(views=["a2c", "A4C"]) == PhantomSettings(views=("2CH", "4CH"))
