"""Write phantom patients in the layout of CAMUS's NIfTI release."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import nibabel as nib
import numpy as np
from tqdm.auto import tqdm

from gdkvm_monai.data.phantom.echo import EchoPhantom
from gdkvm_monai.data.phantom.seeds import random_generator
from gdkvm_monai.data.phantom.ultrasound import QUALITIES
from gdkvm_monai.files import atomic_write
from gdkvm_monai.labels import VIEWS

PHANTOM_VERSION = "1"
"""Changes whenever the same parameters give other pictures or labels."""

SUBGROUPS = ("training", "validation", "testing")


def write_camus_phantom(
    root_dir: str | os.PathLike,
    num_patients: Sequence[int] = (40, 8, 8),
    size: tuple[int, int] | None = (256, 256),
    seed: int = 0,
    frames: int | tuple[int, int] = (14, 20),
    views: Sequence[str] = VIEWS,
    qualities: Sequence[str] = tuple(QUALITIES),
    spacing_mm: float | None = None,
    systole_first: float = 0.9,
    num_workers: int = 0,
    progress: bool = True,
) -> Path:
    """Write seeded phantom patients as CAMUS is distributed, or complete an interrupted run.

    ``root_dir`` receives ``database_nifti/patientNNNN/`` (cine, end-diastolic and end-systolic still, each with labels,
    and one ``Info`` file per view), ``database_split/subgroup_{training,validation,testing}.txt`` and ``phantom.json``
    with the parameters. A patient depends on ``seed`` and its number alone. What is complete is not written again.

    Args:
        root_dir: folder to write; created if needed.
        num_patients: patients for training, validation and testing, numbered in this order from 1.
        size: height and width in pixels; None with ``spacing_mm``.
        seed: non-negative integer.
        frames: frames of a half-sequence (end-diastole to end-systole, both included), or the smallest and largest
            number; at least 2.
        views: any of "2CH" and "4CH".
        qualities: any of "good", "medium" and "poor", drawn with equal probability for every view.
        spacing_mm: side of a square pixel instead of ``size``, as in CAMUS (0.308); pictures then differ in size.
        systole_first: share of the clips that run from end-diastole to end-systole; the others show the filling and
            start at end-systole, so that ED > ES in their ``Info`` file.
        num_workers: processes; 0 writes in this one. The files do not depend on it.
        progress: whether to show a bar.

    Returns:
        ``root_dir`` as a path.

    Raises:
        ValueError: if a parameter is out of range, or the folder holds data of other parameters or of another origin.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> root = write_camus_phantom(folder, (1, 0, 0), size=(64, 64), frames=3, views=("4CH",), progress=False)
        >>> sorted(path.name for path in (root / "database_nifti/patient0001").glob("*_gt.nii.gz"))
        ['patient0001_4CH_ED_gt.nii.gz', 'patient0001_4CH_ES_gt.nii.gz', 'patient0001_4CH_half_sequence_gt.nii.gz']
    """
    frames = (frames, frames) if isinstance(frames, int) else tuple(frames)
    parameters = {
        "phantom_version": PHANTOM_VERSION,
        "num_patients": [int(count) for count in num_patients],
        "size": None if size is None else [int(length) for length in size],
        "seed": int(seed),
        "frames": [int(count) for count in frames],
        "views": list(views),
        "qualities": list(qualities),
        "spacing_mm": spacing_mm,
        "systole_first": systole_first,
    }
    _check(parameters)
    root = Path(root_dir)
    _claim(root, parameters)
    numbers = range(1, sum(num_patients) + 1)
    ends = np.cumsum(num_patients)
    for subgroup, count, end in zip(SUBGROUPS, num_patients, ends):
        lines = "".join(f"patient{number:04d}\n" for number in range(end - count + 1, end + 1))
        _write(root / "database_split" / f"subgroup_{subgroup}.txt", lines.encode())
    missing = [number for number in numbers if not _is_complete(_folder(root, number), views)]
    job = partial(write_patient, root, parameters=parameters)
    for _ in tqdm(
        _run(job, missing, num_workers), "phantom", len(missing), disable=not (progress and missing), unit="patient"
    ):
        pass
    return root


def write_patient(root: Path, number: int, parameters: dict) -> None:
    """Write one patient into ``root/database_nifti``; ``parameters`` are those of ``phantom.json``."""
    rng = random_generator((parameters["seed"], number), 40)
    sex, age = "FM"[rng.integers(2)], int(rng.integers(25, 90))
    for view in VIEWS:
        low, high = parameters["frames"]
        count, quality = (
            int(rng.integers(low, high + 1)),
            parameters["qualities"][rng.integers(len(parameters["qualities"]))],
        )
        systole_first = rng.random() < parameters["systole_first"]
        if view not in parameters["views"]:
            continue
        phantom = EchoPhantom((parameters["seed"], number), quality)
        limits = (0.0, phantom.end_systole_s) if systole_first else (phantom.end_systole_s, phantom.beat_s)
        clip = phantom.render(view, np.linspace(*limits, count), parameters["size"], parameters["spacing_mm"])
        ed, es = (1, count) if systole_first else (count, 1)
        stem = str(_folder(root, number) / f"patient{number:04d}_{view}")
        _write_images(stem, clip, ed, es)
        info = {
            "ED": ed,
            "ES": es,
            "NbFrame": count,
            "Sex": sex,
            "Age": age,
            "ImageQuality": quality.capitalize(),
            "EF": f"{phantom.ef_percent:.4f}",
            "FrameRate": f"{(count - 1) / (limits[1] - limits[0]):.1f}",
            "LVedv": f"{phantom.edv_ml:.4f}",
            "LVesv": f"{phantom.esv_ml:.4f}",
        }
        lines = "".join(f"{key}: {value}\n" for key, value in info.items())
        _write(_folder(root, number) / f"Info_{view}.cfg", lines.encode())  # last: its presence means complete


def _write_images(stem: str, clip: tuple[np.ndarray, np.ndarray, tuple[float, float]], ed: int, es: int) -> None:
    """Write the cine and both stills of one view, each with its label; ``ed`` and ``es`` count from 1."""
    *arrays, spacing = clip
    affine = np.diag([-spacing[0], -spacing[1], 1.0, 1.0])
    for array, suffix in zip(arrays, ("", "_gt")):
        pictures = {"half_sequence": array, "ED": array[..., ed - 1], "ES": array[..., es - 1]}
        for name, picture in pictures.items():
            image = nib.Nifti1Image(np.ascontiguousarray(picture), affine)
            image.header.set_xyzt_units("mm")
            _write(Path(f"{stem}_{name}{suffix}.nii.gz"), gzip.compress(image.to_bytes(), compresslevel=4, mtime=0))


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it is either whole or absent."""
    with atomic_write(path) as partial_file:
        partial_file.write_bytes(content)


def _folder(root: Path, number: int) -> Path:
    return root / "database_nifti" / f"patient{number:04d}"


def _is_complete(folder: Path, views: Sequence[str]) -> bool:
    names = [f"{name}{suffix}" for name in ("ED", "ES", "half_sequence") for suffix in ("", "_gt")]
    files = [f"{folder.name}_{view}_{name}.nii.gz" for view in views for name in names]
    return all((folder / name).is_file() for name in [*files, *(f"Info_{view}.cfg" for view in views)])


def _run(job: partial, numbers: Sequence[int], num_workers: int) -> Iterable[None]:
    if num_workers == 0:
        yield from map(job, numbers)
        return
    with ProcessPoolExecutor(num_workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(job, numbers)


def _claim(root: Path, parameters: dict) -> None:
    """Write ``phantom.json``, or check that the one that is there names the same parameters."""
    path = root / "phantom.json"
    if path.is_file():
        found = json.loads(path.read_text())
        changed = sorted(key for key in {*found, *parameters} if found.get(key) != parameters.get(key))
        if changed:
            raise ValueError(
                f"{root} holds a phantom with another {', '.join(changed)} "
                f"({', '.join(str(found.get(key)) for key in changed)}); remove the folder or choose another root_dir."
            )
    elif (root / "database_nifti").exists():
        raise ValueError(f"{root} holds data that are not a phantom (no phantom.json); choose another root_dir.")
    else:
        _write(path, (json.dumps(parameters, indent=2) + "\n").encode())


def _check(parameters: dict) -> None:
    counts, (low, high) = parameters["num_patients"], parameters["frames"]
    if len(counts) != 3 or min(counts) < 0 or not 0 < sum(counts) < 10000:
        raise ValueError(
            f"num_patients = {counts} must be three counts (training, validation, testing) of 1 to 9999 in all."
        )
    if not 2 <= low <= high:
        raise ValueError(
            f"frames = {low, high} must be at least 2, the smaller number first; give for instance (14, 20)."
        )
    for key, known in (("views", VIEWS), ("qualities", tuple(QUALITIES))):
        if not parameters[key] or not set(parameters[key]) <= set(known):
            raise ValueError(f"{key} = {parameters[key]} must be one or several of {', '.join(known)}.")
    if (parameters["size"] is None) == (parameters["spacing_mm"] is None):
        raise ValueError(
            f"size = {parameters['size']} and spacing_mm = {parameters['spacing_mm']}: give exactly one of them."
        )
    if not 0 <= parameters["systole_first"] <= 1:
        raise ValueError(f"systole_first = {parameters['systole_first']} must lie in 0 to 1; give for instance 0.9.")
