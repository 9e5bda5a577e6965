"""Installed engines, a request for one, and a cache of the test's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gdkvm_monai.export.engines import CACHE_VARIABLE, EXPORTED, EngineRequest, check_installed
from gdkvm_monai.networks.nets import GDKVM
from tests.export.tiny_network import tiny_network

SIZE = (32, 48)
DIGEST = "0" * 64


def require(name: str) -> None:
    """Skip the test if an engine is not installed, with what is missing as the reason."""
    try:
        check_installed(name)
    except ImportError as error:
        pytest.skip(str(error))


def request_for(name: str, **facts) -> EngineRequest:
    return EngineRequest(name, DIGEST, SIZE, **facts)


@pytest.fixture(scope="package")
def tiny() -> GDKVM:
    """A network for tests that export nothing."""
    return tiny_network()


@pytest.fixture()
def cache(onnx_files, tmp_path, monkeypatch) -> Path:
    """An empty cache, to which the step that another test exported is copied instead of exporting it again."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    copy = lambda network, path, *options: shutil.copy(onnx_files["step"], path)  # noqa: E731
    monkeypatch.setattr("gdkvm_monai.export.engines.cache.export_network", copy)
    return tmp_path


@pytest.fixture(params=EXPORTED)
def engine_name(request) -> str:
    """An installed engine that runs exported steps."""
    require(request.param)
    return request.param
