"""The entries of ``run.json`` in words, for the report."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.report.environment import DASH
from gdkvm_monai.study.run_record import RunRecord

__all__ = ["describe_defaults", "describe_run"]

WORDS = {
    "fps": "frame rate (Hz)",
    "gdkvm": "GDKVM",
    "max": "largest",
    "mm": "(mm)",
    "monai": "MONAI",
    "prob": "class probabilities",
    "python": "Python",
    "sd": "SD",
    "sha256": "SHA-256",
    "torch": "PyTorch",
    "utc": "(UTC)",
    "voxels": "number of pixels",
}
"""Words of the keys that are no words of a text."""

DEFAULTS = json.loads(json.dumps(vars(SegmentOptions())))
"""Value of each option as in ``run.json`` if it is not given."""


def describe_run(run: RunRecord) -> list[tuple[str, str]]:
    """Return the name and the text of each entry of ``run.json``, except the options that are at their defaults.

    The name of a nested entry is its path.
    """
    return [_words(entry) for entry in _entries(json.loads(run.to_json())) if not _is_default(*entry)]


def describe_defaults(run: RunRecord) -> list[tuple[str, str]]:
    """Return the name and the text of each option that is at its default."""
    return [_words(entry) for entry in _entries(json.loads(run.to_json())) if _is_default(*entry)]


def _is_default(path: tuple[str, ...], value: object) -> bool:
    return path[0] == "options" and DEFAULTS.get(path[-1], ...) == value


def _words(entry: tuple[tuple[str, ...], object]) -> tuple[str, str]:
    path, value = entry
    return _name(path), _text(value)


def _entries(content: Mapping[str, object], parents: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    for key, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from _entries(value, (*parents, key))
        else:
            yield (*parents, key), value


def _name(path: tuple[str, ...]) -> str:
    parts = [_in_words(key) if key.isidentifier() else key for key in path]  # a file name stays as it is
    text = ", ".join(parts)
    return text[0].upper() + text[1:]


def _in_words(key: str) -> str:
    return " ".join(WORDS.get(word, word) for word in key.split("_"))


def _text(value: object) -> str:
    if value is None or value == "":
        return f"{DASH} not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, Mapping)):
        return ", ".join(map(str, value)) or f"{DASH} none"
    return str(value)
