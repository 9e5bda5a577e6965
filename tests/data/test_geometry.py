"""The physical grid is trusted only if a file states it, and the picture is as deep as ultrasound."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data import ClipReader


def test_spacing_is_trusted_unless_it_is_the_default_of_a_format(clip, write_nifti, write_metaimage):
    deep = np.diag([-0.3, -2, 1.0, 1])  # of 18 rows
    assert ClipReader().read(write_nifti(clip, deep)).meta == {"spacing_trust": "ok", "partial": False}
    assert ClipReader().read(write_nifti(clip, np.eye(4))).meta["spacing_trust"] == "absent"
    assert ClipReader().read(write_metaimage(clip, (0.308, 0.8, 1.54))).meta["spacing_trust"] == "ok"
    assert ClipReader().read(write_metaimage(clip, (1, 1, 1))).meta["spacing_trust"] == "absent"


@pytest.mark.parametrize(("depth_mm", "trust"), [(9, "conflict"), (11, "ok"), (399, "ok"), (401, "conflict")])
def test_a_picture_that_no_probe_can_show_has_a_spacing_in_conflict_in_every_format(
    clip, write_nifti, write_metaimage, depth_mm, trust
):
    spacing = depth_mm / clip.shape[1]
    for path in (write_nifti(clip, np.diag([-0.3, -spacing, 1, 1])), write_metaimage(clip, (0.3, spacing, 1))):
        assert ClipReader().read(path).meta["spacing_trust"] == trust
