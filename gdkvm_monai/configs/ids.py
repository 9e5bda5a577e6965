"""Detection of misspelled IDs, which MONAI silently adds to the config without effect."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from pathlib import Path

from monai.bundle import ConfigExpression, ConfigParser
from monai.bundle.utils import merge_kv
from monai.utils import ensure_tuple

from gdkvm_monai.configs.known_ids import KnownIds
from gdkvm_monai.configs.overlay_order import check_order
from gdkvm_monai.configs.references import normalize, references

__all__ = ["check_ids", "check_overrides"]


def check_ids(
    config_file: str | Path | Sequence[str | Path],
    overrides: Mapping[str, object] | None = None,
    added: Collection[str] = (),
    configs: int = 1,
) -> ConfigParser:
    """Refuse an ID in an overlay, or an override, that has no effect.

    An ID has an effect if an earlier config contains it, if it is an argument of a component, or if something refers
    to it.

    Args:
        config_file: the config and its overlays, as for ``monai.bundle run``.
        overrides: values by ID, from the command line.
        added: additional valid IDs, such as those that MONAI adds for experiment tracking.
        configs: number of leading files that are complete configs; an overlay may change an ID of any of them.

    Returns:
        All files merged, without the overrides.

    Raises:
        FileNotFoundError: if a config is missing.
        ValueError: if a config cannot be read, an ID has no effect, or an overlay of the bundle undoes another one.
    """
    files = [str(name) for name in ensure_tuple(config_file)]
    states = [ConfigParser({})]  # the config before each file, and at the end
    contents = [_read(name) for name in files]
    check_order(files, contents)
    for file, content in zip(files, contents):
        states.append(_merge(states[-1], content, file))
    merged, values = states[-1], dict(overrides or {})
    used = _used_ids(merged, values, added)
    steps = list(zip(files, contents, states, states[1:]))
    for file, content, before, after in steps[configs:]:
        known = KnownIds(before, after, used)
        for name, value in content.items():
            key = normalize(name.removeprefix("+"))
            first = len(before[key]) if name != key and isinstance(value, list) and key in before else 0
            for wrong in known.without_effect(key, value, first):
                raise ValueError(f"{file}: the config has no {wrong}; {known.advice(wrong)}")
    check_overrides(merged, values, added)
    return merged


def check_overrides(config: ConfigParser, overrides: Mapping[str, object], added: Collection[str] = ()) -> None:
    """Refuse an override that has no effect in a config; for the arguments see :func:`check_ids`.

    Raises:
        ValueError: if an ID has no effect.
    """
    changed = ConfigParser(deepcopy(config.get()))
    for name, value in overrides.items():
        try:
            changed.set(deepcopy(value), normalize(name))
        except (IndexError, KeyError, TypeError, ValueError):
            pass  # part of a number or string, or no entry of a list: refused below
    known = KnownIds(config, changed, _used_ids(config, overrides, added))
    for name, value in overrides.items():
        if name.startswith("+"):
            raise ValueError(f"--{name}: merging with + works only in an overlay file; put the ID in an overlay.")
        for wrong in known.without_effect(normalize(name), value):
            raise ValueError(f"--{name}: the config has no {wrong}; {known.advice(wrong, '--')}")


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


def _merge(config: ConfigParser, content: Mapping[str, object], file: str) -> ConfigParser:
    """Merge a file into a copy of a config, as MONAI does."""
    merged = ConfigParser(deepcopy(config.get()))
    for name, value in content.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about merging into a missing ID, which is refused later
                merge_kv(merged, name, deepcopy(value))
        except (IndexError, KeyError, TypeError, ValueError) as error:
            key = normalize(name.removeprefix("+"))
            if key in merged:
                raise ValueError(
                    f"{file}: {name} can only merge two lists or two dictionaries; remove the +."
                ) from error
            advice = KnownIds(merged, merged, ()).advice(key)
            raise ValueError(f"{file}: the config has no {key}; {advice}") from error
    return merged


def _read(name: str) -> Mapping[str, object]:
    if not Path(name).is_file():
        raise FileNotFoundError(f"config file {name} does not exist; pass a file such as bundle/configs/train.json.")
    try:
        content = ConfigParser.load_config_file(name)
    except Exception as error:  # the JSON and YAML parsers raise many types of errors
        raise ValueError(f"config file {name} cannot be read as JSON or YAML: {error}; correct it.") from error
    if not isinstance(content, Mapping) or not all(isinstance(key, str) for key in content):
        raise ValueError(f"config file {name} has no IDs with values; write for example 'frame_size: [96, 96]'.")
    return content
