"""A Dockerfile's steps without Docker: they run on this machine, below a folder that stands for the root."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from string import Template

__all__ = ["Build", "is_ignored", "read_instructions"]

HOST = {name: value for name, value in os.environ.items() if name == "HOME" or name.startswith("PIP_")}  # pip's cache
BASE = {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"}


def read_instructions(text: str) -> Iterator[tuple[str, str]]:
    """Yield keyword and arguments of each instruction, with continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            keyword, _, rest = line.strip().partition(" ")
            yield keyword, " ".join(rest.split())


def is_ignored(path: PurePosixPath, rules: str) -> bool:
    """Whether a ``.dockerignore`` leaves out a path of the context: the last rule for it or a parent decides."""
    ignored = False
    for rule in (line for line in rules.splitlines() if line and not line.startswith("#")):
        if any(part.match(rule.removeprefix("!")) for part in (path, *path.parents)):
            ignored = not rule.startswith("!")
    return ignored


class Build:
    """A Dockerfile and what its steps leave.

    Each stage starts with an empty root and can only copy what an earlier stage left.

    Args:
        dockerfile: file to read; its folder is the context.
        root: folder that stands for ``/``; the file's absolute paths lie below it.
        arguments: values for ``ARG``.
    """

    def __init__(self, dockerfile: Path, root: Path, arguments: dict[str, str]) -> None:
        self.context, self.root, self.arguments = dockerfile.parent, root, arguments
        self.stages: list[str] = []
        self.environment: dict[str, str] = {}
        self.instructions = list(read_instructions(dockerfile.read_text()))
        for keyword, rest in self.instructions:
            step = getattr(self, f"_{keyword.lower()}", None)
            if step is None:
                raise ValueError(f"instruction {keyword} is not known here; teach this class to run it.")
            step(rest)

    def below(self, text: str) -> str:
        """Put the root before every absolute path."""
        return re.sub(r'(?<![^\s="\':])/(?!/)', f"{self.root}/", text)

    def value(self, keyword: str) -> str:
        """Return the arguments of the last instruction of a kind."""
        return [rest for given, rest in self.instructions if given == keyword][-1]

    def _from(self, rest: str) -> None:
        if self.stages:
            self.root.rename(self._left(self.stages[-1]))
        self.stages.append(rest.partition(" AS ")[2])
        self.environment, self.variables, self.workdir = dict(BASE), {}, self.root
        (self.root / "tmp").mkdir(parents=True)

    def _arg(self, rest: str) -> None:
        if self.stages:  # those before the first stage choose its base
            name, _, default = rest.partition("=")
            self.variables[name] = self.arguments.get(name, default)

    def _env(self, rest: str) -> None:
        text = Template(self.below(rest)).substitute(self.variables | self.environment)
        self.environment |= dict(pair.split("=", 1) for pair in text.split())

    def _workdir(self, rest: str) -> None:
        self.workdir = Path(self.below(rest))
        self.workdir.mkdir(parents=True, exist_ok=True)

    def _run(self, rest: str) -> None:
        environment = {**HOST, **self.environment, **self.variables}
        subprocess.run(["sh", "-ec", self.below(rest)], cwd=self.workdir, env=environment, check=True, timeout=1800)

    def _copy(self, rest: str) -> None:
        *sources, target = rest.split()
        if sources[0].startswith("--from="):
            folder = self._left(sources[0].removeprefix("--from=")) / sources[1].lstrip("/")
            shutil.copytree(folder, self.below(target), symlinks=True)
            return
        for source in sources:
            self._copy_from_context(self.context / source, self.workdir / target)

    def _copy_from_context(self, source: Path, target: Path) -> None:
        rules = (self.context / ".dockerignore").read_text()
        found = [source] if source.is_file() else sorted(source.rglob("*"))
        files = [file for file in found if file.is_file()]
        wanted = [file for file in files if not is_ignored(PurePosixPath(file.relative_to(self.context)), rules)]
        if not wanted:
            raise FileNotFoundError(f".dockerignore leaves nothing of {source}; correct it or the Dockerfile.")
        for file in wanted:
            to = target / (file.name if file == source else file.relative_to(source))
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, to)

    def _label(self, rest: str) -> None:
        """Labels and what follows below are read where the image is used."""

    _user = _entrypoint = _cmd = _label

    def _left(self, stage: str) -> Path:
        return self.root.with_name(f"stage-{stage}")

    @property
    def entrypoint(self) -> list[str]:
        """The words of the command that the image runs."""
        return json.loads(self.value("ENTRYPOINT"))
