"""What can be chosen when a clip is segmented, for the command and the Python API alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypedDict

from gdkvm_monai.labels import STRUCTURES, parse_view

if TYPE_CHECKING:
    from gdkvm_monai.data.clip import ReadOptions

__all__ = ["FORMATS", "OVERLAYS", "SegmentKeywords", "SegmentOptions"]

FORMATS = ("nifti", "png", "npz", "dicom-seg", "dicom-sr")
OVERLAYS = ("gif", "avi", "none")


@dataclass(frozen=True)
class SegmentOptions:
    """Options of :func:`gdkvm_monai.segment`.

    Attributes:
        view: ``"4CH"`` (or ``"A4C"``) or ``"2CH"`` (``"A2C"``), or ``None`` where it is not known.
        structures: which of ``LV``, ``MYO`` and ``LA`` stay in the masks.
        fast: leave out the perturbed copies, and with them confidence and interval: a third of the time.
        fps: frames per second, instead of what the file says.
        spacing_mm: mm per pixel, lateral and in depth, instead of what the file says.
        crop: show the network the tissue region of an ultrasound DICOM only; masks stay on the full grid.
        force: read Doppler and M-mode, and arrays with more frames than columns, too.
        allow_partial: accept a clip whose end is missing.
        max_voxels: most pixels that a file may claim to hold.
        formats: of the masks, some of ``FORMATS``.
        overlay: one of ``OVERLAYS``.
        report: write ``report.html``.
        save_prob: write the class probabilities, ``probabilities.npy``.

    Raises:
        ValueError: when a value is unknown or out of range.
    """

    view: str | None = None
    structures: tuple[str, ...] = tuple(STRUCTURES)
    fast: bool = False
    fps: float | None = None
    spacing_mm: tuple[float, float] | None = None
    crop: bool = True
    force: bool = False
    allow_partial: bool = False
    max_voxels: int = 2_000_000_000
    formats: tuple[str, ...] = ("nifti",)
    overlay: str = "gif"
    report: bool = True
    save_prob: bool = False

    def __post_init__(self) -> None:
        if self.view is not None:
            object.__setattr__(self, "view", parse_view(self.view))
        if self.overlay not in OVERLAYS:
            raise ValueError(f"overlay is {self.overlay!r}, expected one of {', '.join(OVERLAYS)}.")
        self._check_choices("structures", tuple(STRUCTURES))
        self._check_choices("formats", FORMATS)
        if self.fps is not None and not 0 < self.fps <= 1000:
            raise ValueError(f"fps is {self.fps}, expected frames per second above 0 and up to 1000.")
        if self.spacing_mm is not None:
            if len(self.spacing_mm) != 2 or not all(0 < length <= 10 for length in self.spacing_mm):
                raise ValueError(
                    f"spacing_mm is {self.spacing_mm}, expected two lengths above 0 and up to 10 mm per pixel."
                )
            object.__setattr__(self, "spacing_mm", tuple(float(length) for length in self.spacing_mm))

    def _check_choices(self, name: str, known: tuple[str, ...]) -> None:
        values = getattr(self, name)
        if isinstance(values, str) or not values or not set(values) <= set(known):
            given = repr(values) if isinstance(values, str) else ", ".join(values) or "nothing"
            raise ValueError(f"{name} got {given}, expected one or several of {', '.join(known)}, as a list or tuple.")
        object.__setattr__(self, name, tuple(values))

    @classmethod
    def from_keywords(cls, keywords: Mapping[str, object]) -> SegmentOptions:
        """The options with these names and values.

        Raises:
            TypeError: when there is no option of a name.
            ValueError: when a value is unknown or out of range.
        """
        known = [option.name for option in fields(cls)]
        for name in keywords:
            if name not in known:
                near = get_close_matches(name, known, 1)
                advice = f"did you mean {near[0]!r}?" if near else f"the options are {', '.join(known)}."
                raise TypeError(f"segment() has no option {name!r}; {advice}")
        return cls(**keywords)

    def read_options(self) -> ReadOptions:
        """The part of them that readers know."""
        from gdkvm_monai.data.clip import ReadOptions  # with numpy and MONAI; the command checks options without them

        return ReadOptions(self.max_voxels, self.force, self.allow_partial)


class SegmentKeywords(TypedDict, total=False):
    """The attributes of :class:`SegmentOptions` as keyword arguments, for editors and type checkers."""

    view: str | None
    structures: tuple[str, ...]
    fast: bool
    fps: float | None
    spacing_mm: tuple[float, float] | None
    crop: bool
    force: bool
    allow_partial: bool
    max_voxels: int
    formats: tuple[str, ...]
    overlay: str
    report: bool
    save_prob: bool
