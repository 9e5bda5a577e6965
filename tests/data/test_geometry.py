"""The physical grid is trusted only if a file states it, and the picture has the size of an echo."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from gdkvm_monai.data import ClipReader
from gdkvm_monai.data.formats.video_display import frame_times
from tests.data.dicom_files import region


def test_spacing_is_trusted_unless_it_is_the_default_of_a_format(clip, write_nifti, write_metaimage):
    deep = np.diag([-1.5, -2, 1.0, 1])  # of 24 columns and 18 rows
    assert ClipReader().read(write_nifti(clip, deep)).meta == {"spacing_trust": "ok", "partial": False}
    assert ClipReader().read(write_nifti(clip, np.eye(4))).meta["spacing_trust"] == "absent"
    assert ClipReader().read(write_metaimage(clip, (0.616, 0.8, 1.54))).meta["spacing_trust"] == "ok"
    assert ClipReader().read(write_metaimage(clip, (1, 1, 1))).meta["spacing_trust"] == "absent"


@pytest.mark.parametrize(
    ("width_mm", "depth_mm", "trust"),
    [
        (11, 9, "conflict"),
        (11, 11, "ok"),
        (399, 399, "ok"),
        (399, 401, "conflict"),
        (199, 100, "ok"),
        (201, 100, "conflict"),
        (41, 100, "ok"),
        (39, 100, "conflict"),
    ],
)
def test_a_field_that_no_echo_shows_has_a_spacing_in_conflict_in_every_format(
    clip, frames, write_nifti, write_metaimage, write_dicom, width_mm, depth_mm, trust
):
    spacing = (width_mm / clip.shape[0], depth_mm / clip.shape[1])
    files = [write_nifti(clip, np.diag([*spacing, 1, 1])), write_metaimage(clip, (*spacing, 1))]
    delta_cm = (width_mm / 500, depth_mm / 400)  # of 50 x 40 pixels
    files.append(write_dicom(frames, SequenceOfUltrasoundRegions=[region((0, 0, 49, 39), delta_cm)]))
    assert [ClipReader().read(path).meta["spacing_trust"] for path in files] == [trust] * 3


@pytest.mark.parametrize(("frame_time_ms", "plausible"), [(0.9, False), (1, True), (500, True), (501, False)])
def test_a_frame_time_that_no_echo_has_is_unknown_in_every_format_and_what_states_it_is_named(
    clip, frames, write_dicom, tmp_path, frame_time_ms, plausible
):
    image = nibabel.Nifti1Image(clip[:, :, None], np.eye(4))
    image.header.set_zooms((1, 1, 1, frame_time_ms / 1000))
    image.header.set_xyzt_units("mm", "sec")
    nibabel.save(image, tmp_path / "clip.nii")
    stated = {
        "NIfTI": ClipReader().read(tmp_path / "clip.nii").meta,
        "FrameTime": ClipReader().read(write_dicom(frames, FrameTime=frame_time_ms)).meta,
        "container": frame_times([], 1000 / frame_time_ms),
    }
    for source, meta in stated.items():
        assert meta["frame_time_source"] == source
        assert meta.get("frame_time_ms") == (pytest.approx(frame_time_ms) if plausible else None)
        assert "fps" not in meta or plausible
