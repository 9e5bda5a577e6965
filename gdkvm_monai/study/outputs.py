"""The files in a results folder."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from gdkvm_monai.data.dicom.header import is_dicom
from gdkvm_monai.data.dicom.source import read_source
from gdkvm_monai.files import file_sha256, write_text
from gdkvm_monai.labels import COLORS
from gdkvm_monai.study.background import in_background
from gdkvm_monai.study.captions import frame_captions
from gdkvm_monai.study.clip_cache import ClipCache
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.contact_sheet import write_contact_sheet
from gdkvm_monai.study.dicom_segmentation import write_dicom_segmentation
from gdkvm_monai.study.mask_files import write_nifti_mask, write_npy, write_npz_mask, write_png_masks
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.report.writer import write_clip_report
from gdkvm_monai.study.results_folder import ClipResults
from gdkvm_monai.study.structured_report import write_structured_report
from gdkvm_monai.visualize.clip_frames import aspect_spacing
from gdkvm_monai.visualize.movies import OverlayClip, write_overlay_avi, write_overlay_gif

__all__ = ["check_formats", "write_outputs"]


def check_formats(source: ClipSource, options: SegmentOptions) -> None:
    """Refuse DICOM results for a clip that is not DICOM, before it is segmented.

    Raises:
        ValueError: if they are requested.
        ClipReadError: if the DICOM file is not one that results can refer to.
    """
    wanted = [name for name in options.formats if name.startswith("dicom")]
    if wanted and not (isinstance(source.path, Path) and source.path.is_file() and is_dicom(source.path)):
        raise ValueError(f"the clip is not DICOM, which {', '.join(wanted)} must refer to; choose another format.")
    if wanted:
        read_source(source.path)


def write_outputs(folder: Path, options: SegmentOptions, cache: ClipCache, results: ClipResults) -> ClipResults:
    """Write the files of one clip.

    Returns:
        The results, with the files that could not be written added to the record of the run.
    """
    _write_masks(folder, options, cache)
    not_written = _write_dicom(folder, options, cache, results)
    written = file_sha256(folder / "mask.nii.gz") if "nifti" in options.formats else None
    run = replace(results.provenance, not_written=not_written or None, mask_sha256=written)
    results = replace(results, provenance=run)
    _write_pictures(folder, options, cache, results)
    results.frames.write_csv(folder / "frames.csv")
    write_text(folder / "measurements.json", results.measurements.to_json())
    write_text(folder / "run.json", results.provenance.to_json())
    return results


def _write_masks(folder: Path, options: SegmentOptions, cache: ClipCache) -> None:
    masks, affine = cache.masks, cache.source.affine
    if "nifti" in options.formats:
        write_nifti_mask(folder / "mask.nii.gz", masks, affine)
    if "png" in options.formats:
        write_png_masks(folder / "masks", masks, [(0, 0, 0), *COLORS.values()])
    if "npz" in options.formats:
        write_npz_mask(folder / "mask.npz", masks, affine)
    if cache.probabilities is not None:
        write_npy(folder / "probabilities.npy", cache.probabilities)


def _write_dicom(folder: Path, options: SegmentOptions, cache: ClipCache, results: ClipResults) -> dict[str, str]:
    """Write the DICOM files; returns those that could not be written, with the reason."""
    measurements, source = results.measurements, cache.source.path
    if "dicom-seg" in options.formats:
        write_dicom_segmentation(
            folder / "seg.dcm",
            source,
            cache.masks,
            options.structures,
            options.allow_partial,
            edited="masks" in measurements.edited,
        )
    if "dicom-sr" in options.formats:
        if measurements.mean.ef_percent is None:
            return {"sr.dcm": measurements.ef_withheld}
        write_structured_report(folder / "sr.dcm", source, measurements)
    return {}


def _write_pictures(folder: Path, options: SegmentOptions, cache: ClipCache, results: ClipResults) -> None:
    measurements, frames, clip = results.measurements, results.frames, results.measurements.clip
    spacing_mm = aspect_spacing(clip.spacing_mm, clip.spacing_trust)
    shown, captions = (cache.picture, cache.mask), frame_captions(measurements, frames)
    movie = OverlayClip(*shown, len(cache.masks), spacing_mm, clip.frame_rate_hz, captions)
    write_overlay = partial(_write_overlay, folder, options, movie)
    with nullcontext() if options.overlay == "none" else in_background(write_overlay):  # a fork takes time
        write_contact_sheet(folder / "contact_sheet.png", measurements, frames, *shown)
        if options.report:
            write_clip_report(folder / "report.html", measurements, frames, results.provenance, *shown)


def _write_overlay(folder: Path, options: SegmentOptions, movie: OverlayClip) -> None:
    if options.overlay == "gif":
        write_overlay_gif(folder / "overlay.gif", movie)
    else:
        write_overlay_avi(folder / "overlay.avi", movie)
