"""Which beats of a clip are not in the mean, and why, in words."""

from __future__ import annotations

from collections.abc import Sequence

from gdkvm_monai.study.measurements import Beat

__all__ = ["describe_beats"]

CONCERNS = {
    "not_measurable": "the left ventricle has no volume",
    "clip_end": "end-diastole or end-systole is the first or last frame of the clip",
    "odd_interval": "the interval before is that of an ectopic beat or of the pause after one",
    "uncertain": "the volumes are too noisy",
}
"""Words for each concern about a beat."""


def describe_beats(beats: Sequence[Beat]) -> list[str]:
    """Say for each concern which beats are left out of the mean or, if all beats share one, are in it all the same.

    Example:
        >>> describe_beats([])
        []
    """
    notes = []
    for concern, words in CONCERNS.items():
        for in_mean in (False, True):
            numbers = [n for n, beat in enumerate(beats, 1) if beat.concern == concern and beat.in_mean == in_mean]
            if numbers:
                names = f"beat {numbers[0]}" if len(numbers) == 1 else f"beats {', '.join(map(str, numbers))}"
                place = "in the mean for lack of a better one" if in_mean else "not in the mean"
                notes.append(f"{names} {'is' if len(numbers) == 1 else 'are'} {place}: {words}.")
    return notes
