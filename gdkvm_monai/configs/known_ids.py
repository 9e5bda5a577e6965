"""The IDs that have an effect in a config, and the nearest one to a misspelled ID."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from monai.bundle import ConfigParser

from gdkvm_monai.configs.references import accepted_arguments, nested_ids

__all__ = ["KnownIds"]


@dataclass(frozen=True)
class KnownIds:
    """IDs that have an effect when a config is changed.

    Attributes:
        before: the config before the change.
        after: the config after the change.
        used: IDs that something refers to.
    """

    before: ConfigParser
    after: ConfigParser
    used: Collection[str]

    def without_effect(self, key: str, value: object, first: int = 0) -> Iterator[str]:
        """Yield those of an ID and the IDs inside its new value that have no effect.

        Args:
            key: ID that is changed.
            value: its new value.
            first: index of the first entry of a list ``value`` in the changed list.
        """
        if not self._knows(key):
            yield key
        elif isinstance(value, Mapping):
            for name, part in value.items():
                yield from self.without_effect(f"{key}#{name}", part)
        elif isinstance(value, list):
            for index, part in enumerate(value, first):
                yield from self.without_effect(f"{key}#{index}", part)

    def advice(self, key: str, option: str = "") -> str:
        """Return advice that names the nearest valid ID, prefixed with ``option``."""
        parent, _, name = key.rpartition("#")
        arguments = [f"{parent}#{argument}" for argument in self._arguments(parent) or ()]
        ids = [*dict.fromkeys([*nested_ids(self.before.get()), *arguments, *self.used])]
        same = [known for known in ids if known.rpartition("#")[2] == name]
        near = [difflib.get_close_matches(key, ids, 1, cutoff) for cutoff in (0.85, 0.6)]
        close = near[0] or same or near[1]
        return f"did you mean {option}{close[0]}?" if close else "see the config for valid IDs."

    def _knows(self, key: str) -> bool:
        if key in self.before or any(name == key or name.startswith(f"{key}#") for name in self.used):
            return True
        parent, _, name = key.rpartition("#")
        content = self.after[parent] if parent and parent in self.after else None
        if isinstance(content, list):
            return key in self.after
        if not isinstance(content, Mapping):
            return False
        if self._is_component(parent):
            accepted = self._arguments(parent)
            return accepted is None or name in accepted
        if parent not in self.before and not self._knows(parent):
            return False
        return any(self._is_component(ancestor) or ancestor in self.used for ancestor in _ancestors(parent))

    def _arguments(self, key: str) -> set[str] | None:
        """Return the arguments of a component; ``None`` if it accepts any, or the ID is not a component."""
        for config in (self.after, self.before):
            content = config[key] if key and key in config else None
            if isinstance(content, Mapping) and "_target_" in content:
                return accepted_arguments(content)
        return None

    def _is_component(self, key: str) -> bool:
        contents = [config[key] for config in (self.after, self.before) if key in config]
        return any(isinstance(content, Mapping) and "_target_" in content for content in contents)


def _ancestors(key: str) -> Iterator[str]:
    while key:
        yield key
        key = key.rpartition("#")[0]
