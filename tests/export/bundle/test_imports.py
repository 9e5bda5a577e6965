"""Imports are followed through a package: only what runs, and only what is needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gdkvm_monai.export.bundle.imports import follow_imports, names_in_configs

FILES = {
    "__init__.py": "if TYPE_CHECKING:\n    from p.unused import nothing\nVERSION = 1\n",
    "one/__init__.py": "from .first import First\nfrom .same import same\nfrom p.unused import nothing\n",
    "one/first.py": "import os\nfrom ..two import helper\n\n\ndef late():\n    from p.late import value\n",
    "one/same.py": "same = 1\n",
    "two/__init__.py": "from p.two.helper import helper\nfrom p.unused import nothing\n",
    "two/helper.py": "import p\nfrom p import VERSION\nif TYPE_CHECKING:\n    from p.unused import nothing\n",
    "late.py": "import p.deep.inner\n",
    "deep/__init__.py": "",
    "deep/inner.py": "from p import two\n",
    "unused.py": "nothing = None\n",
}


@pytest.fixture
def package(tmp_path) -> Path:
    for name, text in FILES.items():
        (tmp_path / "p" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "p" / name).write_text(text)
    return tmp_path / "p"


def test_a_name_requires_its_module_and_that_modules_imports_including_those_in_functions(package):
    assert follow_imports(["p.one.First"], package) == {
        "p": set(),
        "p.one": {"First"},
        "p.one.first": set(),
        "p.two": {"helper"},
        "p.two.helper": set(),
        "p.late": set(),
        "p.deep": set(),
        "p.deep.inner": set(),
    }


def test_a_name_of_a_package_takes_precedence_over_a_module_of_the_same_name(package):
    assert follow_imports(["p.one.same"], package) == {"p": set(), "p.one": {"same"}, "p.one.same": set()}


def test_a_module_named_directly_requires_no_name_of_its_package(package):
    assert follow_imports(["p.two.helper.helper"], package)["p.two"] == {"helper"}
    assert follow_imports(["p.deep.inner"], package)["p.deep"] == set()


@pytest.mark.parametrize("name", ["p.absent", "p.one.Frist", "p.absent.deeper"])
def test_an_unknown_name_is_refused(package, name):
    with pytest.raises(ValueError, match=f"has no {name.split('.')[-1 if 'one' in name else 1]}; correct the name"):
        follow_imports([name], package)


def test_names_come_from_targets_and_expressions_of_configs_and_targets_of_documents(tmp_path):
    for folder in ("configs", "docs"):
        (tmp_path / folder).mkdir()
    config = {"a": {"_target_": "p.A", "note": "p.told"}, "b": ["$p.b.make(@a) + p.c.make()", "p.d"], "c": "pp.x"}
    (tmp_path / "configs" / "train.json").write_text(json.dumps(config))
    (tmp_path / "configs" / "more.yaml").write_text("+a#_target_: p.e.E\nwhole#_target_: other.F\n")
    (tmp_path / "configs" / "logging.conf").write_text("p.logging\n")
    (tmp_path / "docs" / "README.md").write_text("Use `{_target_: p.f.F}`; see p.g.\n")
    assert names_in_configs(tmp_path, "p") == ["p.A", "p.b.make", "p.c.make", "p.e.E", "p.f.F"]
