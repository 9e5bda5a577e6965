"""A clip with nothing to object to, which a test changes before it is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from gdkvm_monai.metrics.cavity import Flag
from gdkvm_monai.study.frame_table import frame_table
from gdkvm_monai.study.measure import Copies, measure_clip
from gdkvm_monai.study.measurements import ClipFacts, ClipNumbers, Quality
from gdkvm_monai.study.quality import Evidence, judge
from gdkvm_monai.study.run_record import WeightsRecord
from gdkvm_monai.study.segmented_frame import SegmentedFrame
from tests.study import records

FRAMES = 60
WEIGHTS = WeightsRecord(
    "model.pt",
    "0" * 64,
    trained_on="CAMUS",
    license="",
    views=("4CH",),
    domain="CAMUS",
    intensity_mean=(0.1, 0.4),
    intensity_sd=(0.1, 0.3),
)


@dataclass
class Case:
    """Two beats and a bit, EF about 60 %, with nothing to object to."""

    clip: ClipFacts = replace(records.CLIP, frames=FRAMES, valid_frames=FRAMES, spacing_mm=(0.5, 3.0))
    frames: list[SegmentedFrame] = field(default_factory=lambda: [beating(t) for t in range(FRAMES)])
    edge_fraction: float = 0.0
    weights: WeightsRecord = WEIGHTS

    def set_clip(self, **facts) -> None:
        self.clip = replace(self.clip, **facts)

    def set_weights(self, **facts) -> None:
        self.weights = replace(self.weights, **facts)

    def change(self, where: slice = slice(None), **values) -> None:
        for t in range(FRAMES)[where]:
            self.frames[t] = replace(self.frames[t], **values)

    def measure(self, where: slice = slice(None), **values) -> None:
        for t in range(FRAMES)[where]:
            self.frames[t] = replace(self.frames[t], measured=replace(self.frames[t].measured, **values))

    def scale_volumes(self, function) -> None:
        for t in range(FRAMES):
            self.measure(slice(t, t + 1), volume=function(self.frames[t].measured.volume))

    def set_area(self, where: slice, lv_px: int = 1000, myo_px: int = 900, la_px: int = 500) -> None:
        self.measure(where, areas_px={"LV": lv_px, "MYO": myo_px, "LA": la_px})

    def set_anatomy(self, where: slice, **values) -> None:
        self.measure(where, anatomy=replace(records.FRAME.measured.anatomy, **values))

    def flag(self, where: slice, code: str) -> None:
        self.measure(where, flags=(Flag(code, f"is flagged with {code}"),))

    def judged(self, change: Callable[[ClipNumbers], ClipNumbers] = lambda numbers: numbers) -> Quality:
        """Judge the clip with its measurements, which ``change`` may replace."""
        rate_hz = self.clip.frame_rate_hz
        times_s = None if rate_hz is None else np.arange(len(self.frames)) / rate_hz
        table = frame_table("0" * 16, self.frames, times_s, self.clip.spacing_trust == "ok")
        numbers = measure_clip(self.clip, table, copies=Copies((), "copies"))
        return judge(change(numbers), Evidence(table, self.frames, self.edge_fraction, self.weights))

    def verdict_of(self, code: str) -> str:
        """The verdict of the only reason with this code, or ``"good"`` if there is none."""
        verdicts = [reason.verdict for reason in self.judged().reasons if reason.code == code]
        assert len(verdicts) < 2
        return verdicts[0] if verdicts else "good"


def beating(t: int) -> SegmentedFrame:
    """Frame ``t`` of a beat of 25 frames: ED at 0, 25, and 50, ES at 12 and 37."""
    area = 1000 + 300 * np.cos(2 * np.pi * t / 25)
    areas_px = {"LV": int(area), "MYO": 900, "LA": 500}
    frame = records.frame(confidence=0.97, areas_px=areas_px, volume=2 * (area / 100) ** 1.5)
    mean, sd = frame.intensity_mean + 1e-6 * t, frame.intensity_sd + 1e-6 * t  # no two pictures are the same
    return replace(frame, intensity_mean=mean, intensity_sd=sd)


def check_threshold(code: str, change: Callable[[Case, float], None], inside: float, outside: float) -> None:
    """Assert that a value just inside is quiet and one just outside is reported."""
    quiet, reported = Case(), Case()
    change(quiet, inside)
    change(reported, outside)
    assert quiet.verdict_of(code) == "good" and reported.verdict_of(code) != "good"
