"""Left-ventricular volumes and ejection fraction from masks of one or two apical views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from monai.utils import convert_to_numpy, look_up_option
from numpy.typing import ArrayLike
from skimage.measure import label as label_parts
from skimage.measure import regionprops

from gdkvm_monai.labels import LEFT_ATRIUM, LV, UNLABELED, VIEWS
from gdkvm_monai.metrics.creatis import measure_creatis_axis
from gdkvm_monai.metrics.long_axis import measure_long_axis
from gdkvm_monai.metrics.segmentation import check_spacing

METHODS = ("disks", "area_length", "creatis")
"""Method of disks; the area-length surrogate of the paper's public evaluator; the script published with CAMUS."""

LENGTHS = {"max": max, "mean": lambda first, second: (first + second) / 2, "a4c": lambda first, second: first}
"""Length of the ventricle from that of the four-chamber and of the two-chamber view."""

LENGTH_MISMATCH = 0.10
"""Relative difference of the two lengths above which a biplane volume is flagged: a view may be foreshortened."""


def disk_volume_ml(diameters_mm: ArrayLike, length_mm: float, other_diameters_mm: ArrayLike | None = None) -> float:
    r"""Add up elliptical disks along the long axis: Simpson's method, biplane (Eq. 8) or single plane (Eq. 9).

    .. math:: V = \frac{\pi}{4} \sum_{i=1}^{n} D_i^{4c} \, D_i^{2c} \, \frac{L}{n}

    Args:
        diameters_mm: diameters of one view at the middle of each disk, ``(n,)``.
        length_mm: length of the ventricle.
        other_diameters_mm: diameters of the other view, ``(n,)``; by default those of the first: disks are circles.

    Returns:
        The volume in mL.

    Raises:
        ValueError: if the two views have different numbers of disks.

    References:
        Lang et al., "Recommendations for cardiac chamber quantification", JASE 28(1), 2015; the paper's appendix A.

    Example:
        >>> round(disk_volume_ml([10.0] * 20, 100.0), 6)
        7.853982
    """
    first = np.asarray(diameters_mm, float)
    second = first if other_diameters_mm is None else np.asarray(other_diameters_mm, float)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"both views must have the same number of disks, got {first.shape} and {second.shape}.")
    return float(np.pi / 4 * np.sum(first * second) * length_mm / len(first) / 1000)


def area_length_volume_ml(area_mm2: float, length_mm: float) -> float:
    r"""Estimate a volume from one view's area and length, :math:`V = 8 A^2 / (3 \pi L)`: exact for a spheroid.

    Args:
        area_mm2: area of the cavity.
        length_mm: its length.

    Returns:
        The volume in mL; NaN if the length is 0.
    """
    return float(8 * area_mm2**2 / (3 * np.pi * length_mm) / 1000) if length_mm else np.nan


def ejection_fraction(edv: float, esv: float) -> float:
    r"""Return the share of the end-diastolic volume that is ejected (Eq. 7), in percent.

    .. math:: EF = \frac{V_{ED} - V_{ES}}{V_{ED}} \times 100\%

    Args:
        edv: end-diastolic volume, in any unit.
        esv: end-systolic volume, in the same unit.

    Returns:
        EF in percent; below 0 where the ventricle is larger at end-systole; NaN if a volume is NaN or ``edv`` is 0.

    Raises:
        ValueError: if a volume is negative or infinite.

    Example:
        >>> ejection_fraction(120, 48)
        60.0
    """
    if np.isinf([edv, esv]).any() or edv < 0 or esv < 0:
        raise ValueError(f"volumes must be finite and not negative, got EDV {edv} and ESV {esv}; check the masks.")
    return float(100 * (edv - esv) / edv) if edv else np.nan


def measure_ejection_fraction(
    ed: Mapping[str, ArrayLike | None],
    es: Mapping[str, ArrayLike | None],
    spacing_mm: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    method: str = "disks",
    length: str = "max",
    axis: str | Mapping[tuple[str, str], ArrayLike | str] | None = None,
    depth_axis: int = 0,
) -> dict[str, Any]:
    """Measure the volumes at end-diastole and end-systole and the ejection fraction of one patient.

    Nothing is swapped, clipped or rounded: what looks wrong is named in ``flags``, what cannot be measured is NaN and
    ``reason`` says why.

    Args:
        ed: class indices ``(H, W)`` of the end-diastolic frame of each view, ``"4CH"``, ``"2CH"`` or both; ``None``
            for a frame that is missing. The left atrium is used to find the base where it is labeled.
        es: the end-systolic frames.
        spacing_mm: mm per pixel of axis 0 and axis 1, for each view or for all; ``None`` for square pixels of unknown
            size, of which EF alone can be told.
        method: one of ``METHODS``: ``"disks"`` takes one or two views, ``"area_length"`` one, ``"creatis"`` two.
        length: how ``"disks"`` combines the lengths of two views, a key of ``LENGTHS``. The longer one, of each phase,
            is what ASE and EACVI recommend.
        axis: a rule of :func:`~gdkvm_monai.metrics.long_axis.measure_long_axis` for every frame, or for some frames,
            such as ``("ed", "4CH")``, a rule or the base and the apex as array indices.
        depth_axis: axis along which depth runs, 0 in an upright picture, 1 in an array as NIfTI stores it; matters to
            ``"creatis"`` alone.

    Returns:
        ``method`` (its identifier), ``unit``, ``edv_ml``, ``esv_ml`` (NaN without a spacing), ``ef_percent``,
        ``reason`` (empty if measured), ``flags`` (list), and of each phase and view ``ed_4CH_axis``,
        ``ed_4CH_length_mm``, ``ed_4CH_base_width_mm``, ``ed_4CH_parts``, ``ed_4CH_hole_pixels``,
        ``ed_4CH_border_fraction``; ``ed_length_mismatch`` for two views.

    Raises:
        ValueError: if the views do not fit the method, or an option is unknown.
    """
    views = [view for view in ("4CH", "2CH") if view in {*ed, *es}]
    identifier = _identify(method, length, {*ed, *es})
    unit = "px" if spacing_mm is None else "mm"
    shapes: dict[tuple[str, str], dict[str, Any]] = {}
    reasons = []
    for phase, frames in (("ed", ed), ("es", es)):
        for view in views:
            rule = axis.get((phase, view)) if isinstance(axis, Mapping) else axis
            step = check_spacing(spacing_mm[view] if isinstance(spacing_mm, Mapping) else spacing_mm)
            try:
                shapes[phase, view] = _measure_frame(frames.get(view), step, method, rule, depth_axis)
            except ValueError as error:
                reasons.append(f"{view} {phase.upper()}: {error}")
    edv, esv = (_volume(shapes, phase, views, method, length) for phase in ("ed", "es"))
    ef_percent = ejection_fraction(edv, esv)
    if not reasons and np.isnan(ef_percent):
        reasons.append("the end-diastolic volume is zero or has no length.")
    quality, flags = _assess(shapes, views, unit)
    return {
        "method": identifier,
        "unit": unit,
        "edv_ml": edv if unit == "mm" else np.nan,
        "esv_ml": esv if unit == "mm" else np.nan,
        "ef_percent": ef_percent,
        "reason": " ".join(reasons),
        "flags": flags + (["EF is below 0"] if ef_percent < 0 else []),
        **quality,
    }


def volume_curve(
    clip: ArrayLike, spacing_mm: Sequence[float] | None = None, axis: str | None = None, disks: int = 20
) -> np.ndarray:
    """Measure the single-plane volume of every frame of a clip (Eq. 9).

    Args:
        clip: class indices ``(H, W, T)``.
        spacing_mm: mm per pixel of axis 0 and axis 1, or ``None``.
        axis: rule that finds the axis, see :func:`~gdkvm_monai.metrics.long_axis.measure_long_axis`.
        disks: number of disks.

    Returns:
        Volumes ``(T,)`` in mL; without a spacing in thousands of cubic pixels, of which only ratios mean something.
        NaN where the ventricle is missing or the frame is not annotated.
    """
    volumes = []
    for frame in np.moveaxis(convert_to_numpy(clip), -1, 0):
        try:
            shape = _measure_frame(frame, check_spacing(spacing_mm), "disks", axis, 0, disks)
            volumes.append(disk_volume_ml(shape["diameters"], shape["length"]))
        except ValueError:
            volumes.append(np.nan)
    return np.array(volumes)


def _identify(method: str, length: str, views: set[str]) -> str:
    look_up_option(method, METHODS)
    look_up_option(length, LENGTHS)
    needed = {"disks": (1, 2), "area_length": (1,), "creatis": (2,)}[method]
    if not views <= set(VIEWS) or len(views) not in needed:
        raise ValueError(f"method {method!r} takes {needed} of the views {VIEWS}, got {sorted(views)}.")
    if method != "disks":
        return {"area_length": "area-length-v1", "creatis": "creatis-parity-v1"}[method]
    if len(views) == 1:
        return f"single-plane-a{views.pop()[0]}c-mod-v1"
    return "biplane-mod-v1" + ("" if length == "max" else f"-{length}")


def _measure_frame(
    frame: ArrayLike | None,
    spacing: tuple[float, float],
    method: str,
    axis: str | ArrayLike | None,
    depth_axis: int,
    disks: int = 20,
) -> dict[str, Any]:
    if frame is None:
        raise ValueError("the frame is missing.")
    frame = convert_to_numpy(frame)
    if (frame == UNLABELED).any():
        raise ValueError("the frame is not annotated.")
    ventricle = frame == LV
    if not ventricle.any():
        raise ValueError("the left ventricle is missing from the mask.")
    if method == "creatis":
        diameters, length = measure_creatis_axis(ventricle, spacing, depth_axis)
        return {"diameters": diameters, "length": length, "parts": label_parts(ventricle, connectivity=2).max()}
    if method == "area_length":
        region = regionprops(ventricle.astype(np.uint8), spacing=spacing)[0]
        parts = label_parts(ventricle, connectivity=2).max()
        return {"area": region.area, "length": region.axis_major_length, "parts": parts}
    return {**vars(measure_long_axis(ventricle, spacing, frame == LEFT_ATRIUM, axis, disks))}


def _volume(shapes: Mapping, phase: str, views: Sequence[str], method: str, length: str) -> float:
    """Volume of one phase in thousands of cubic units, NaN if a view of it could not be measured."""
    phases = ("ed", "es") if method == "creatis" else (phase,)
    needed = [(name, view) for name in phases for view in views]
    if any(key not in shapes for key in needed):
        return np.nan
    first, *second = (shapes[phase, view] for view in views)
    if method == "area_length":
        return area_length_volume_ml(first["area"], first["length"])
    if method == "creatis":  # one length for both phases, as in the script
        return disk_volume_ml(first["diameters"], max(shapes[key]["length"] for key in needed), second[0]["diameters"])
    if not second:
        return disk_volume_ml(first["diameters"], first["length"])
    combined = LENGTHS[length](first["length"], second[0]["length"])
    return disk_volume_ml(first["diameters"], combined, second[0]["diameters"])


def _assess(shapes: Mapping, views: Sequence[str], unit: str) -> tuple[dict[str, Any], list[str]]:
    """Flatten the quality fields of every frame and name what looks wrong."""
    names = {"method": "axis", "length": f"length_{unit}", "base_width": f"base_width_{unit}"}
    fields = (*names, "parts", "hole_pixels", "border_fraction")
    quality: dict[str, Any] = {}
    flags = []
    for (phase, view), shape in shapes.items():
        quality |= {f"{phase}_{view}_{names.get(field, field)}": shape[field] for field in fields if field in shape}
        if shape["parts"] > 1:
            flags.append(f"{view} {phase.upper()}: the ventricle has {shape['parts']} parts")
        if shape.get("border_fraction", 0) > 0:
            flags.append(f"{view} {phase.upper()}: the ventricle touches the border of the image")
    for phase in ("ed", "es"):
        lengths = [shapes[phase, view]["length"] for view in views if (phase, view) in shapes]
        if len(lengths) == 2:
            mismatch = abs(lengths[0] - lengths[1]) / max(lengths)
            quality[f"{phase}_length_mismatch"] = mismatch
            if mismatch > LENGTH_MISMATCH:
                flags.append(f"{phase.upper()}: the lengths of the two views differ by {100 * mismatch:.0f} %")
    return quality, flags
