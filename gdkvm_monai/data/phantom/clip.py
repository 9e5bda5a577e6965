"""A phantom clip that begins at end-diastole, and its ground truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdkvm_monai.data.phantom.echo import EchoPhantom
from gdkvm_monai.data.phantom.truth import ClipTruth
from gdkvm_monai.labels import parse_view

__all__ = ["PhantomClip", "render_phantom_clip"]


@dataclass(frozen=True)
class PhantomClip:
    """A rendered clip that begins at end-diastole.

    Attributes:
        phantom: the patient.
        view: "2CH" or "4CH".
        frame_rate_hz: frames per second.
        image: uint8 ``(H, W, T)``: lateral, depth, time.
        label: same shape, with the label values of CAMUS.
        spacing_mm: lateral and axial.
    """

    phantom: EchoPhantom
    view: str
    frame_rate_hz: float
    image: np.ndarray
    label: np.ndarray
    spacing_mm: tuple[float, float]

    def truth(self) -> ClipTruth:
        """Return the ground truth of the clip."""
        phantom = self.phantom
        return ClipTruth(
            seed=np.asarray(phantom.seed).tolist(),
            quality=phantom.quality,
            view=self.view,
            ef_percent=phantom.ef_percent,
            edv_ml=phantom.edv_ml,
            esv_ml=phantom.esv_ml,
            heart_rate_bpm=phantom.heart_rate_bpm,
            ed_frames=self._frames_at(0.0),
            es_frames=self._frames_at(phantom.end_systole_s),
            frame_rate_hz=self.frame_rate_hz,
            spacing_mm=[float(step) for step in self.spacing_mm],
            shape=list(self.image.shape),
        )

    def _frames_at(self, time_s: float) -> list[int]:
        """Return the frames nearest to a time after each end-diastole."""
        beat_s, count = self.phantom.beat_s, self.image.shape[-1]
        beats = np.arange(count / self.frame_rate_hz // beat_s + 1)
        frames = np.rint((time_s + beats * beat_s) * self.frame_rate_hz).astype(int)
        return frames[frames < count].tolist()


def render_phantom_clip(
    phantom: EchoPhantom,
    view: str = "4CH",
    beats: float = 2,
    frame_rate_hz: float = 50,
    size: tuple[int, int] = (256, 256),
) -> PhantomClip:
    """Render a clip of some beats from end-diastole; the frame that ends the last beat is included.

    Args:
        phantom: the patient.
        view: "2CH" or "4CH".
        beats: duration in beats, above 0.
        frame_rate_hz: frames per second, 1 to 1000.
        size: height and width in pixels, at least 16 each; the sector fills them.

    Raises:
        ValueError: if an argument is out of range, or fewer than two frames would result.

    Example:
        >>> clip = render_phantom_clip(EchoPhantom(seed=0), beats=1, frame_rate_hz=5, size=(48, 64))
        >>> clip.image.shape, clip.truth().ed_frames, clip.truth().es_frames
        ((64, 48, 6), [0], [2])
    """
    if not (0 < beats < np.inf and 1 <= frame_rate_hz <= 1000):
        raise ValueError(
            f"beats = {beats} must be above 0 and frame_rate_hz = {frame_rate_hz} within 1 to 1000; "
            "use, for example, 2 beats at 50 Hz."
        )
    if len(size) != 2 or min(size) < 16:
        raise ValueError(f"size = {tuple(size)} must be a height and a width of at least 16, for example 256 256.")
    count = int(beats * phantom.beat_s * frame_rate_hz + 1e-9) + 1
    if count < 2:
        raise ValueError(f"{beats} beats at {frame_rate_hz} Hz are one frame; use more beats or a higher frame rate.")
    image, label, spacing_mm = phantom.render(view, np.arange(count) / frame_rate_hz, size)
    return PhantomClip(phantom, parse_view(view), frame_rate_hz, image, label, spacing_mm)
