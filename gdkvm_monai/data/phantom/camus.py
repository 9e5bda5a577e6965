"""Write phantom patients in the layout of CAMUS's NIfTI release."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import nibabel as nib
import numpy as np
from tqdm.auto import tqdm

from gdkvm_monai.data.clip import PHANTOM_MARK
from gdkvm_monai.data.phantom.echo import EchoPhantom
from gdkvm_monai.data.phantom.settings import PhantomSettings, claim_folder
from gdkvm_monai.data.seeds import random_generator
from gdkvm_monai.files import atomic_write
from gdkvm_monai.labels import VIEWS

__all__ = ["write_camus_phantom"]

SUBGROUPS = ("training", "validation", "testing")


def write_camus_phantom(
    root_dir: str | os.PathLike,
    settings: PhantomSettings = PhantomSettings(),
    num_workers: int = 0,
    progress: bool = True,
) -> Path:
    """Write seeded phantom patients in the layout of CAMUS, or complete an interrupted run.

    ``root_dir`` receives ``database_nifti/patientNNNN/`` (cine, end-diastolic and end-systolic still, each with labels,
    and one ``Info`` file per view), ``database_split/subgroup_{training,validation,testing}.txt`` and ``phantom.json``
    with the settings. A patient depends only on the seed and its number. Complete patients are not written again.

    Args:
        root_dir: folder to write; created if needed.
        settings: the patients to write.
        num_workers: number of processes; 0 uses the calling one. The files do not depend on it.
        progress: whether to show a progress bar.

    Returns:
        ``root_dir`` as a path.

    Raises:
        ValueError: if the folder holds phantoms of other settings, or other data.

    Example:
        >>> import tempfile
        >>> settings = PhantomSettings((1, 0, 0), size=(64, 64), frames=3, views=("4CH",))
        >>> root = write_camus_phantom(tempfile.mkdtemp(), settings, progress=False)
        >>> sorted(path.name for path in (root / "database_nifti/patient0001").glob("*_gt.nii.gz"))
        ['patient0001_4CH_ED_gt.nii.gz', 'patient0001_4CH_ES_gt.nii.gz', 'patient0001_4CH_half_sequence_gt.nii.gz']
    """
    root = Path(root_dir)
    claim_folder(root, settings)
    ends = np.cumsum(settings.num_patients)
    for subgroup, count, end in zip(SUBGROUPS, settings.num_patients, ends):
        lines = "".join(f"patient{number:04d}\n" for number in range(end - count + 1, end + 1))
        _write(root / "database_split" / f"subgroup_{subgroup}.txt", lines.encode())
    numbers = range(1, sum(settings.num_patients) + 1)
    missing = [number for number in numbers if not _is_complete(_folder(root, number), settings.views)]
    done = _run(partial(_write_patient, root, settings), missing, num_workers)
    for _ in tqdm(done, "phantom", len(missing), disable=not (progress and missing), unit="patient"):
        pass
    return root


def _write_patient(root: Path, settings: PhantomSettings, number: int) -> None:
    """Write one patient into ``root/database_nifti``."""
    seed = settings.seed, number
    rng = random_generator(seed, 40)
    sex, age = "FM"[rng.integers(2)], int(rng.integers(25, 90))
    for view in VIEWS:  # drawn for both views, so that neither depends on whether the other is written
        low, high = settings.frames
        count = int(rng.integers(low, high + 1))
        quality = settings.qualities[rng.integers(len(settings.qualities))]
        systole_first = rng.random() < settings.systole_first
        if view not in settings.views:
            continue
        phantom = EchoPhantom(seed, quality)
        limits = (0.0, phantom.end_systole_s) if systole_first else (phantom.end_systole_s, phantom.beat_s)
        clip = phantom.render(view, np.linspace(*limits, count), settings.size, settings.spacing_mm)
        ed, es = (1, count) if systole_first else (count, 1)
        _write_images(str(_folder(root, number) / f"patient{number:04d}_{view}"), clip, ed, es)
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
        _write(
            _folder(root, number) / f"Info_{view}.cfg", lines.encode()
        )  # written last: its presence marks the view as complete


def _write_images(stem: str, clip: tuple[np.ndarray, np.ndarray, tuple[float, float]], ed: int, es: int) -> None:
    """Write the cine and both stills of one view, each with its label; ``ed`` and ``es`` count from 1."""
    *arrays, spacing = clip
    affine = np.diag([-spacing[0], -spacing[1], 1.0, 1.0])
    for array, suffix in zip(arrays, ("", "_gt")):
        pictures = {"half_sequence": array, "ED": array[..., ed - 1], "ES": array[..., es - 1]}
        for name, picture in pictures.items():
            image = nib.Nifti1Image(np.ascontiguousarray(picture), affine)
            image.header.set_xyzt_units("mm")
            image.header["descrip"] = PHANTOM_MARK
            _write(Path(f"{stem}_{name}{suffix}.nii.gz"), gzip.compress(image.to_bytes(), compresslevel=4, mtime=0))


def _write(path: Path, content: bytes) -> None:
    """Write a file atomically."""
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
