"""``gdkvm``: finds and runs the subcommand, and prints errors in one line."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Sequence

import gdkvm_monai
from gdkvm_monai.cli.command import FAILED, INTERRUPTED, OK, WRONG_USE, report, wants_traceback
from gdkvm_monai.labels import NOTICE

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "segment": "segment clips: masks, measurements, reports",
    "remeasure": "measure a clip again with edited masks or marked frames of ED and ES",
    "info": "show the installed versions, the meaning of the labels, and the available weights",
    "listen": "segment clips that an archive sends, and send the results back",
    "fetch": "segment the clips of a study in a DICOMweb archive, and store the results there",
    "compare": "compare two evaluations of the same data, patient by patient",
    "phantom": "generate phantom clips with known measurements",
    "export": "export the network (ONNX, TorchScript, torch.export, Triton) or the bundle for the model zoo",
    "evaluate": "score weights on annotated clips",
    "demo": "segment a generated clip, then train, evaluate, and use a small network",
    "bundle": "run MONAI's bundle commands, refusing misspelled IDs",
}
HELP = """\
usage: gdkvm COMMAND ...
       gdkvm CLIP [CLIP ...] -o OUT [options]    short for: gdkvm segment

Segment echocardiography clips and measure them.

commands:
{commands}

options:
  -h, --help   show this help
  --version    show the version

`gdkvm COMMAND --help` explains a command. If a clip or folder has the name of a command, write it as ./demo.
{notice}"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return the exit code.

    Returns:
        0 for success, 1 if some of the work failed, 2 for wrong use, 130 after Ctrl-C.
    """
    words = [str(word) for word in (sys.argv[1:] if arguments is None else arguments)]
    if words[:1] in (["-h"], ["--help"], []):
        print(_help(), file=sys.stdout if words else sys.stderr)
        return OK if words else WRONG_USE
    if words[:1] == ["--version"]:
        print(f"gdkvm {gdkvm_monai.__version__}")
        return OK
    whole = wants_traceback(words)
    try:
        name = words.pop(0) if words[0] in COMMANDS else "segment"
        if name == "segment" and words:
            _refuse_misspelled(words[0])
        return importlib.import_module(f"gdkvm_monai.cli.{name}").main(words)
    except KeyboardInterrupt as stop:
        report(stop, whole, "stopped by Ctrl-C.")
        return INTERRUPTED
    except (ImportError, OSError, ValueError) as error:
        report(error, whole)
        return WRONG_USE
    except Exception as error:  # a mistake in this package or in one that it uses
        report(error, whole, f"{type(error).__name__}: {error}", hint=True)
        return FAILED


def _refuse_misspelled(word: str) -> None:
    close = [] if os.path.exists(word) else difflib.get_close_matches(word, COMMANDS, 1, 0.75)
    if close:
        raise ValueError(f"{word} is neither a command nor a clip; did you mean gdkvm {close[0]}?")


def _help() -> str:
    return HELP.format(commands="\n".join(f"  {name:<10} {text}" for name, text in COMMANDS.items()), notice=NOTICE)
