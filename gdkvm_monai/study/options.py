"""Options for segmenting a clip, shared by the command and the Python API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from numbers import Integral, Real
from typing import TYPE_CHECKING, TypedDict

from gdkvm_monai.labels import STRUCTURES, parse_view

if TYPE_CHECKING:
    from gdkvm_monai.data.clip import ReadOptions

__all__ = ["FORMATS", "OVERLAYS", "SegmentKeywords", "SegmentOptions"]

FORMATS = ("nifti", "png", "npz", "dicom-seg", "dicom-sr")
OVERLAYS = ("gif", "avi", "none")
_TYPES: Mapping[tuple[str, ...], tuple[type, str]] = {
    ("fast", "crop", "force", "allow_partial", "report", "save_prob", "keep_surroundings"): (bool, "True or False"),
    ("view", "sex", "overlay"): (str, "a string"),
    ("fps", "body_surface_area_m2"): (Real, "a number"),
    ("max_voxels", "region"): (Integral, "a whole number"),
}
"""Accepted type of each option, and its description."""

OPTIONAL = ("view", "fps", "region", "sex", "body_surface_area_m2")
"""Options of these types that may be ``None``."""

ABOUT_PATIENT = ("sex", "body_surface_area_m2")
"""Options that say something about the patient; only ``measurements.json`` and the report hold them."""


@dataclass(frozen=True)
class SegmentOptions:
    """Options of :func:`gdkvm_monai.segment`.

    Attributes:
        view: ``"4CH"`` (or ``"A4C"``), ``"2CH"`` (or ``"A2C"``), or ``None`` if unknown.
        structures: which of ``LV``, ``MYO``, and ``LA`` to keep in the masks; all of them are measured.
        fast: skip the perturbed copies and, with them, confidence and interval; takes a third of the time.
        fps: frames per second, overrides the file.
        spacing_mm: mm per pixel, lateral and in depth, overrides the file.
        crop: show the network only the tissue region of an ultrasound DICOM; masks stay on the full grid.
        force: also accept Doppler, M-mode, and arrays whose axes look like ``(T, H, W)``.
        allow_partial: accept a truncated clip.
        max_voxels: largest number of pixels that a file may declare.
        formats: mask formats to write, from ``FORMATS``.
        overlay: one of ``OVERLAYS``.
        report: write ``report.html``.
        save_prob: write the class probabilities to ``probabilities.npy``.
        sex: ``"F"`` or ``"M"``, chooses the reference ranges in the report; overrides the file.
        body_surface_area_m2: body surface area for the left atrial volume index; overrides the file.
        keep_surroundings: show what is beside the sector in all pictures, even if it names someone.
        region: which tissue region of an ultrasound DICOM with several, from left to right, 1 or more; ``None`` for
            the largest.

    Raises:
        TypeError: if a value has the wrong type.
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
    sex: str | None = None
    body_surface_area_m2: float | None = None
    keep_surroundings: bool = False
    region: int | None = None

    def __post_init__(self) -> None:
        self._check_types()
        if self.view is not None:
            object.__setattr__(self, "view", parse_view(self.view))
        if self.overlay not in OVERLAYS:
            raise ValueError(f"overlay is {self.overlay!r}, expected one of {', '.join(OVERLAYS)}.")
        self._check_choices("structures", tuple(STRUCTURES))
        self._check_choices("formats", FORMATS)
        if self.fps is not None and not 0 < self.fps <= 1000:
            raise ValueError(f"fps is {self.fps}, expected frames per second above 0 and up to 1000.")
        if self.sex not in (None, "F", "M"):
            raise ValueError(f"sex is {self.sex!r}, expected F, M, or None.")
        if self.body_surface_area_m2 is not None and not 0.1 <= self.body_surface_area_m2 <= 4:
            raise ValueError(f"body_surface_area_m2 is {self.body_surface_area_m2}, expected 0.1 to 4 m2.")
        if self.max_voxels < 1:
            raise ValueError(f"max_voxels is {self.max_voxels}, expected at least 1.")
        if self.spacing_mm is not None:
            object.__setattr__(self, "spacing_mm", _two_lengths(self.spacing_mm))

    def _check_types(self) -> None:
        for names, (kind, expected) in _TYPES.items():
            for name in names:
                value, optional = getattr(self, name), name in OPTIONAL
                if value is None and optional:
                    continue
                if not isinstance(value, kind) or isinstance(value, bool) and kind is not bool:
                    raise TypeError(f"{name} is {value!r}, expected {expected}{' or None' if optional else ''}.")

    def _check_choices(self, name: str, known: tuple[str, ...]) -> None:
        values = getattr(self, name)
        listed = isinstance(values, Iterable) and not isinstance(values, str)
        chosen = tuple(values) if listed else ()
        if not chosen or not all(value in known for value in chosen):
            given = (", ".join(map(str, chosen)) or "nothing") if listed else repr(values)
            raise ValueError(f"{name} got {given}, expected one or several of {', '.join(known)}, as a list or tuple.")
        object.__setattr__(self, name, chosen)

    @classmethod
    def from_keywords(cls, keywords: Mapping[str, object]) -> SegmentOptions:
        """Create options from keyword arguments.

        Raises:
            TypeError: if an option does not exist or a value has the wrong type.
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

        return ReadOptions(self.max_voxels, self.force, self.allow_partial, self.region)


def _two_lengths(spacing_mm: object) -> tuple[float, float]:
    lengths = tuple(spacing_mm) if isinstance(spacing_mm, Iterable) else ()
    if len(lengths) != 2 or not all(isinstance(length, Real) and 0 < length <= 10 for length in lengths):
        raise ValueError(f"spacing_mm is {spacing_mm!r}, expected two lengths above 0 and up to 10 mm per pixel.")
    return float(lengths[0]), float(lengths[1])


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
    sex: str | None
    body_surface_area_m2: float | None
    keep_surroundings: bool
    region: int | None
