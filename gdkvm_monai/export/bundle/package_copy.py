"""Copy the modules of the package that a bundle requires."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path

from gdkvm_monai.data.clip import INSTALL
from gdkvm_monai.export.bundle.imports import bindings, follow_imports, names_in_configs

__all__ = ["copy_package", "narrow_init"]

LINE = 120  # characters, as the zoo's checks allow


def copy_package(package: Path, bundle: Path) -> None:
    """Copy the modules that the configs of a bundle import into the bundle.

    A module is copied unchanged, together with the data files beside it that it names. The ``__init__`` of a package
    keeps its docstring, its version, and the required imports.

    Args:
        package: folder of the package.
        bundle: folder with ``configs`` and ``docs``; receives the package.

    Raises:
        ModuleNotFoundError: if isort is not installed.
        ValueError: if a config names something that the package does not have.
    """
    needed = follow_imports(names_in_configs(bundle, package.name), package)
    for module, names in needed.items():
        stem = Path(*module.split("."))
        if (package.parent / stem).is_dir():
            source = narrow_init((package.parent / stem / "__init__.py").read_text(), module, names)
            (bundle / stem).mkdir(parents=True, exist_ok=True)
            (bundle / stem / "__init__.py").write_text(source)
        else:
            path = package.parent / stem.with_suffix(".py")
            (bundle / stem).parent.mkdir(parents=True, exist_ok=True)
            for file in (path, *_data_files(path)):
                shutil.copy(file, (bundle / stem).parent)
    sort_imports(bundle / package.name)


def narrow_init(source: str, module: str, names: set[str]) -> str:
    """Reduce the source of a package's ``__init__`` to the required imports.

    Args:
        source: text of the file.
        module: dotted name of the package.
        names: names that are imported from it.

    Example:
        >>> print(narrow_init("from .a import A, B\\nfrom .c import C\\n__all__ = ['A', 'B', 'C']", "p", {"B"}))
        from p.a import B
        <BLANKLINE>
        __all__ = ["B"]
        <BLANKLINE>
    """
    tree = ast.parse(source)
    docstring, imports, constants = ast.get_docstring(tree, clean=False), [], []
    for name, origin in bindings(tree, module).items():
        owner, _, original = origin.rpartition(".")
        if owner == "__future__" or name in names:
            imports.append(f"from {owner} import {original}" + (f" as {name}" if name != original else ""))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__":
            constants.append(ast.get_source_segment(source, node))
    if names:
        constants.append(_all_of(sorted(names)))
    blocks = [f'"""{docstring}"""'] if docstring else []
    blocks += ["\n".join(imports)] if imports else []
    return "\n\n".join([*blocks, *constants]) + "\n"


def _all_of(names: list[str]) -> str:
    """Return the list of public names, formatted as by black."""
    quoted = [json.dumps(name) for name in names]
    line = f"__all__ = [{', '.join(quoted)}]"
    return line if len(line) <= LINE else "\n".join(["__all__ = [", *(f"    {name}," for name in quoted), "]"])


def _data_files(module: Path) -> list[Path]:
    """Return the non-Python files beside a module that it names."""
    text = module.read_text()
    return [path for path in module.parent.iterdir() if path.is_file() and path.suffix != ".py" and path.name in text]


def sort_imports(package: Path) -> None:
    """Sort imports like the zoo's isort, which treats the package as third-party code."""
    try:
        import isort
    except ImportError as error:
        raise ModuleNotFoundError(f"an export needs isort; install it: {INSTALL.format('dev')}.") from error
    config = isort.Config(profile="black", line_length=LINE, known_third_party=frozenset({package.name}), quiet=True)
    for path in package.rglob("*.py"):
        isort.file(path, config=config)
