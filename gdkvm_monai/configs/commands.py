"""MONAI's bundle commands with a check of the IDs in overlays and overrides."""

from __future__ import annotations

import functools
import inspect
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from monai.bundle import ConfigParser
from monai.bundle import __main__ as monai_command
from monai.bundle import update_kwargs
from monai.bundle.utils import DEFAULT_EXP_MGMT_SETTINGS

from gdkvm_monai.configs.ids import check_ids
from gdkvm_monai.configs.known_ids import KnownIds
from gdkvm_monai.configs.location import bundle_dir, check_weights_file, find_config, released_weights

__all__ = ["checked_commands", "evaluate", "run_in_process"]

RUN_IDS = ("run_id", "init_id", "final_id", "net_id")
"""Arguments that name an ID of the config."""


def checked_commands() -> dict[str, Callable]:
    """Return the commands of ``python -m monai.bundle`` by name; those that accept overrides check them first."""
    commands = {name: item for name, item in vars(monai_command).items() if inspect.isfunction(item)}
    named = {name: _with_arguments(item) for name, item in commands.items()}
    return {name: _checked(item) if _takes_overrides(item) else item for name, item in named.items()}


def run_in_process(
    run_id: str, configs: Sequence[str], bundle_root: Path, dataset_dir: Path, overrides: Sequence[str] = ()
) -> None:
    """Print ``python -m monai.bundle run`` with its arguments and run it in a separate process.

    Args:
        run_id: ID of the run, for example ``training``.
        configs: config files, or names in the bundle's ``configs``.
        bundle_root: folder with ``models`` and ``eval``.
        dataset_dir: folder with the clips.
        overrides: additional arguments, ``--id=value``.

    Raises:
        subprocess.CalledProcessError: if the run fails.
    """
    files = str([str(find_config(name)) for name in configs])
    command = [sys.executable, "-m", "monai.bundle", "run", run_id, "--config_file", files]
    command += ["--bundle_root", str(bundle_root), "--dataset_dir", str(dataset_dir), *overrides]
    print("$", " ".join(command), flush=True)
    subprocess.run(command, check=True)


def evaluate(
    dataset_dir: Path,
    output_dir: Path,
    weights: Path | None = None,
    overlays: Sequence[str | Path] = (),
    overrides: Mapping[str, object] | None = None,
) -> None:
    """Score weights on annotated clips with ``train.json``, overlays, and ``evaluate.json``, in this process.

    Args:
        dataset_dir: folder with the clips.
        output_dir: folder for the scores.
        weights: checkpoint; by default the released weights.
        overlays: config files, or names in the bundle's ``configs``, applied between the two.
        overrides: config values by ID.

    Raises:
        FileNotFoundError: if a config or the weights do not exist.
        ValueError: if an ID in an overlay or an override is unknown.
    """
    weights = weights or released_weights()
    check_weights_file(weights)
    files = [str(find_config(name)) for name in ("train.json", *overlays, "evaluate.json")]
    given = {"bundle_root": bundle_dir(), "dataset_dir": dataset_dir, "output_dir": output_dir, "checkpoint": weights}
    values = {
        name: str(path.absolute()) for name, path in given.items()
    }  # absolute, so that no path is parsed as an expression
    checked_commands()["run"]("evaluating", config_file=files, **values, **(overrides or {}))


def _takes_overrides(command: Callable) -> bool:
    return {"override", "config_file"} <= set(inspect.signature(command).parameters)


def _with_arguments(command: Callable) -> Callable:
    """Name a missing argument, which MONAI reports as the bare key of a dictionary."""
    names = inspect.signature(command).parameters

    @functools.wraps(command)
    def run(*arguments, **options):
        try:
            return command(*arguments, **options)
        except KeyError as error:
            if error.args[0] not in names:
                raise
            raise ValueError(f"{command.__name__} needs an argument {error.args[0]}; add --{error.args[0]}.") from error

    return run


def _checked(command: Callable) -> Callable:
    signature = inspect.signature(command)

    @functools.wraps(command)
    def run(*arguments, **options):
        given = signature.bind(*arguments, **options).arguments
        stored = update_kwargs(given.get("args_file"))
        config_file = given.get("config_file") or stored.get("config_file")
        if config_file is None:
            raise ValueError("no config was given; add --config_file, for example bundle/configs/train.json.")
        tracking = given.get("tracking") or stored.get("tracking")
        overrides = {name: value for name, value in stored.items() if name not in signature.parameters}
        overrides |= given.get("override", {})
        known = [*signature.parameters, *(_tracking_ids(tracking) if tracking else ())]
        config = check_ids(config_file, overrides, known)
        for name in RUN_IDS:
            _check_run(name, given.get(name, stored.get(name)), config, overrides)
        return command(*arguments, **options)

    return run


def _check_run(name: str, value: object, config: ConfigParser, overrides: Mapping[str, object]) -> None:
    """Refuse an argument that names a missing ID as what to run."""
    if isinstance(value, str) and value not in config and value not in overrides:
        raise ValueError(
            f"{name} is {value!r}, which the config does not have; {KnownIds(config, config, ()).advice(value)}"
        )


def _tracking_ids(tracking: str | Mapping) -> Collection[str]:
    settings = DEFAULT_EXP_MGMT_SETTINGS.get(tracking) if isinstance(tracking, str) else tracking
    return (settings or ConfigParser.load_config_file(str(tracking)))["configs"].keys()
