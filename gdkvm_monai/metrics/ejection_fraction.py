"""Volumes and ejection fraction of one patient, from the end-diastolic and end-systolic frames of one or two views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from monai.utils import convert_to_numpy, look_up_option
from numpy.typing import ArrayLike

from gdkvm_monai.labels import LV, VIEWS
from gdkvm_monai.metrics.cavity import find_cavity
from gdkvm_monai.metrics.spacing import check_spacing
from gdkvm_monai.metrics.ventricle import METHODS, Ventricle, measure_ventricle
from gdkvm_monai.metrics.volume import Volumes, area_length_volume_ml, disk_volume_ml, ejection_fraction

__all__ = ["LENGTHS", "LENGTH_MISMATCH", "EjectionFraction", "Volumes", "measure_ejection_fraction"]

LENGTHS = {"max": max, "mean": lambda first, second: (first + second) / 2, "a4c": lambda first, second: first}
"""Rules that combine the lengths of the four-chamber and the two-chamber view into one length of the ventricle."""

IDENTIFIERS = {
    "area_length": "area-length-v1",
    "area_length_filtered": "area-length-filtered-v1",
    "creatis": "creatis-parity-v1",
    "creatis_filtered": "creatis-filtered-v1",
}

LENGTH_MISMATCH = 0.10
"""Relative difference of the lengths above which a biplane volume is flagged, because a view may be foreshortened."""

HIGHEST_EF = 90.0
"""Ejection fraction in percent above which it is flagged, because a left ventricle does not empty so far."""

FEWEST_PIXELS = 50
"""Smallest cavity, in pixels, that has a volume."""

Ventricles = Mapping[tuple[str, str], Ventricle]


@dataclass(frozen=True, kw_only=True)
class EjectionFraction(Volumes):
    """Volumes and ejection fraction of one patient, with quality information.

    Attributes:
        method: identifier of the method, for example ``"biplane-mod-v1"``.
        unit: unit of lengths: ``"mm"``, or ``"px"`` without a spacing.
        ventricles: measured ventricles by phase and view, for example ``("ed", "4CH")``; frames that could not be
            measured are absent.
        flags: what looks wrong, one sentence each.
        reason: what could not be measured, and why; empty if everything was measured.
    """

    method: str
    unit: str
    ventricles: Ventricles
    flags: tuple[str, ...]
    reason: str

    @property
    def length_mismatch(self) -> dict[str, float]:
        """Relative difference of the lengths in the two views, by phase; empty for a single view."""
        return _length_mismatch(self.ventricles)


def measure_ejection_fraction(
    ed: Mapping[str, ArrayLike | None],
    es: Mapping[str, ArrayLike | None],
    spacing_mm: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    method: str = "disks",
    length: str = "max",
    axis: str | Mapping[tuple[str, str], ArrayLike | str] | None = None,
    depth_axis: int = 0,
) -> EjectionFraction:
    """Measure the end-diastolic and end-systolic volumes and the ejection fraction of one patient.

    Nothing is swapped, clipped, or rounded: ``flags`` names what looks wrong, and a value that cannot be measured is
    NaN, with the cause in ``reason``.

    Args:
        ed: class indices ``(H, W)`` of the end-diastolic frame of each view, ``"4CH"``, ``"2CH"``, or both; ``None``
            for a missing frame. The left atrium, if labeled, helps to find the base.
        es: class indices of the end-systolic frames, in the same form.
        spacing_mm: mm per pixel of axis 0 and axis 1, for each view or for all; ``None`` for square pixels of unknown
            size, which give the EF but no volumes.
        method: one of ``METHODS``: ``"disks"`` takes one or two views, the area-length methods one, the CREATIS
            methods two.
        length: how ``"disks"`` combines the lengths of two views, a key of ``LENGTHS``. ASE and EACVI recommend
            ``"max"``, the longer one in each phase.
        axis: a rule of :func:`~gdkvm_monai.metrics.long_axis.measure_long_axis` for all frames, or a mapping from
            frames such as ``("ed", "4CH")`` to a rule or to the base and the apex as array indices.
        depth_axis: axis along which depth runs: 0 in an upright picture, 1 in an array loaded from NIfTI; used only
            by the CREATIS methods.

    Returns:
        Volumes, ejection fraction, the geometry of each frame, flags, and reason.

    Raises:
        ValueError: if the views do not fit the method, or an option is unknown or outside its range.
    """
    views = [view for view in ("4CH", "2CH") if view in {*ed, *es}]
    identifier = _identify(method, length, {*ed, *es})
    if depth_axis not in (0, 1):
        raise ValueError(f"depth_axis must be 0 or 1, got {depth_axis!r}.")
    ventricles: dict[tuple[str, str], Ventricle] = {}
    reasons: list[str] = []
    flags: list[str] = []
    for phase, frames in (("ed", ed), ("es", es)):
        for view in views:
            rule = axis.get((phase, view)) if isinstance(axis, Mapping) else axis
            step = check_spacing(spacing_mm[view] if isinstance(spacing_mm, Mapping) else spacing_mm)
            name, frame = f"{view} {phase.upper()}", frames.get(view)
            try:
                found = ventricles[phase, view] = _measure(frame, step, method, rule, depth_axis)
                frame_flags = found.flags
            except ValueError as error:
                reasons.append(f"{name}: {error}")
                frame_flags = () if frame is None else find_cavity(convert_to_numpy(frame) == LV, step).flags
            flags.extend(f"{name}: the ventricle {flag.message}" for flag in frame_flags)
    edv, esv = (_volume(ventricles, phase, views, method, length) for phase in ("ed", "es"))
    ef_percent = ejection_fraction(edv, esv)
    if not reasons and np.isnan(ef_percent):
        reasons.append("the end-diastolic volume is zero or has no length.")
    return EjectionFraction(
        method=identifier,
        unit="px" if spacing_mm is None else "mm",
        edv_ml=np.nan if spacing_mm is None else edv,
        esv_ml=np.nan if spacing_mm is None else esv,
        ef_percent=ef_percent,
        ventricles=ventricles,
        flags=(*flags, *_flags(ventricles, ef_percent)),
        reason=" ".join(reasons),
    )


def _identify(method: str, length: str, views: set[str]) -> str:
    look_up_option(method, METHODS)
    look_up_option(length, LENGTHS)
    needed = {"disks": (1, 2), "area": (1,), "creatis": (2,)}[method.split("_")[0]]
    if not views <= set(VIEWS) or len(views) not in needed:
        raise ValueError(f"method {method!r} takes {needed} of the views {VIEWS}, got {sorted(views)}.")
    if method != "disks":
        return IDENTIFIERS[method]
    if len(views) == 1:
        return f"single-plane-a{views.pop()[0]}c-mod-v1"
    return "biplane-mod-v1" + ("" if length == "max" else f"-{length}")


def _volume(ventricles: Ventricles, phase: str, views: Sequence[str], method: str, length: str) -> float:
    """Return the volume of one phase in thousands of cubic units; NaN if one of its views could not be measured."""
    phases = ("ed", "es") if method.startswith("creatis") else (phase,)
    needed = [(name, view) for name in phases for view in views]
    if any(key not in ventricles for key in needed):
        return np.nan
    first, *second = (ventricles[phase, view] for view in views)
    if method.startswith("area_length"):
        return area_length_volume_ml(first.area, first.length)
    if method.startswith("creatis"):  # one length for both phases, as in the script
        return disk_volume_ml(first.diameters, max(ventricles[key].length for key in needed), second[0].diameters)
    if not second:
        return disk_volume_ml(first.diameters, first.length)
    return disk_volume_ml(first.diameters, LENGTHS[length](first.length, second[0].length), second[0].diameters)


def _measure(frame: ArrayLike | None, step: Sequence[float], *options) -> Ventricle:
    found = measure_ventricle(frame, step, *options)
    if found.cavity.pixels < FEWEST_PIXELS:
        raise ValueError(f"the left ventricle has {found.cavity.pixels} pixels; a volume needs {FEWEST_PIXELS}.")
    return found


def _flags(ventricles: Ventricles, ef_percent: float) -> Iterator[str]:
    for phase, mismatch in _length_mismatch(ventricles).items():
        if mismatch > LENGTH_MISMATCH:
            yield f"{phase.upper()}: the lengths of the two views differ by {100 * mismatch:.0f} %"
    if ef_percent < 0:
        yield "EF is below 0"
    if ef_percent > HIGHEST_EF:
        yield f"EF is above {HIGHEST_EF:.0f}"


def _length_mismatch(ventricles: Ventricles) -> dict[str, float]:
    lengths = {
        phase: [ventricle.length for (name, _), ventricle in ventricles.items() if name == phase]
        for phase in ("ed", "es")
    }
    return {phase: abs(pair[0] - pair[1]) / max(pair) for phase, pair in lengths.items() if len(pair) == 2}
