"""References between the parts of a config, and the arguments that its components accept."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pydoc import locate

from monai.bundle import ComponentLocator, ConfigComponent

__all__ = ["accepted_arguments", "nested_ids", "normalize", "references", "root_id"]


def normalize(key: str) -> str:
    """Return an ID in canonical spelling.

    Example:
        >>> normalize("train::trainer::max_epochs")
        'train#trainer#max_epochs'
    """
    return key.replace("::", "#")


def root_id(key: str) -> str:
    """Return the first part of the ID of a config entry.

    Example:
        >>> root_id("+network_def::width"), root_id("frame_size")
        ('network_def', 'frame_size')
    """
    return normalize(key).removeprefix("+").partition("#")[0]


def references(content: object) -> set[str]:
    """Return the IDs that strings in a config refer to with ``@`` or ``%``.

    Example:
        >>> sorted(references({"a": "$@b::c + 1", "d": ["%e"]}))
        ['b#c', 'e']
    """
    if isinstance(content, str):
        return {match.strip("#") for match in re.findall(r"[@%]([\w#]+)", normalize(content))}
    parts: Sequence = ()
    if isinstance(content, Mapping):
        parts = list(content.values())
    elif isinstance(content, (list, tuple)):
        parts = content
    return set().union(*map(references, parts))


def nested_ids(content: object, prefix: str = "") -> Iterator[str]:
    """Yield the IDs of all entries of nested dictionaries in a config."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield f"{prefix}{key}"
            yield from nested_ids(value, f"{prefix}{key}#")


def accepted_arguments(component: Mapping[str, object]) -> set[str] | None:
    """Return the keys allowed in a component of a config: its parameters, and MONAI's own, such as ``_target_``.

    Args:
        component: dictionary with ``_target_``.

    Returns:
        The keys, or ``None`` if any key is allowed or the target is unknown.

    Example:
        >>> "p" in accepted_arguments({"_target_": "torch.nn.Dropout"})
        True
    """
    target = _locate(component["_target_"])
    if target is None:
        return None
    names = set(ConfigComponent.non_arg_keys)
    for function in _initializers(target):
        parameters = list(inspect.signature(function).parameters.values())[inspect.isclass(target) :]  # without self
        names |= {item.name for item in parameters if item.kind in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY)}
        if not any(item.kind is item.VAR_KEYWORD for item in parameters):
            return names
    return None


def _locate(name: object) -> Callable | None:
    """Resolve a target like MONAI does: a dotted path, or the bare name of a component of MONAI."""
    if not isinstance(name, str) or name[:1] in ("$", "@", "%"):
        return None
    module = _locator().get_component_module_name(name)
    modules = module if isinstance(module, list) else [module]
    target = locate(f"{modules[0]}.{name}" if modules[0] else name)
    return target if callable(target) else None


@functools.cache
def _locator() -> ComponentLocator:
    return ComponentLocator()


def _initializers(target: Callable) -> list[Callable]:
    """Return the functions that receive the arguments: a class's own initializer, then those of its bases."""
    if not inspect.isclass(target):
        return [target]
    return [vars(part)["__init__"] for part in target.__mro__ if "__init__" in vars(part)]
