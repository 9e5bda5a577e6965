"""The physical grid is trusted only if a file states it."""

from __future__ import annotations

import numpy as np

from gdkvm_monai.data import ClipReader


def test_spacing_is_trusted_unless_it_is_the_default_of_a_format(clip, write_nifti, write_metaimage):
    assert ClipReader().read(write_nifti(clip)).meta == {"spacing_trust": "ok", "partial": False}
    assert ClipReader().read(write_nifti(clip, np.eye(4))).meta["spacing_trust"] == "absent"
    assert ClipReader().read(write_metaimage(clip, (0.308, 0.154, 1.54))).meta["spacing_trust"] == "ok"
    assert ClipReader().read(write_metaimage(clip, (1, 1, 1))).meta["spacing_trust"] == "absent"
