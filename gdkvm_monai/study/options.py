"""Options for segmenting a clip, shared by the command and the Python API."""

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
        view: ``"4CH"`` (or ``"A4C"``), ``"2CH"`` (or ``"A2C"``), or ``None`` if unknown.
        structures: which of ``LV``, ``MYO``, and ``LA`` to keep in the masks.
        fast: skip the perturbed copies and, with them, confidence and interval; takes a third of the time.
        fps: frames per second, overrides the file.
        spacing_mm: mm per pixel, lateral and in depth, overrides the file.
        crop: show the network only the tissue region of an ultrasound DICOM; masks stay on the full grid.
        force: also accept Doppler, M-mode, and arrays with more frames than columns.
        allow_partial: accept a truncated clip.
        max_voxels: largest number of pixels that a file may declare.
        formats: mask formats to write, from ``FORMATS``.
        overlay: one of ``OVERLAYS``.
        report: write ``report.html``.
        save_prob: write the class probabilities to ``probabilities.npy``.

    Raises:
        ValueError: if a value is unknown or out of range.
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
        """Create options from keyword arguments.

        Raises:
            TypeError: if an option does not exist.
            ValueError: if a value is unknown or out of range.
        """
        known = [option.name for option in fields(cls)]
        for name in keywords:
            if name not in known:
                near = get_close_matches(name, known, 1)
                advice = f"did you mean {near[0]!r}?" if near else f"the options are {', '.join(known)}."
                raise TypeError(f"segment() has no option {name!r}; {advice}")
        return cls(**keywords)

    def read_options(self) -> ReadOptions:
        """Return the options that concern the reader."""
        from gdkvm_monai.data.clip import ReadOptions  # imports MONAI; the command checks options without it

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
