"""``python -m monai.bundle`` with the same arguments, and one sentence where a config is mistaken."""

from __future__ import annotations

import difflib
import functools
import inspect
import logging
import os
import re
import sys
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import fire
from monai.bundle import ConfigParser
from monai.bundle import __main__ as monai_command
from monai.bundle import update_kwargs
from monai.bundle.utils import DEFAULT_EXP_MGMT_SETTINGS
from monai.utils import ensure_tuple

WRAPPERS = ("Failed to instantiate", "Failed to evaluate", "applying transform")
"""How the messages begin with which MONAI says where an error came up, not what it is."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status, 0, or 2 after a mistake.

    ``--traceback`` or the environment variable ``GDKVM_TRACEBACK=1`` shows the whole stack.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    whole = "--traceback" in words or os.environ.get("GDKVM_TRACEBACK", "0") not in ("", "0")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # tracking must not use the network
    try:
        with nullcontext() if whole else no_stacks_in_the_log():
            fire.Fire(
                _commands(), [word for word in words if word != "--traceback"], "python -m gdkvm_monai.cli.bundle"
            )
    except Exception as error:
        if whole:
            traceback.print_exception(error)
        print(f"gdkvm: {explain(error)}" + ("" if whole else " (--traceback shows the stack)"), file=sys.stderr)
        return 2
    return 0


def explain(error: BaseException) -> str:
    """What went wrong, in one line: the message of the error below all that MONAI wraps around it.

    Example:
        >>> explain(RuntimeError("applying transform Flip"))
        'applying transform Flip'
    """
    place = ""
    while str(error).startswith(WRAPPERS) and (error.__cause__ or error.__context__):
        found = re.match(r"Failed to instantiate component '([^']+)'", str(error))
        place = f" (in {found[1]})" if found else place
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    message = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    if isinstance(error, OSError) and error.strerror:
        message = f"{error.filename}: {error.strerror}"
    if message.startswith("Caught "):  # in a worker process, whose stack is the message; its first error is the root
        message = next(iter(re.findall(r"^[\w.]*(?:Error|Exception): (.+)$", message, re.MULTILINE)), message)
    message = " ".join(message.split()) or type(error).__name__
    return message if _is_ours(error) else f"{type(error).__name__}: {message}{place}"


def check_overrides(
    config_file: str | Sequence[str], overrides: Mapping[str, object], added: Collection[str] = ()
) -> None:
    """Refuse an override that changes nothing; MONAI would add it to the config in silence.

    Args:
        config_file: the config or configs, as for ``monai.bundle run``.
        overrides: ids and values from the command line.
        added: ids that MONAI adds to the config, those of experiment tracking.

    Raises:
        FileNotFoundError: when a config is missing.
        ValueError: when a config cannot be read, or an id is neither in it, nor an argument of a component in it, nor
            referred to.
    """
    parser = ConfigParser()
    for name in ensure_tuple(config_file):
        if not Path(name).is_file():
            raise FileNotFoundError(
                f"config file {name} does not exist; name a file such as bundle/configs/train.json."
            )
        try:
            ConfigParser.load_config_file(str(name))
        except Exception as error:
            raise ValueError(f"config file {name} cannot be read as JSON or YAML: {error}; correct it.") from error
    parser.read_config([str(name) for name in ensure_tuple(config_file)])
    text = f"{parser.get()} {dict(overrides)}"
    for name in overrides:
        key = name.replace("::", "#")
        if key.startswith("+"):
            raise ValueError(f"--{name}: merging with + works in a config file only, where it follows another one.")
        parent = parser.get(key.rpartition("#")[0], {}) if "#" in key else {}
        is_argument = isinstance(parent, Mapping) and "_target_" in parent
        is_meant = (
            key in parser
            or key in added
            or is_argument
            or key.startswith("_meta_")
            or f"@{key}" in text
            or f"%{key}" in text
        )
        if not is_meant:
            raise ValueError(f"--{name}: the config has no {key}; {_did_you_mean(key, list(_ids(parser.get())))}")


@contextmanager
def no_stacks_in_the_log() -> Iterator[None]:
    """Keep messages in the log and leave out the stacks below them, with which MONAI's handlers log every error."""
    make = logging.getLogRecordFactory()

    def without_stack(*arguments, **options) -> logging.LogRecord:
        record = make(*arguments, **options)
        record.exc_info = None
        return record

    logging.setLogRecordFactory(without_stack)
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)


def _commands() -> dict[str, Callable]:
    """MONAI's own commands; those that take overrides check them first."""
    commands = {name: item for name, item in vars(monai_command).items() if inspect.isfunction(item)}
    takes_overrides = ("override", "config_file")
    return {
        name: _checked(item) if set(takes_overrides) <= set(inspect.signature(item).parameters) else item
        for name, item in commands.items()
    }


def _checked(command: Callable) -> Callable:
    @functools.wraps(command)
    def run(*arguments, **options):
        given = inspect.signature(command).bind(*arguments, **options).arguments
        overrides = dict(given.get("override", {}))
        stored = update_kwargs(given.get("args_file"))
        config_file = given.get("config_file") or stored.get("config_file")
        if config_file is None:
            raise ValueError("no config was given; add --config_file, for example bundle/configs/train.json.")
        tracking = given.get("tracking") or stored.get("tracking")
        check_overrides(config_file, overrides, _tracking_ids(tracking) if tracking else ())
        return command(*arguments, **options)

    return run


def _tracking_ids(tracking: str | Mapping) -> Collection[str]:
    settings = DEFAULT_EXP_MGMT_SETTINGS.get(tracking) if isinstance(tracking, str) else tracking
    return (settings or ConfigParser.load_config_file(str(tracking)))["configs"].keys()


def _ids(content: object, prefix: str = "") -> Iterator[str]:
    """Ids of everything in a config that stands in dictionaries."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield f"{prefix}{key}"
            yield from _ids(value, f"{prefix}{key}#")


def _did_you_mean(key: str, ids: list[str]) -> str:
    same = [name for name in ids if name.rpartition("#")[2] == key.rpartition("#")[2]]
    close = same or difflib.get_close_matches(key, ids, n=1)
    return f"did you mean --{close[0]}?" if close else "see the config for what can be changed."


def _is_ours(error: BaseException) -> bool:
    """Whether this package raised an error; its messages say by themselves what to do."""
    frames = list(traceback.walk_tb(error.__traceback__))
    return not frames or frames[-1][0].f_globals.get("__name__", "").startswith(("gdkvm_monai.", "__main__"))


if __name__ == "__main__":
    sys.exit(main())
