"""CAMUS: apical two- and four-chamber clips with expert contours at end-diastole and end-systole.

S. Leclerc et al., IEEE TMI 38(9):2198-2210, 2019, doi:10.1109/TMI.2019.2900516.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from monai.config import PathLike
from monai.data import CacheDataset
from monai.utils import look_up_option

from gdkvm_monai.labels import VIEWS

__all__ = ["CamusDataset", "camus_datalist", "read_info"]

SECTIONS = ("training", "validation", "testing", "all")
CLIPS = ("half_sequence", "stills")
LAYOUT = "database_nifti/patientXXXX/ and database_split/subgroup_<section>.txt, or patientXXXX/*.mhd"


def camus_datalist(
    root_dir: PathLike,
    section: str = "training",
    views: Sequence[str] = VIEWS,
    clips: str = "half_sequence",
    report: Callable[[str], object] | None = print,
) -> list[dict]:
    """List the clips of a CAMUS release, the NIfTI one or the original one in MetaImage files.

    Args:
        root_dir: folder with ``database_nifti`` and ``database_split``, or with the patients' folders themselves.
        section: ``"training"``, ``"validation"``, ``"testing"`` (the official lists), or ``"all"``.
        views: ``"2CH"``, ``"4CH"`` or both.
        clips: ``"half_sequence"`` for ED to ES where such a file is there and the two stills otherwise, or
            ``"stills"``.
        report: gets one text that says how many clips were found and what was left out and why; ``None`` for none.

    Returns:
        Items with ``image`` and ``label`` (paths), ``patient``, ``view``, 0-based ``ed_frame`` and ``es_frame``, what
        the ``Info`` file says (``image_quality``, ``ef_percent``, ``edv_ml``, ``esv_ml``, ``frame_rate_hz``), and
        ``label_frames`` where only some frames of ``image`` are annotated.

    Raises:
        FileNotFoundError: when the folder, the list of the section or every clip is missing.
        ValueError: when an argument or an ``Info`` file is malformed.
    """
    look_up_option(section, SECTIONS)
    look_up_option(clips, CLIPS)
    views = [look_up_option(view, VIEWS) for view in ([views] if isinstance(views, str) else views)]
    root = Path(root_dir)
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is not a directory; set dataset_dir to a CAMUS release with {LAYOUT}.")
    patients_dir = root / "database_nifti" if (root / "database_nifti").is_dir() else root
    items, left_out = [], []
    patients, tables = _patients(root, patients_dir, section), _patient_tables(root)
    for patient in patients:
        for view in views:
            try:
                items.append(_clip(patients_dir / patient, view, clips, tables))
            except FileNotFoundError as error:
                left_out.append(str(error))
    if not items:
        reasons = f" ({left_out[0]})" if left_out else ""
        raise FileNotFoundError(
            f"no {'/'.join(views)} clip for section {section} in {root}{reasons}; expected {LAYOUT}."
        )
    if report is not None:
        lines = [f"CAMUS {section}: {len(items)} clips of {len(patients)} patients, {len(left_out)} left out"]
        report("\n  ".join(lines + left_out))
    return items


class CamusDataset(CacheDataset):
    """The clips of a CAMUS release as MONAI's :class:`~monai.data.CacheDataset`.

    Args:
        root_dir: as in :func:`camus_datalist`, whose items are the dataset's ``data``.
        section: as there.
        transform: applied to every item; begin with ``LoadClipd(["image", "label"])``.
        views: as in :func:`camus_datalist`.
        clips: as there.
        cache_num: items kept in memory, as in MONAI.
        cache_rate: share of the items kept in memory, as in MONAI.
        num_workers: threads that fill the cache.
        progress: whether to show a progress bar while the cache is filled.
    """

    def __init__(
        self,
        root_dir: PathLike,
        section: str = "training",
        transform: Callable | Sequence[Callable] = (),
        views: Sequence[str] = VIEWS,
        clips: str = "half_sequence",
        cache_num: int = 2**63 - 1,
        cache_rate: float = 1.0,
        num_workers: int | None = 1,
        progress: bool = True,
    ) -> None:
        data = camus_datalist(root_dir, section, views, clips)
        super().__init__(data, transform, cache_num, cache_rate, num_workers, progress)


def read_info(path: Path) -> dict:
    """Read an ``Info_*.cfg``; frame numbers become 0-based, volumes carry mL, the ejection fraction percent."""
    entries = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
    return _parse_info({key.strip(): value.strip() for key, value in entries.items()}, path)


def _parse_info(entries: Mapping[str, str], source: Path) -> dict:
    numbers = {
        "ef_percent": ("EF", "LVef"),
        "edv_ml": ("LVedv",),
        "esv_ml": ("LVesv",),
        "frame_rate_hz": ("FrameRate",),
    }
    try:
        info: dict = {"ed_frame": int(entries["ED"]) - 1, "es_frame": int(entries["ES"]) - 1}
        info["image_quality"] = entries.get("ImageQuality", "unknown")
        for name, keys in numbers.items():
            info.update({name: float(entries[key]) for key in keys if key in entries})
    except (KeyError, ValueError) as error:
        raise ValueError(f"{source}: {error} is missing or not a number; expected lines such as 'ED: 1'.") from error
    return info


def _patient_tables(root: Path) -> dict[str, dict[str, dict]]:
    """What ``patients_info_<view>.csv`` files say, by view and patient; some copies have no Info files."""
    tables: dict[str, dict[str, dict]] = {}
    for view in VIEWS:
        path = root / f"patients_info_{view}.csv"
        if path.is_file():
            with open(path, newline="") as file:
                tables[view] = {row["Patient"]: _parse_info(row, path) for row in csv.DictReader(file)}
    return tables


def _info(folder: Path, view: str, tables: Mapping[str, Mapping[str, dict]]) -> dict:
    """What is known of a clip: its Info file, else its view's table, else the patient's EF from the other view's."""
    path = folder / f"Info_{view}.cfg"
    if path.is_file():
        return read_info(path)
    if folder.name in tables.get(view, {}):
        return dict(tables[view][folder.name])
    stated = [table[folder.name] for table in tables.values() if folder.name in table]
    return {"ef_percent": stated[0]["ef_percent"]} if stated and "ef_percent" in stated[0] else {}


def _patients(root: Path, patients_dir: Path, section: str) -> list[str]:
    if section == "all":
        return sorted(path.name for path in patients_dir.glob("patient*") if path.is_dir())
    split = root / "database_split" / f"subgroup_{section}.txt"
    if not split.is_file():
        raise FileNotFoundError(f"{split} does not exist; add the official list, or use section 'all'.")
    return split.read_text().split()


def _clip(folder: Path, view: str, clips: str, tables: Mapping[str, Mapping[str, dict]]) -> dict:
    """One view of one patient; FileNotFoundError names what is missing."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder.name} {view}: folder {folder} is missing")
    info = _info(folder, view, tables)
    item = {**info, "patient": folder.name, "view": view}
    stem = folder / f"{folder.name}_{view}"
    files = _half_sequence(stem, info) if clips == "half_sequence" else None
    return {**item, **(files or _stills(stem))}


def _half_sequence(stem: Path, info: Mapping) -> dict | None:
    """Image and label of a half sequence, or None where the release has none."""
    image, label = (stem.with_name(f"{stem.name}_half_sequence{end}.nii.gz") for end in ("", "_gt"))
    original = stem.with_name(f"{stem.name}_sequence.mhd")
    original_is_there = original.is_file() and original.with_suffix(".raw").is_file()
    if not (image.is_file() and label.is_file()) and not original_is_there:
        return None
    if "ed_frame" not in info:
        raise FileNotFoundError(
            f"{stem.name}: its Info file is missing, which says where ED and ES are in the sequence"
        )
    if not original_is_there:
        return {"image": str(image), "label": str(label)}
    labels = _existing(stem, "_ED_gt.mhd", "_ES_gt.mhd")  # the original release annotates its first and last frame only
    return {"image": str(original), "label": labels, "label_frames": [info["ed_frame"], info["es_frame"]]}


def _stills(stem: Path) -> dict:
    suffix = ".mhd" if stem.with_name(f"{stem.name}_ED.mhd").is_file() else ".nii.gz"
    images, labels = (_existing(stem, f"_ED{end}{suffix}", f"_ES{end}{suffix}") for end in ("", "_gt"))
    return {"image": images, "label": labels, "ed_frame": 0, "es_frame": 1}


def _existing(stem: Path, *endings: str) -> list[str]:
    paths = [stem.with_name(stem.name + ending) for ending in endings]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"{stem.parent.name}: {path.name} is missing")
    return [str(path) for path in paths]
