"""A rendered clip, and its files in every format."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdkvm_monai.data.phantom import FORMATS, EchoPhantom, PhantomClip, render_phantom_clip, write_clip
from tests.data.phantom.written import NEEDS_PACKAGE, RATE_HZ, SEED


@pytest.fixture(scope="session")
def clip() -> PhantomClip:
    """A beat in 64 x 48 pixels, in which no two axes have one length."""
    return render_phantom_clip(EchoPhantom(SEED, "good"), "4CH", 1, RATE_HZ, (48, 64))


@pytest.fixture(scope="session")
def written(clip, tmp_path_factory):
    """Write the clip once in each format; give the path."""
    folder, paths = tmp_path_factory.mktemp("formats"), {}

    def write(name: str) -> Path:
        pytest.importorskip(NEEDS_PACKAGE.get(name, "numpy"))
        if name not in paths:
            paths[name] = folder / name / f"clip{FORMATS[name].suffix}"
            write_clip(paths[name], clip, name)
        return paths[name]

    return write
