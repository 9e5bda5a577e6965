"""A beating left heart with known contours, volumes, and ejection fraction, rendered as ultrasound.

``beat`` is the volume over time, ``heart`` the heart in three dimensions, ``section`` and ``plane`` the cut of one
view, ``tissue`` its scatterers, ``ultrasound`` the imaging physics, and ``echo`` puts them together. ``clip`` renders
single clips, ``formats``, ``clip_writers`` and ``dicom_writer`` write them, and ``camus`` and ``echonet`` write
patients in the layout of CAMUS and of EchoNet-Dynamic. ``folder`` writes all of them with their ``truth``.
"""

from __future__ import annotations

from gdkvm_monai.data.phantom.camus import write_camus_phantom
from gdkvm_monai.data.phantom.clip import PhantomClip, render_phantom_clip
from gdkvm_monai.data.phantom.echo import EchoPhantom
from gdkvm_monai.data.phantom.echonet import write_echonet_phantom
from gdkvm_monai.data.phantom.formats import FORMATS, write_clip
from gdkvm_monai.data.phantom.heart import LeftHeart
from gdkvm_monai.data.phantom.section import Section
from gdkvm_monai.data.phantom.settings import PHANTOM_VERSION, PhantomSettings
from gdkvm_monai.data.phantom.truth import ClipTruth
from gdkvm_monai.data.phantom.ultrasound import QUALITIES, Quality

__all__ = [
    "FORMATS",
    "PHANTOM_VERSION",
    "QUALITIES",
    "ClipTruth",
    "EchoPhantom",
    "LeftHeart",
    "PhantomClip",
    "PhantomSettings",
    "Quality",
    "Section",
    "render_phantom_clip",
    "write_camus_phantom",
    "write_clip",
    "write_echonet_phantom",
]
