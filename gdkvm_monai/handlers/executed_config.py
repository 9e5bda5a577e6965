"""The config that a run executes, and what changed in it since an earlier run."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterator, Mapping

from monai.bundle import ConfigParser

__all__ = ["config_sha256", "executed_config", "first_change"]

PLACES = {"bundle_root", "dataset_dir", "run_dir", "output_dir", "ckpt_dir", "device", "_meta_"}
COURSE = {"resume", "checkpoint_interval", "num_workers", "cache_rate", "process_timeout"}
COURSE |= {"gradient_checkpointing", "skip_nonfinite"}
"""IDs that may change when a run is resumed, for example in another folder or on another machine."""


def executed_config() -> str:
    """Return the config of the run that calls this, with all overlays and overrides, as JSON text.

    A config cannot refer to itself as a whole, so the parser that is instantiating the caller is found on the call
    stack. Outside of a config, the text is ``"{}"``.
    """
    frame = inspect.currentframe()
    while frame is not None:
        parser = frame.f_locals.get("self")
        if isinstance(parser, ConfigParser):
            return json.dumps(parser.get(), default=str)
        frame = frame.f_back
    return "{}"


def config_sha256(config: str) -> str:
    """Return the SHA-256 of a config's IDs that matter for training, in any order.

    Example:
        >>> config_sha256('{"seed": 1, "resume": true}') == config_sha256('{"resume": false, "seed": 1}')
        True
    """
    return hashlib.sha256(json.dumps(_relevant(config), sort_keys=True).encode()).hexdigest()


def first_change(old: str, new: str) -> str:
    """Describe the first change that matters for training; empty if there is none.

    Example:
        >>> first_change('{"epochs": 3, "resume": false}', '{"epochs": 4, "resume": true}')
        'epochs was 3 and is 4'
        >>> first_change('{"epochs": 3, "lr": {"a": 1}}', '{"epochs": 3, "lr": {"a": 2, "b": 1}}')
        'lr#a was 1 and is 2, and 1 other ID changed'
    """
    before, after = (dict(_entries(_relevant(config))) for config in (old, new))
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    if not changed:
        return ""
    key, others = changed[0], len(changed) - 1
    more = f", and {others} other ID{'s' * (others > 1)} changed" if others else ""
    return f"{key} was {_short(before.get(key))} and is {_short(after.get(key))}{more}"


def _relevant(config: str) -> dict[str, object]:
    return {key: value for key, value in json.loads(config).items() if key not in PLACES | COURSE}


def _entries(content: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield the IDs and values of all entries without parts."""
    parts: Mapping = {}
    if isinstance(content, Mapping):
        parts = content
    elif isinstance(content, list):
        parts = dict(enumerate(content))
    if not parts and key:
        yield key, json.dumps(content)
    for name, part in parts.items():
        yield from _entries(part, f"{key}#{name}" if key else str(name))


def _short(value: str | None) -> str:
    if value is None:
        return "absent"
    return value if len(value) <= 60 else f"{value[:57]}..."
