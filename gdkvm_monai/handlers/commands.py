"""The commands that follow a training run, derived from the one that started it."""

from __future__ import annotations

import ast
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

__all__ = ["command_to_evaluate", "command_to_resume"]


def command_to_resume(command: Sequence[str]) -> str:
    """Return the command line that continues a run, to be pasted into a shell.

    Args:
        command: command that started the run, as in ``sys.orig_argv``.

    Example:
        >>> print(command_to_resume(["python3", "-m", "monai.bundle", "run", "--views", "['4CH']"]))
        python3 -m monai.bundle run --views "['4CH']" --resume True
    """
    if "TORCHELASTIC_RUN_ID" in os.environ:
        return "the same torchrun command and --resume True"
    return f"{_join(_without_resume(command))} --resume True"


def command_to_evaluate(command: Sequence[str], weights: Path) -> str:
    """Return the command line that scores the weights of a run; for a run from elsewhere, one that segments a clip.

    Args:
        command: command that started the run, as in ``sys.orig_argv``.
        weights: weights to use if the command is not one of ``monai.bundle run training --config_file ...``.

    Example:
        >>> print(command_to_evaluate("gdkvm bundle run training --config_file c/train.json".split(), Path("m.pt")))
        gdkvm bundle run evaluating --config_file "['c/train.json', 'c/evaluate.json']"
    """
    words = [part for word in _without_resume(command) for part in _split_option(word)]
    place = words.index("--config_file") + 1 if "--config_file" in words[:-1] else 0
    if not place or "training" not in words or "TORCHELASTIC_RUN_ID" in os.environ:
        return f"gdkvm CLIP --weights {shlex.quote(str(weights))} -o OUT"
    files = ast.literal_eval(words[place]) if words[place].startswith("[") else [words[place]]
    words[place] = str([*files, str(Path(files[0]).with_name("evaluate.json"))])
    words[words.index("training")] = "evaluating"
    return _join(words)


def _split_option(word: str) -> list[str]:
    return word.split("=", 1) if word.startswith("--config_file=") else [word]


def _without_resume(command: Sequence[str]) -> list[str]:
    words, following = [], iter(command)
    for word in following:
        if word == "--resume":
            next(following, None)
        elif not word.startswith("--resume="):
            words.append(word)
    return words


def _join(words: Sequence[str]) -> str:
    """Quote words for a shell; in double quotes if they have single ones, as lists in overrides do."""
    return " ".join(f'"{w}"' if "'" in w and not set(w) & set('"$`!\\') else shlex.quote(w) for w in words)
