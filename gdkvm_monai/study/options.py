"""What can be chosen when a clip is segmented, for the command and the Python API alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdkvm_monai.labels import STRUCTURES, parse_view

if TYPE_CHECKING:
    from gdkvm_monai.data.clip import ReadOptions

__all__ = ["FORMATS", "OVERLAYS", "SegmentOptions"]

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
        force: read Doppler and M-mode, too.
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
        for values, known in ((self.structures, tuple(STRUCTURES)), (self.formats, FORMATS)):
            if not values or not set(values) <= set(known):
                raise ValueError(
                    f"got {', '.join(values) or 'nothing'}, expected one or several of {', '.join(known)}."
                )
        if self.fps is not None and not 0 < self.fps <= 1000:
            raise ValueError(f"fps is {self.fps}, expected frames per second above 0 and up to 1000.")
        if self.spacing_mm is not None and not all(0 < length <= 10 for length in self.spacing_mm):
            raise ValueError(
                f"spacing_mm is {self.spacing_mm}, expected two lengths above 0 and up to 10 mm per pixel."
            )

    def read_options(self, crop: bool) -> ReadOptions:
        """The part of them that readers know."""
        from gdkvm_monai.data.clip import ReadOptions  # with numpy and MONAI; the command checks options without them

        return ReadOptions(self.max_voxels, crop, self.force, self.allow_partial)
