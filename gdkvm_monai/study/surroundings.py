"""What is beside the sector of a picture, such as text that names the patient, and whether results show it."""

from __future__ import annotations

from gdkvm_monai.metrics.sector import Sector
from gdkvm_monai.study.clip_cache import ClipCache

__all__ = ["hide_surroundings"]


def hide_surroundings(cache: ClipCache, sector: Sector, keep: bool) -> str:
    """Keep what is beside the sector out of all pictures of the results.

    Args:
        cache: pictures of the clip.
        sector: sector in all of its frames.
        keep: show everything.

    Returns:
        A sentence for the report: whether the surroundings are hidden or shown, and why.
    """
    region = None if keep else sector.without_surroundings()
    cache.show_only(region)
    if keep:
        return "shown, as requested; they may contain names."
    if region is None:
        return "shown, because no sector was found; they may contain names."
    return "hidden: everything outside the detected sector is black; text in or close to it remains."
