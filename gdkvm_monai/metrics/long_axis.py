"""The long axis of the left ventricle in one apical view, and the diameters across the axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from monai.utils import look_up_option
from numpy.typing import ArrayLike

from gdkvm_monai.metrics.base import Outline, principal_axis, touch_atrium
from gdkvm_monai.metrics.cavity import Cavity, Flag, find_cavity
from gdkvm_monai.metrics.contour import diameters_across
from gdkvm_monai.metrics.flat_base import flat_base

AXES = ("atrium", "chord", "pca")
"""Rules that find the base, in the order in which they are tried."""

NO_BASE = Flag("no_base", "has no recognizable base, so a principal axis of its mask is taken for the long axis")


@dataclass(frozen=True)
class LongAxis:
    """Long axis of a ventricle; positions are array indices times spacing, lengths are in the unit of the spacing.

    Attributes:
        method: rule that found the axis: ``"atrium"``, ``"chord"``, ``"pca"``, or ``"given"``.
        base: midpoint of the base, ``(2,)``.
        ends: the two ends of the base, points of the contour, ``(2, 2)``; NaN if the rule does not find them.
        apex: apex, ``(2,)``.
        length: distance from base to apex.
        diameters: length inside the mask across the axis at fractions ``(i - 1/2) / n`` from the base, ``(n,)``.
        cavity: the measured pixels.
        atrium: the measured pixels of the left atrium; ``None`` if there are none.
        flags: what looks wrong: the flags of the cavity, ``atrium`` if the base is not the contact with the atrium
            although there is one, and ``no_base`` if no base was found and the principal axis is used.
    """

    method: str
    base: np.ndarray
    ends: np.ndarray
    apex: np.ndarray
    length: float
    diameters: np.ndarray
    cavity: Cavity
    atrium: Cavity | None
    flags: tuple[Flag, ...]

    @property
    def base_width(self) -> float:
        """Distance between the two ends of the base; NaN if the rule does not find them."""
        return float(np.linalg.norm(self.ends[1] - self.ends[0]))


def measure_long_axis(
    ventricle: ArrayLike,
    spacing: Sequence[float],
    atrium: ArrayLike | None = None,
    axis: str | ArrayLike | None = None,
    disks: int = 20,
) -> LongAxis:
    """Find the base and the apex of a ventricle and measure its diameters.

    The pixels that :func:`~gdkvm_monai.metrics.cavity.find_cavity` chooses are measured, along their contour at level
    0.5. The base is the first of these that exists: the contact with the atrium, if it is plausible (see
    :func:`~gdkvm_monai.metrics.base.touch_atrium`); the flat end of the ventricle (see
    :func:`~gdkvm_monai.metrics.flat_base.flat_base`); one end of a principal axis of the mask (see
    :func:`~gdkvm_monai.metrics.base.principal_axis`). The apex is the contour point farthest from the midpoint of the
    base or, on a principal axis, its other end. If the base runs along the major axis, the axis is at right angles to
    it.

    Args:
        ventricle: binary mask of the cavity, ``(H, W)``.
        spacing: distance between pixels along axis 0 and axis 1.
        atrium: binary mask of the left atrium, ``(H, W)``; the same rule chooses its pixels.
        axis: the one rule of ``AXES`` to use, or the base and the apex as array indices, ``(2, 2)``.
        disks: number ``n`` of diameters.

    Returns:
        The axis, its diameters, and information about their quality.

    Raises:
        ValueError: if the mask is empty, or ``axis`` names a rule that cannot be applied.
    """
    cavity = find_cavity(ventricle, spacing)
    if not cavity.parts:
        raise ValueError("the mask of the left ventricle is empty; pass a frame that shows the ventricle.")
    below = None if atrium is None else find_cavity(atrium, spacing)
    below = below if below and below.parts else None
    outline = Outline(cavity.mask, spacing)
    found = _find_axis(outline, below and Outline(below.mask, spacing), axis)
    base = found.ends.mean(axis=0)
    return LongAxis(
        method=found.method,
        base=base,
        ends=found.ends if len(found.ends) == 2 else np.full((2, 2), np.nan),
        apex=found.apex,
        length=float(np.linalg.norm(found.apex - base)),
        diameters=diameters_across(outline.contour, base, found.apex, disks),
        cavity=cavity,
        atrium=below,
        flags=(*cavity.flags, *found.flags),
    )


class _Axis(NamedTuple):
    method: str
    ends: np.ndarray  # of the base, (2, 2), or its midpoint, (1, 2)
    apex: np.ndarray
    flags: tuple[Flag, ...] = ()


def _find_axis(ventricle: Outline, atrium: Outline | None, axis: str | ArrayLike | None) -> _Axis:
    if axis is not None and not isinstance(axis, str):
        given = np.asarray(axis, float) * ventricle.spacing
        if given.shape != (2, 2) or np.array_equal(given[0], given[1]):
            raise ValueError(f"axis must be a rule of {AXES} or two different points (base, apex), got {axis}.")
        return _Axis("given", given[:1], given[1])
    rules = AXES if axis is None else (look_up_option(axis, AXES),)
    flat = None if rules == ("pca",) else flat_base(ventricle)
    flags: tuple[Flag, ...] = ()
    if "atrium" in rules and atrium is not None:
        contact = touch_atrium(ventricle, atrium, flat)
        if not contact.fault:
            return _Axis("atrium", contact.ends, _find_apex(ventricle, contact.ends))
        flags = (Flag("atrium", f"is measured without its atrium, because {contact.fault}"),)
    if "chord" in rules and flat is not None:
        return _Axis("chord", flat, _find_apex(ventricle, flat), flags)
    if "pca" not in rules:
        cause = "".join(f" (it {flag.message})" for flag in flags)
        raise ValueError(f"axis={axis!r} finds no base in this mask{cause}; use axis=None to fall back to other rules.")
    base, apex = principal_axis(ventricle, atrium)
    return _Axis("pca", base[None], apex, flags if axis else (*flags, NO_BASE))


def _find_apex(ventricle: Outline, ends: np.ndarray) -> np.ndarray:
    """Return the point of the contour farthest from the middle of the base.

    If the base runs along the major axis, the ventricle is wider than long, and that point depends on small changes of
    the outline; the axis is then at right angles to the base, as far as the contour extends.
    """
    offset, base = ventricle.contour - ends.mean(axis=0), ends[1] - ends[0]
    width = np.linalg.norm(base)
    if abs(base @ ventricle.directions[0]) <= np.cos(np.pi / 4) * width:
        return ventricle.contour[np.linalg.norm(offset, axis=1).argmax()]
    normal = np.array([-base[1], base[0]]) / width
    along = offset @ normal
    return ends.mean(axis=0) + along[np.abs(along).argmax()] * normal
