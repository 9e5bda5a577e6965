"""What the parts of a config refer to, and which arguments its components take."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pydoc import locate

from monai.bundle import ComponentLocator, ConfigComponent

__all__ = ["accepted_arguments", "nested_ids", "normalize", "references"]


def normalize(key: str) -> str:
    """An id in one spelling.

    Example:
        >>> normalize("train::trainer::max_epochs")
        'train#trainer#max_epochs'
    """
    return key.replace("::", "#")


def references(content: object) -> set[str]:
    """Ids that strings of a config refer to, by ``@`` or ``%``.

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
    """Ids of everything in a config that stands in dictionaries."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield f"{prefix}{key}"
            yield from nested_ids(value, f"{prefix}{key}#")


def accepted_arguments(component: Mapping[str, object]) -> set[str] | None:
    """Names that may stand in a component of a config: those of its parameters and MONAI's own, such as ``_target_``.

    Args:
        component: a dictionary with ``_target_``.

    Returns:
        The names, or ``None`` where any may stand there or the target is not known.

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
    """What a target names, found as MONAI does: a dotted path, or the bare name of something in MONAI."""
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
    """Functions that see the arguments: a class's own initializer first, then those that it may hand them on to."""
    if not inspect.isclass(target):
        return [target]
    return [vars(part)["__init__"] for part in target.__mro__ if "__init__" in vars(part)]
