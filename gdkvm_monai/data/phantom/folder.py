"""A folder of phantom clips in several formats, with the truth of every clip in ``truth.json``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import nibabel

from gdkvm_monai.data.datalists.camus import camus_datalist
from gdkvm_monai.data.phantom.camus import write_camus_phantom
from gdkvm_monai.data.phantom.clip import render_phantom_clip
from gdkvm_monai.data.phantom.echo import EchoPhantom
from gdkvm_monai.data.phantom.echonet import write_echonet_phantom
from gdkvm_monai.data.phantom.formats import FORMATS, check_packages, write_clip
from gdkvm_monai.data.phantom.settings import PhantomSettings
from gdkvm_monai.data.phantom.truth import ClipTruth, read_truth, write_truth
from gdkvm_monai.folders import atomic_folder
from gdkvm_monai.labels import parse_view

__all__ = ["DATA_SETS", "FolderSettings", "share_patients", "write_phantom_folder"]

TRUTH = "truth.json"
DATA_SETS = ("camus", "echonet")
"""Layouts of whole data sets, in addition to the formats of single clips."""


@dataclass(frozen=True)
class FolderSettings:
    """Settings of :func:`write_phantom_folder`.

    Attributes:
        formats: formats to write, from ``FORMATS`` and ``DATA_SETS``.
        patients: number of patients, 1 to 9999.
        views: views of every patient, ``"4CH"`` and ``"2CH"``.
        beats: duration of a clip in beats.
        frame_rate_hz: frames per second.
        size: size of a frame in pixels, ``(H, W)``.
        quality: image quality, one of ``QUALITIES``.
        seed: seed of all patients, not negative.
        overwrite: replace existing files.
    """

    formats: Sequence[str] = ("nifti",)
    patients: int = 1
    views: Sequence[str] = ("4CH", "2CH")
    beats: float = 2
    frame_rate_hz: float = 50
    size: tuple[int, int] = (256, 256)
    quality: str = "medium"
    seed: int = 0
    overwrite: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.patients <= 9999:
            raise ValueError(f"patients = {self.patients} must be within 1 to 9999.")
        object.__setattr__(self, "formats", tuple(dict.fromkeys(self.formats)))
        object.__setattr__(self, "views", tuple(dict.fromkeys(map(parse_view, self.views))))

    @property
    def clip_formats(self) -> tuple[str, ...]:
        """Formats of single clips."""
        return tuple(name for name in self.formats if name in FORMATS)

    @property
    def data_sets(self) -> tuple[str, ...]:
        """Layouts of data sets."""
        return tuple(name for name in self.formats if name in DATA_SETS)


def write_phantom_folder(out: Path, settings: FolderSettings) -> Iterator[Path]:
    """Write the folder; yield the path of each clip or data set once it is written, and finally that of ``truth.json``.

    Args:
        out: output folder. Clips that another run wrote there in other formats stay, with their truth.
        settings: what to write. The same seed gives the same patients in every format.

    Raises:
        FileExistsError: if a file exists and ``overwrite`` is false.
        ModuleNotFoundError: if a format requires a package that is missing; nothing is written.
        ValueError: if a setting is out of range, or an existing file was not written by this function.
    """
    check_packages(["avi" if name == "echonet" else name for name in settings.formats if name != "camus"])
    truth = read_truth(out / TRUTH)
    _refuse_existing(out, settings, bool(truth))
    try:
        yield from _write_clips(out, settings, truth)
        yield from _write_data_sets(out, settings, truth)
    finally:  # also covers the clips written before an error
        if truth:
            write_truth(out / TRUTH, truth)
    yield out / TRUTH


def share_patients(patients: int) -> tuple[int, int, int]:
    """Divide patients among training, validation, and testing; with fewer than three, all are for training.

    Example:
        >>> share_patients(2), share_patients(16)
        ((2, 0, 0), (12, 2, 2))
    """
    held_out = max(1, patients // 8) if patients >= 3 else 0
    return patients - 2 * held_out, held_out, held_out


def _write_clips(out: Path, settings: FolderSettings, truth: dict[str, ClipTruth]) -> Iterator[Path]:
    """Write single clips and add their truth."""
    numbers = range(1, settings.patients + 1) if settings.clip_formats else ()
    for number, view in product(numbers, settings.views):
        phantom = EchoPhantom((settings.seed, number), settings.quality)
        clip = render_phantom_clip(phantom, view, settings.beats, settings.frame_rate_hz, settings.size)
        for name in settings.clip_formats:
            path = _clip_path(out, name, number, view)
            write_clip(path, clip, name, settings.overwrite)
            truth[path.relative_to(out).as_posix()] = clip.truth()
            yield path


def _write_data_sets(out: Path, settings: FolderSettings, truth: dict[str, ClipTruth]) -> Iterator[Path]:
    """Write whole data sets and replace the truth of earlier ones."""
    for name in settings.data_sets:
        clips = {"camus": _write_camus, "echonet": _write_echonet}[name](out / name, settings)
        for file in [file for file in truth if file.startswith(f"{name}/")]:
            del truth[file]
        truth.update({f"{name}/{file}": told for file, told in clips.items()})
        yield out / name


def _refuse_existing(out: Path, settings: FolderSettings, known: bool) -> None:
    targets = [out / name for name in settings.data_sets]
    numbers = range(1, settings.patients + 1)
    targets += [_clip_path(out, *parts) for parts in product(settings.clip_formats, numbers, settings.views)]
    existing = [path for path in targets if path.exists()]
    if existing and not settings.overwrite:
        raise FileExistsError(f"{existing[0]} exists; choose another folder, or set overwrite to replace it.")
    if existing and not known:
        raise ValueError(
            f"{existing[0]} exists, but no truth.json shows that this command wrote it; choose another folder."
        )


def _clip_path(out: Path, name: str, number: int, view: str) -> Path:
    return out / name / f"phantom{number:04d}_{view}{FORMATS[name].suffix}"


def _write_echonet(root: Path, settings: FolderSettings) -> dict[str, ClipTruth]:
    return write_echonet_phantom(
        root,
        share_patients(settings.patients),
        settings.seed,
        settings.quality,
        settings.beats,
        settings.frame_rate_hz,
        settings.overwrite,
    )


def _write_camus(target: Path, settings: FolderSettings) -> dict[str, ClipTruth]:
    with atomic_folder(target, settings.overwrite) as root:
        patients = share_patients(settings.patients)
        phantoms = PhantomSettings(
            patients, settings.size, settings.seed, views=settings.views, qualities=(settings.quality,)
        )
        write_camus_phantom(root, phantoms, progress=False)
        items = camus_datalist(root, "all", settings.views, report=None)
        return {Path(item["image"]).relative_to(root).as_posix(): _camus_truth(item, settings) for item in items}


def _camus_truth(item: dict, settings: FolderSettings) -> ClipTruth:
    """The truth of a half-sequence."""
    image = nibabel.load(item["image"])
    seed = [settings.seed, int(item["patient"].removeprefix("patient"))]
    return ClipTruth(
        seed=seed,
        quality=settings.quality,
        view=item["view"],
        ef_percent=item["ef_percent"],
        edv_ml=item["edv_ml"],
        esv_ml=item["esv_ml"],
        heart_rate_bpm=EchoPhantom(seed).heart_rate_bpm,
        ed_frames=[item["ed_frame"]],
        es_frames=[item["es_frame"]],
        frame_rate_hz=item["frame_rate_hz"],
        spacing_mm=[float(step) for step in image.header.get_zooms()[:2]],
        shape=list(image.shape),
    )
