"""Find the modules of the package that a bundle needs by following the imports behind its configs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from monai.bundle import ConfigParser

__all__ = ["bindings", "follow_imports", "names_in_configs"]

CONFIGS = (".json", ".yaml", ".yml")


def names_in_configs(bundle: Path, package: str) -> list[str]:
    """Return the dotted names of a package that a bundle's configs use or its documents recommend.

    Args:
        bundle: folder with ``configs`` and ``docs``.
        package: name of the package.

    Returns:
        Sorted names such as ``gdkvm_monai.data.camus_datalist``: values of ``_target_``, and names in expressions.
    """
    dotted = re.compile(rf"\b{package}(?:\.\w+)+")
    names: set[str] = set()
    for path in sorted((bundle / "configs").iterdir()):
        if path.suffix in CONFIGS:
            for key, text in _strings(ConfigParser.load_config_file(path)):
                if key.endswith("_target_") or text.startswith("$"):
                    names.update(dotted.findall(text))
    for path in (bundle / "docs").glob("*.md"):
        for target in re.findall(r"_target_\W+([\w.]+)", path.read_text()):
            names.update(dotted.findall(target))
    return sorted(names)


def follow_imports(names: Iterable[str], package: Path) -> dict[str, set[str]]:
    """Follow the imports behind some names through a package, including imports within functions.

    Args:
        names: dotted names of modules or their members.
        package: folder of the package.

    Returns:
        The required modules by dotted name; for a package, the names that are imported from it. Other imports of its
        ``__init__`` are not required.

    Raises:
        ValueError: if a name is not in the package.
    """
    follower = _Follower(package)
    for name in names:
        follower.take(name)
    return follower.needed


def bindings(tree: ast.Module, module: str, is_package: bool = True) -> dict[str, str]:
    """Return the names bound by the top-level imports of a module, with the dotted name behind each."""
    return {
        alias.asname or alias.name: f"{_source(node, module, is_package)}.{alias.name}"
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


class _Follower:
    def __init__(self, package: Path) -> None:
        self.root = package.parent
        self.needed: dict[str, set[str]] = {}

    def take(self, dotted: str) -> None:
        """Take the object behind a dotted name; a name in a package takes precedence over a module of the same name."""
        module, *parts = dotted.split(".")
        self._take_module(module)
        for part in parts:
            if not self._is_package(module):
                return  # a name in a module
            self._take_from(module, part)
            if part in bindings(self._tree(module), module):
                return
            module = f"{module}.{part}"

    def _take_module(self, module: str) -> None:
        """Take a module and its imports; of a package, only the file."""
        if "." in module:
            self._take_module(module.rpartition(".")[0])
        if module in self.needed:
            return
        self.needed[module] = set()
        if not self._is_package(module):
            for source, name in _imported(self._tree(module), module):
                if source.split(".")[0] == module.split(".")[0]:
                    self._take_module(source)
                    if name:
                        self._take_from(source, name)

    def _take_from(self, module: str, name: str) -> None:
        """Take a name from a module that has been taken."""
        if not self._is_package(module) or name in self.needed[module]:
            return
        tree = self._tree(module)
        if name in (sources := bindings(tree, module)):
            self.needed[module].add(name)
            owner, _, original = sources[name].rpartition(".")
            self._take_module(owner)
            self._take_from(owner, original)
        elif self._path(f"{module}.{name}") is not None:
            self._take_module(f"{module}.{name}")
        elif name not in {target.id for target in _assigned(tree)}:
            raise ValueError(f"{module} has no {name}; correct the name, or import it in the package's __init__.")

    def _path(self, module: str) -> Path | None:
        stem = self.root.joinpath(*module.split("."))
        return next((path for path in (stem / "__init__.py", stem.with_suffix(".py")) if path.is_file()), None)

    def _is_package(self, module: str) -> bool:
        return self._path(module).name == "__init__.py"

    def _tree(self, module: str) -> ast.Module:
        return ast.parse(self._path(module).read_text())


def _strings(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield all strings of a config, each with its key."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _strings(part, str(name))
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part, key)


def _imported(tree: ast.AST, module: str) -> Iterator[tuple[str, str]]:
    """Yield modules and names that a module imports at run time (no type-checking imports); "" for a whole module."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = _source(node, module, is_package=False)
            yield from ((source, alias.name) for alias in node.names)
        elif isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            yield from _imported(ast.Module(node.orelse, []), module)
        else:
            yield from _imported(node, module)


def _source(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """Return the absolute name of the module that a statement imports from."""
    if not node.level:
        return node.module or ""
    parents = module.split(".")[: None if is_package and node.level == 1 else (1 if is_package else 0) - node.level]
    return ".".join([*parents, *([node.module] if node.module else [])])


def _assigned(tree: ast.Module) -> Iterator[ast.Name]:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        yield from (target for target in targets if isinstance(target, ast.Name))
