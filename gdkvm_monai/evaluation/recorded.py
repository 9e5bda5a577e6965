"""What a data set states about a clip: image quality and ejection fraction, and the view for which it states them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gdkvm_monai.labels import VIEWS

__all__ = ["Recorded", "combine_ef"]


@dataclass(frozen=True)
class Recorded:
    """What the data set states about an acquisition, which need not be that of the clip that it stands beside.

    Attributes:
        view: view whose acquisition it was stated for.
        image_quality: image quality as graded in the data set.
        ef_percent: ejection fraction, or NaN.
    """

    view: str = "unknown"
    image_quality: str = "unknown"
    ef_percent: float = np.nan

    @classmethod
    def from_item(cls, item: Mapping[str, object], view: str) -> Recorded:
        """Return what an item of a datalist states about its own view, else about another one.

        Args:
            item: with ``image_quality`` and ``ef_percent``, or with the same keys and another view at their end, for
                example ``ef_percent_2CH``.
            view: view of the item.
        """
        for stated, end in ((view, ""), *((other, f"_{other}") for other in VIEWS)):
            quality, ef_percent = item.get(f"image_quality{end}"), item.get(f"ef_percent{end}")
            if quality is not None or ef_percent is not None:
                return cls(stated, str(quality or "unknown"), np.nan if ef_percent is None else float(ef_percent))
        return cls(view)

    @property
    def ef_class(self) -> str:
        """Class of the ejection fraction."""
        ef = self.ef_percent
        return "unknown" if np.isnan(ef) else "< 40 %" if ef < 40 else "40-55 %" if ef <= 55 else "> 55 %"


def combine_ef(recorded: Sequence[Recorded]) -> tuple[float, str]:
    """Return the ejection fraction recorded for one or several views together, and these views.

    Example:
        >>> combine_ef([Recorded("4CH", ef_percent=54.0), Recorded("2CH", ef_percent=54.0)])
        (54.0, '4CH+2CH')
        >>> combine_ef([Recorded("4CH", ef_percent=54.0), Recorded("2CH", ef_percent=60.0)])
        (nan, '4CH 54 %, 2CH 60 % differ')
    """
    stated = {one.view: one.ef_percent for one in recorded if np.isfinite(one.ef_percent)}
    if len(set(stated.values())) > 1:
        return np.nan, ", ".join(f"{view} {ef_percent:g} %" for view, ef_percent in stated.items()) + " differ"
    return next(iter(stated.values()), np.nan), "+".join(stated)
