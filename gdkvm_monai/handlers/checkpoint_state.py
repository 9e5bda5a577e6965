"""The state of training that a checkpoint must hold, and what is wrong with one that cannot be resumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor

from gdkvm_monai.networks.stored_tensors import fault_of_storage, fault_of_tensor

__all__ = ["FORMAT", "fault_of_state"]

FORMAT = "gdkvm_monai training checkpoint 1"
FOREIGN = "is not the checkpoint of a training run"
ENTRIES = {
    **{"config": str, "config_sha256": str, "processes": int, "validated": bool, "finished": bool},
    "parts": dict,
}
"""Entries of a state with their types."""

FINITE = ("network", "optimizer", "weight_average")
"""Parts without a value that is not finite; scores may be NaN."""


def fault_of_state(state: object) -> str:
    """Describe why a state cannot be resumed, to be read after the name of its file; empty if it can.

    Example:
        >>> fault_of_state({"format": FORMAT, "config": "{}"})
        'is incomplete: it has no config_sha256'
    """
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        return FOREIGN
    for name, kind in ENTRIES.items():
        if type(state.get(name)) is not kind:
            return f"is incomplete: it has no {name}"
    parts = state["parts"]
    return _fault_of_counts(parts.get("trainer")) or next(_faults_of_tensors(parts), "")


def _fault_of_counts(trainer: object) -> str:
    """Describe why the trainer's state has no iteration of its run."""
    if not isinstance(trainer, Mapping):
        return "is incomplete: it has no trainer"
    counts = {name: trainer.get(name) for name in ("iteration", "max_epochs", "epoch_length")}
    for name, count in counts.items():
        if type(count) is not int or count < 0:
            return f"has the {name} {count!r:.60}, expected a whole number of at least 0"
    total = counts["max_epochs"] * counts["epoch_length"]
    return f"is at iteration {counts['iteration']} of {total}" if counts["iteration"] > total else ""


def _faults_of_tensors(parts: Mapping) -> Iterator[str]:
    for part, state in parts.items():
        fault_of = fault_of_tensor if part in FINITE else fault_of_storage
        for name, value in _tensors(state, str(part)):
            if fault := fault_of(value):
                yield f"cannot be resumed: {name} {fault}"


def _tensors(value: object, name: str) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors in nested dictionaries and lists with their names."""
    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, (Mapping, list, tuple)):
        entries = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, entry in entries:
            yield from _tensors(entry, f"{name}.{key}")
