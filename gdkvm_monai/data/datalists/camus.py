"""CAMUS: apical two- and four-chamber clips with expert contours at end-diastole and end-systole.

S. Leclerc et al., IEEE TMI 38(9):2198-2210, 2019, doi:10.1109/TMI.2019.2900516.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

from monai.config import PathLike
from monai.utils import look_up_option

from gdkvm_monai.data.datalists.camus_info import CamusInfo, PatientTables, clip_info, in_any_case, patient_tables
from gdkvm_monai.data.datalists.kinds import advise_config
from gdkvm_monai.labels import VIEWS, parse_view

__all__ = ["CamusItem", "camus_datalist"]

SECTIONS = ("training", "validation", "testing", "all")
CLIPS = ("half_sequence", "stills")
LAYOUT = "database_nifti/patientXXXX/ and database_split/subgroup_<section>.txt, or patientXXXX/*.mhd"


class CamusItem(TypedDict, total=False):
    """An item of the datalist; a key is absent if the release does not state its value.

    Attributes:
        image: path, or one path per frame.
        label: path, or one path per annotated frame.
        label_frames: 0-based, if only some frames of ``image`` are annotated.
        patient: name of the patient's folder.
        view: one of :data:`~gdkvm_monai.labels.VIEWS`.
        ed_frame: 0-based, as all values below from :class:`~gdkvm_monai.data.datalists.camus_info.CamusInfo`.
    """

    image: str | list[str]
    label: str | list[str]
    label_frames: list[int]
    patient: str
    view: str
    ed_frame: int
    es_frame: int
    image_quality: str
    ef_percent: float
    edv_ml: float
    esv_ml: float
    frame_rate_hz: float
    image_quality_2CH: str
    image_quality_4CH: str
    ef_percent_2CH: float
    ef_percent_4CH: float


def camus_datalist(
    root_dir: PathLike,
    section: str = "training",
    views: Sequence[str] = VIEWS,
    clips: str = "half_sequence",
    report: Callable[[str], object] | None = print,
) -> list[CamusItem]:
    """List the clips of a CAMUS release: NIfTI or the original MetaImage files.

    Args:
        root_dir: folder with ``database_nifti`` and ``database_split``, or with the patient folders.
        section: ``"training"``, ``"validation"``, ``"testing"`` (the official lists), or ``"all"``.
        views: ``"2CH"`` (A2C), ``"4CH"`` (A4C), or both.
        clips: ``"half_sequence"`` for ED to ES, falling back to the two stills if that file is missing, or
            ``"stills"``.
        report: called with a summary of the listed clips and of those left out, with reasons; ``None`` for no report.

    Returns:
        Items, see :class:`CamusItem`.

    Raises:
        FileNotFoundError: if the folder, the section's patient list, or every clip is missing, or if the
            folder holds another data set.
        ValueError: if an argument or an ``Info`` file is malformed.
    """
    look_up_option(section, SECTIONS)
    look_up_option(clips, CLIPS)
    views = [parse_view(view) for view in ([views] if isinstance(views, str) else views)]
    root = Path(root_dir)
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is not a directory; set dataset_dir to a CAMUS release with {LAYOUT}.")
    patients_dir = root / "database_nifti" if (root / "database_nifti").is_dir() else root
    if advice := advise_config(root, "CAMUS"):
        raise FileNotFoundError(advice)
    items, left_out = [], []
    patients, tables = _patients(root, patients_dir, section), patient_tables(root)
    for patient in patients:
        for view in views:
            try:
                items.append(_clip(in_any_case(patients_dir / patient), view, clips, tables))
            except FileNotFoundError as error:
                left_out.append(str(error))
    if not items:
        reasons = f" ({left_out[0]})" if left_out else ""
        raise FileNotFoundError(
            f"no {'/'.join(views)} clip for section {section} in {root}{reasons}; expected {LAYOUT}."
        )
    if report is not None:
        lines = [f"CAMUS {section}: {len(items)} clips of {len(patients)} patients, {len(left_out)} left out"]
        if clips == "half_sequence" and all(item.get("es_frame") == 1 for item in items):
            lines += [
                "no half sequences found: these are ED and ES stills, for which light.yaml and camus_stills.yaml are"
            ]
        report("\n  ".join(lines + _shorten(left_out)))
    return items


def _shorten(reasons: Sequence[str], most: int = 5) -> list[str]:
    """Return the first reasons and the number of the others."""
    return [*reasons[:most], *([f"and {len(reasons) - most} more"] if len(reasons) > most else [])]


def _patients(root: Path, patients_dir: Path, section: str) -> list[str]:
    if section == "all":
        folders = (path for path in patients_dir.iterdir() if path.is_dir())
        return sorted(path.name for path in folders if path.name.lower().startswith("patient"))
    split = root / "database_split" / f"subgroup_{section}.txt"
    if not split.is_file():
        raise FileNotFoundError(f"{split} does not exist; add the official list, or use section 'all'.")
    return split.read_text().split()


def _clip(folder: Path, view: str, clips: str, tables: PatientTables) -> CamusItem:
    """Return one view of one patient; a missing file raises a FileNotFoundError that names it."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder.name} {view}: folder {folder} is missing")
    info = clip_info(folder, view, tables)
    item = {**info.stated, "patient": folder.name, "view": view}
    stem = folder / f"{folder.name}_{view}"
    files = _half_sequence(stem, info) if clips == "half_sequence" else None
    return {**item, **(files or _stills(stem))}


def _half_sequence(stem: Path, info: CamusInfo) -> CamusItem | None:
    """Return image and label of a half sequence, or None if the release has none."""
    image, label = (in_any_case(stem.with_name(f"{stem.name}_half_sequence{end}.nii.gz")) for end in ("", "_gt"))
    original = in_any_case(stem.with_name(f"{stem.name}_sequence.mhd"))
    original_is_there = original.is_file() and original.with_suffix(".raw").is_file()
    if not (image.is_file() and label.is_file()) and not original_is_there:
        return None
    if info.ed_frame is None or info.es_frame is None:
        raise FileNotFoundError(
            f"{stem.name}: the Info file, which states the ED and ES frames of the sequence, is missing"
        )
    if not original_is_there:
        return {"image": str(image), "label": str(label)}
    labels = _existing(stem, "_ED_gt.mhd", "_ES_gt.mhd")  # the original release annotates only the first and last frame
    return {"image": str(original), "label": labels, "label_frames": [info.ed_frame, info.es_frame]}


def _stills(stem: Path) -> CamusItem:
    suffix = ".mhd" if in_any_case(stem.with_name(f"{stem.name}_ED.mhd")).is_file() else ".nii.gz"
    images, labels = (_existing(stem, f"_ED{end}{suffix}", f"_ES{end}{suffix}") for end in ("", "_gt"))
    return {"image": images, "label": labels, "ed_frame": 0, "es_frame": 1}


def _existing(stem: Path, *endings: str) -> list[str]:
    paths = [in_any_case(stem.with_name(stem.name + ending)) for ending in endings]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"{stem.parent.name}: {path.name} is missing")
    return [str(path) for path in paths]
