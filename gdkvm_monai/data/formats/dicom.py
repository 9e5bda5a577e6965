"""Multi-frame ultrasound DICOM: MONAI's readers swap its axes and ignore its regions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from gdkvm_monai.data.clip import ClipMeta, ClipReadError, ClipStream, ReadOptions, check_size
from gdkvm_monai.data.dicom.codestream import DamagedFrameError
from gdkvm_monai.data.dicom.frame_times import frame_times
from gdkvm_monai.data.dicom.header import check_attributes, count_frames, read_header
from gdkvm_monai.data.dicom.image_class import check_image_class, is_secondary_capture
from gdkvm_monai.data.dicom.palette import check_palette
from gdkvm_monai.data.dicom.pixel_data import check_pixel_length
from gdkvm_monai.data.dicom.pixels import decode_frames
from gdkvm_monai.data.dicom.regions import read_regions
from gdkvm_monai.data.geometry import REGION, picture_affine
from gdkvm_monai.data.mode import refuse_mode, watch_color

__all__ = ["open_dicom"]


def open_dicom(path: Path, options: ReadOptions) -> ClipStream:
    """Stream an ultrasound clip frame by frame in gray, upright: lateral, depth.

    RGB, YBR and palette colors are converted by :func:`~gdkvm_monai.data.clip.luma`; MONOCHROME1 is inverted. Besides
    the metadata of :class:`Clip`, there are ``mode``, ``frame_time_source``, and ``region``, a 2-D tissue region,
    unless ``spacing_trust`` is ``scaled``: its position is then wrong, too. The affine holds millimeters only if
    ``spacing_trust`` is ``ok``, otherwise 1.

    Raises:
        ClipReadError: if the file is damaged, is not an ultrasound image, lacks frames, is not stored as its header
            states, shows Doppler or M-mode, or needs a decoder that is missing.
    """
    header = read_header(path)
    check_image_class(path, header)
    check_attributes(path, header)
    check_palette(path, header)
    count = count_frames(path, header)
    check_size(path, (header.get("Columns") or 0, header.get("Rows") or 0, count), options.max_voxels)
    check_pixel_length(path, header, count)
    regions = read_regions(header, options.region)
    refuse_mode(path, regions.mode, options)
    meta: ClipMeta = {"spacing_trust": regions.spacing_trust, "partial": False, "mode": regions.mode}
    if header.get("QualityControlSubject") == "YES":
        meta["phantom"] = True
    if is_secondary_capture(header):
        meta["secondary_capture"] = True
    meta.update(frame_times(header, count, count))
    if regions.box is not None and regions.spacing_trust != "scaled":
        meta[REGION] = regions.box
        meta["tissue_regions"], meta["tissue_region"] = regions.count, regions.number
    affine = picture_affine(regions.spacing_mm or (1, 1), meta.get("frame_time_ms", 1000) / 1000)
    read = partial(_frames, path, header, count, regions.box, options, meta)
    return ClipStream((int(header.Columns), int(header.Rows)), count, affine, meta, read)


def _frames(
    path: Path, header: Any, count: int, tissue: tuple[int, int, int, int] | None, options: ReadOptions, meta: ClipMeta
) -> Iterator[np.ndarray]:
    """Gray frames, lateral axis first; what they reveal is checked against the options and stored in ``meta``."""
    read, cause = 0, ""
    try:
        with closing(decode_frames(path, header, count)) as frames:
            for gray in watch_color(path, islice(frames, count + 1), tissue, options, meta):
                read += 1
                if read <= count:
                    yield gray.T
    except DamagedFrameError as error:
        cause = f", and frame {read} is {f'damaged: {error}' if str(error) else 'missing or damaged'}"
    meta["partial"] = read != count
    if meta["partial"] and not (read and options.allow_partial):
        stated = f"{count} frame{'s' if count > 1 else ''}"
        raise ClipReadError(
            f"{path} states {stated} but {read if read <= count else 'more'} can be decoded{cause}; copy it "
            f"again from its source{', or set allow_partial' if read else ''}."
        )
    meta.update(frame_times(header, count, min(read, count)))
