"""Names of clips in tables: short, the same on every machine, and different for every clip of a patient and view."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePath

import numpy as np

from gdkvm_monai.evaluation.clip_result import ClipResult

__all__ = ["name_clips"]


def name_clips(clips: Sequence[ClipResult]) -> list[ClipResult]:
    """Give each clip a short name that does not depend on the data folder, in order of patient, view, and name.

    Args:
        clips: with the path of each clip's file. A clip that occurs twice, as with a padded sampler, counts once. One
            without a patient is a patient of its own, named like the clip.

    Returns:
        Clips with the name of their file, preceded by as many folders as are needed to tell the clips of the same
        patient and view apart.

    Raises:
        ValueError: if two clips of a patient and view have the same file, or none, and different labels.
    """
    unique: dict[tuple[str, str, str], ClipResult] = {}
    for clip in clips:
        other = unique.setdefault(clip.key, clip)
        if not np.array_equal(other.label_ends, clip.label_ends):
            name = f"the file {clip.clip}" if clip.clip else "no file name"
            raise ValueError(
                f"two clips of patient {clip.patient}, view {clip.view}, have {name} and different labels; "
                "give each item a 'clip' of its own."
            )
    names = [_short_name(clip, unique.values()) for clip in unique.values()]
    named = [replace(clip, clip=name, patient=clip.patient or name) for clip, name in zip(unique.values(), names)]
    return sorted(named, key=lambda clip: clip.key)


def _short_name(clip: ClipResult, clips: Iterable[ClipResult]) -> str:
    parts = PurePath(clip.clip).parts
    others = [
        PurePath(c.clip).parts for c in clips if c is not clip and (c.patient, c.view) == (clip.patient, clip.view)
    ]
    for length in range(1, len(parts) + 1):
        if all(other[-length:] != parts[-length:] for other in others):
            return PurePath(*parts[-length:]).as_posix()
    return clip.clip
