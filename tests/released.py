"""The released weights, for tests that need a trained network."""

from __future__ import annotations

import pytest

from gdkvm_monai.configs import bundle_dir

WEIGHTS = bundle_dir() / "models" / "model.pt"
needs_released_weights = pytest.mark.skipif(not WEIGHTS.is_file(), reason="bundle/models/model.pt is absent")
