"""A beating left heart with known contours, volumes and ejection fraction, rendered as ultrasound.

``shape`` is the heart in three dimensions, ``plane`` the cut of one view, ``tissue`` its scatterers, ``ultrasound`` the
imaging physics, ``echo`` puts them together and ``writer`` writes patients in the layout of CAMUS.
"""

from __future__ import annotations

from .echo import EchoPhantom
from .shape import LeftHeart, Section
from .ultrasound import QUALITIES, Quality
from .writer import PHANTOM_VERSION, write_camus_phantom

__all__ = ["PHANTOM_VERSION", "QUALITIES", "EchoPhantom", "LeftHeart", "Quality", "Section", "write_camus_phantom"]
