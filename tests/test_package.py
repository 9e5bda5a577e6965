"""What a user needs is found in ``gdkvm_monai`` itself, and loads on first use."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

import gdkvm_monai


@pytest.mark.parametrize("name", gdkvm_monai.__all__)
def test_every_name_is_there_and_documented(name):
    item = getattr(gdkvm_monai, name)
    assert item.__name__ == name and item.__doc__
    assert item.__module__.startswith("gdkvm_monai.")


def test_dir_shows_every_name_and_nothing_else_but_subpackages():
    shown = {name for name in dir(gdkvm_monai) if not name.startswith("__")}
    others = shown - set(gdkvm_monai.__all__)
    assert set(gdkvm_monai.__all__) <= shown and all(f"gdkvm_monai.{name}" in sys.modules for name in others)
    assert all(hasattr(gdkvm_monai, name) for name in dir(gdkvm_monai))


def test_an_editor_sees_every_name_where_the_package_finds_it():
    tree = ast.parse(Path(gdkvm_monai.__file__).read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name: node.module for node in block.body for alias in node.names}
    found = {name: f"gdkvm_monai.{module}" for module, names in gdkvm_monai._MODULES.items() for name in names}
    assert seen == found and sorted(seen) == sorted(gdkvm_monai.__all__)
    assert (Path(gdkvm_monai.__file__).parent / "py.typed").is_file()


def test_the_package_loads_nothing_before_it_is_used():
    code = "import gdkvm_monai, sys; dir(gdkvm_monai); print({'torch', 'monai', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_no_requirement_is_listed_twice():
    config = ConfigParser()
    config.read(Path(gdkvm_monai.__file__).parents[1] / "setup.cfg")
    lists = [config["options"]["install_requires"], *config["options.extras_require"].values()]
    for lines in lists:
        names = re.findall(r"^[\w-]+", lines, re.MULTILINE)
        assert names and sorted(set(names)) == sorted(names)


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="segmnt"):
        gdkvm_monai.segmnt  # noqa: B018


def test_every_module_has_a_test_file_at_the_same_place():
    package, tests = Path(gdkvm_monai.__file__).parent, Path(__file__).parent
    modules = [path.relative_to(package) for path in package.rglob("*.py") if not path.stem.startswith("__")]
    assert len(modules) > 100
    assert not [path for path in modules if not (tests / path).with_name(f"test_{path.name}").is_file()]
