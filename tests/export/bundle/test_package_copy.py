"""The code of a bundle is what its configs import, formatted as the zoo checks it."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gdkvm_monai
from gdkvm_monai.export.bundle.imports import names_in_configs
from gdkvm_monai.export.bundle.package_copy import narrow_init
from tests.export.bundle.tiny_network import NAME, ROOT, names

DISTRIBUTIONS = {"PIL": "pillow", "SimpleITK": "SimpleITK", "ignite": "pytorch-ignite", "skimage": "scikit-image"}
DISTRIBUTIONS |= {"yaml": "PyYAML", "torch": "pytorch", "monai": "monai", "numpy": "numpy"}
ZOO_SETTINGS = """
[flake8]
select = B,C,E,F,N,P,T4,W,B9
max_line_length = 120
ignore = E203,E501,E741,W503,W504,C408,N812,B023,B905,B028,B907,C419
per_file_ignores = __init__.py: F401, __main__.py: F401
[isort]
known_first_party = models
profile = black
line_length = 120
"""


IMPORT_ALL = """
import importlib, json, pkgutil, pydoc, sys
import gdkvm_monai

names = [module.name for module in pkgutil.walk_packages(gdkvm_monai.__path__, "gdkvm_monai.")]
files = [importlib.import_module(name).__file__ for name in names]
missing = [name for name in json.loads(sys.argv[1]) if pydoc.locate(name) is None]
print(json.dumps([gdkvm_monai.__version__, files, missing]))
"""


def modules(root: Path) -> set[str]:
    return {name for name in names(root) if name.endswith(".py")}


def test_the_exported_modules_import_and_resolve_all_config_names_without_the_installed_package(bundle):
    wanted = names_in_configs(bundle, "gdkvm_monai")
    assert {"gdkvm_monai.networks.nets.GDKVM", "gdkvm_monai.data.clip_datalist"} <= set(wanted)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", IMPORT_ALL, json.dumps(wanted)]
    run = subprocess.run(command, cwd=bundle, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    version, files, missing = json.loads(run.stdout.splitlines()[-1])
    assert version == gdkvm_monai.__version__ and missing == []
    assert len(files) == len(modules(bundle / "gdkvm_monai")) - 1  # all but the package's own __init__
    assert all(Path(file).is_relative_to(bundle) for file in files)


def test_modules_are_copied_unchanged_and_only_if_the_bundle_needs_them(bundle):
    exported, source = modules(bundle / "gdkvm_monai"), modules(ROOT / "gdkvm_monai")
    assert exported < source
    assert not [name for name in exported if name.split("/")[0] in ("cli", "study", "export", "__main__.py")]
    texts = {path: path.read_text() for path in bundle.rglob("*") if path.suffix in (".py", ".json", ".yaml")}
    for name in exported:
        path, module = bundle / "gdkvm_monai" / name, name.removesuffix(".py").replace("/", ".")
        if path.name != "__init__.py":
            stem = module.rpartition(".")[2]
            assert any(re.search(rf"\b{stem}\b", text) for file, text in texts.items() if file != path), name
            assert sorted(path.read_text().split()) == sorted((ROOT / "gdkvm_monai" / name).read_text().split()), name


def test_an_init_keeps_its_docstring_its_version_and_the_required_names():
    source = '"""A package."""\n\nfrom __future__ import annotations\n\n'
    source += "from .a import One, Two as Second\nfrom .b import three\n\n"
    source += '__version__ = "1"\n__all__ = ["One", "Second", "three"]\n\n\ndef __getattr__(name):\n    ...\n'
    assert narrow_init(source, "p.q", {"Second"}).split("\n\n") == [
        '"""A package."""',
        "from __future__ import annotations\nfrom p.q.a import Two as Second",
        '__version__ = "1"',
        '__all__ = ["Second"]\n',
    ]


@pytest.mark.parametrize(
    "tool", ["isort", *(pytest.param(tool, marks=pytest.mark.slow) for tool in ("black", "flake8"))]
)
def test_the_code_passes_the_formatting_checks_of_the_zoo(tool, bundle, tmp_path):
    """The zoo's isort takes the package for a third party's; the others find little that `make lint` would not."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / NAME).symlink_to(bundle)
    (tmp_path / "setup.cfg").write_text(ZOO_SETTINGS)
    black = ["--check", "--quiet", "--skip-magic-trailing-comma", "--line-length=120", "--workers=1"]
    black += ["--target-version=py37", "--target-version=py38", "--target-version=py39"]
    options = {"isort": ["--check"], "black": black, "flake8": ["--jobs=1"]}[tool]
    command = [sys.executable, "-m", tool, *options, f"models/{NAME}/gdkvm_monai"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_package_that_the_code_imports_is_pinned(bundle):
    metadata = json.loads((bundle / "configs" / "metadata.json").read_text())
    pinned = {*metadata["required_packages_version"], "pytorch", "monai", "numpy"}
    for path in bundle.rglob("*.py"):
        body = ast.parse(path.read_text()).body
        modules = [alias.name for node in body if isinstance(node, ast.Import) for alias in node.names]
        modules += [node.module or "" for node in body if isinstance(node, ast.ImportFrom) and node.level == 0]
        others = {name.split(".")[0] for name in modules} - sys.stdlib_module_names - {"gdkvm_monai"}
        assert {DISTRIBUTIONS.get(name, name) for name in others} <= pinned, path
