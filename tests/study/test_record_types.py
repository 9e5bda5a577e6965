"""Only ``study`` and ``export`` use pydantic: the modules that the bundle's configs import work without it."""

from __future__ import annotations

import ast
from pathlib import Path

import gdkvm_monai

PACKAGE = Path(gdkvm_monai.__file__).parent


def imported(path: Path) -> set[str]:
    """Return the top-level names of all modules that a module imports."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.partition(".")[0] for name in names}


def test_pydantic_is_imported_only_where_no_config_leads():
    users = [path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py") if "pydantic" in imported(path)]
    assert users and {path.parts[0] for path in users} <= {"study", "export"}


def test_nothing_that_configs_import_imports_study():
    for folder in (
        "data",
        "networks",
        "transforms",
        "losses",
        "inferers",
        "metrics",
        "evaluation",
        "handlers",
        "visualize",
    ):
        for path in (PACKAGE / folder).rglob("*.py"):
            assert "gdkvm_monai.study" not in path.read_text().replace("`~gdkvm_monai.study", ""), path
