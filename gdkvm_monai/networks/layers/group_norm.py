"""Group normalization in the form that MONAI's blocks accept."""

from __future__ import annotations

import math

__all__ = ["group_norm"]


def group_norm(channels: int) -> tuple[str, dict[str, int]]:
    """Return MONAI's name and arguments for group normalization with up to eight groups.

    Batch statistics would mix frames that follow a mask with frames that do not, and end-diastole with end-systole.

    Example:
        >>> group_norm(12)
        ('group', {'num_groups': 4, 'num_channels': 12})
    """
    return "group", {"num_groups": math.gcd(8, channels), "num_channels": channels}
