"""Detection of misspelled IDs, which MONAI silently adds to the config without effect."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from monai.bundle import ConfigExpression, ConfigParser
from monai.utils import ensure_tuple

from gdkvm_monai.configs.references import accepted_arguments, nested_ids, normalize, references

__all__ = ["check_ids", "check_overrides"]


def check_ids(
    config_file: str | Path | Sequence[str | Path],
    overrides: Mapping[str, object] | None = None,
    added: Collection[str] = (),
) -> None:
    """Refuse an ID in an overlay, or an override, that has no effect.

    An ID has an effect if an earlier config contains it, if it is an argument of a component, or if something refers
    to it.

    Args:
        config_file: the config and its overlays, as for ``monai.bundle run``.
        overrides: values by ID, from the command line.
        added: additional valid IDs, such as those that MONAI adds for experiment tracking.

    Raises:
        FileNotFoundError: if a config is missing.
        ValueError: if a config cannot be read, or an ID has no effect.
    """
    files = [str(name) for name in ensure_tuple(config_file)]
    contents = [_read(name) for name in files]
    merged, values = _merge(files), dict(overrides or {})
    used = _used_ids(merged, values, added)
    for number, (file, content) in enumerate(zip(files[1:], contents[1:]), start=1):
        place = _Place(_merge(files[:number]), merged, used)
        for key in _changed_ids(content):
            if not place.knows(key):
                raise ValueError(f"{file}: the config has no {key}; {place.advice(key)}")
    check_overrides(merged, values, added)


def check_overrides(config: ConfigParser, overrides: Mapping[str, object], added: Collection[str] = ()) -> None:
    """Refuse an override that has no effect in a config; for the arguments see :func:`check_ids`.

    Raises:
        ValueError: if an ID has no effect.
    """
    changed = ConfigParser(deepcopy(config.get()))
    for name, value in overrides.items():
        if normalize(name).rpartition("#")[0] in config:
            changed[normalize(name)] = value
    place = _Place(config, changed, _used_ids(config, overrides, added))
    for name in overrides:
        if name.startswith("+"):
            raise ValueError(f"--{name}: merging with + works only in an overlay file; put the ID in an overlay.")
        if not place.knows(normalize(name)):
            raise ValueError(f"--{name}: the config has no {normalize(name)}; {place.advice(normalize(name), '--')}")


@dataclass(frozen=True)
class _Place:
    """Configs in which an ID is looked up.

    Attributes:
        before: the configs before the change.
        merged: all configs and overrides merged.
        used: IDs that something refers to.
    """

    before: ConfigParser
    merged: ConfigParser
    used: Collection[str]

    def knows(self, key: str) -> bool:
        """Return whether an ID has an effect."""
        if key in self.before or key.startswith("_meta_"):
            return True
        if any(name == key or name.startswith(f"{key}#") for name in self.used):
            return True
        parent, _, name = key.rpartition("#")
        accepted = self._arguments(parent)
        if accepted is not None:
            return name in accepted
        return self._is_component(parent) or any(
            self._is_component(ancestor) or ancestor in self.used for ancestor in _ancestors(parent)
        )

    def advice(self, key: str, option: str = "") -> str:
        """Return advice that names the nearest valid ID, prefixed with ``option``."""
        parent, _, name = key.rpartition("#")
        arguments = [f"{parent}#{argument}" for argument in self._arguments(parent) or ()]
        ids = [*dict.fromkeys([*nested_ids(self.before.get()), *arguments, *self.used])]
        same = [known for known in ids if known.rpartition("#")[2] == name]
        near = [difflib.get_close_matches(key, ids, 1, cutoff) for cutoff in (0.85, 0.6)]
        close = near[0] or same or near[1]
        return f"did you mean {option}{close[0]}?" if close else "see the config for valid IDs."

    def _arguments(self, key: str) -> set[str] | None:
        return accepted_arguments(self.merged[key]) if self._is_component(key) else None

    def _is_component(self, key: str) -> bool:
        content = self.merged.get(key) if key in self.merged else None
        return isinstance(content, Mapping) and "_target_" in content


def _ancestors(key: str) -> Iterator[str]:
    while key:
        yield key
        key = key.rpartition("#")[0]


def _changed_ids(content: Mapping[str, object]) -> Iterable[str]:
    """Yield the IDs that an overlay changes; for a dictionary that is merged with ``+``, those of its entries."""
    for name, value in content.items():
        key = normalize(name.removeprefix("+"))
        merges = name.startswith("+") and isinstance(value, Mapping)
        yield from (f"{key}#{part}" for part in value) if merges else (key,)


def _used_ids(config: ConfigParser, overrides: Mapping[str, object], added: Collection[str]) -> set[str]:
    """Return the IDs that something refers to, and those that MONAI itself looks up.

    The latter are the steps of a run and import statements under any ID, usually ``imports``.
    """
    imports = {
        name
        for name, value in config.get().items()
        if isinstance(value, list) and any(map(ConfigExpression.is_import_statement, value))
    }
    used = references([config.get(), *overrides.values()]) | set(map(normalize, added))
    return used | imports | {"imports", "initialize", "run", "finalize"}


def _merge(files: Sequence[str]) -> ConfigParser:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about merging into a missing ID, which is refused below
        return ConfigParser(ConfigParser.load_config_files(list(files)))


def _read(name: str) -> Mapping[str, object]:
    if not Path(name).is_file():
        raise FileNotFoundError(f"config file {name} does not exist; pass a file such as bundle/configs/train.json.")
    try:
        content = ConfigParser.load_config_file(name)
    except Exception as error:  # the JSON and YAML parsers raise many types of errors
        raise ValueError(f"config file {name} cannot be read as JSON or YAML: {error}; correct it.") from error
    if not isinstance(content, Mapping):
        raise ValueError(f"config file {name} has no IDs with values; write for example 'frame_size: [96, 96]'.")
    return content
