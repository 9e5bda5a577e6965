"""A made-up result of one clip, for the tests of its report: ellipses that beat twice."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdkvm_monai.labels import LEFT_ATRIUM, LV, MYOCARDIUM, STRUCTURES

ED, ES, NOTICE = (0, 10, 20), (5, 15), "Research use only. Not a medical device."


def make_masks(shape: tuple[int, int] = (64, 48), frames: int = 24) -> np.ndarray:
    """Class indices ``(H, W, T)``: a cavity in a wall above an atrium, largest at ``ED`` and smallest at ``ES``."""
    x, y = np.meshgrid(*(np.linspace(-1, 1, length) for length in shape), indexing="ij")
    masks = np.zeros((*shape, frames), np.uint8)
    for t in range(frames):
        radius = 0.3 + 0.06 * np.cos(2 * np.pi * t / 10)
        masks[np.hypot(x / 0.35, (y - 0.75) / 0.2) < 1, t] = LEFT_ATRIUM
        masks[np.hypot(x / (radius + 0.15), (y + 0.1) / 0.75) < 1, t] = MYOCARDIUM
        masks[np.hypot(x / radius, (y + 0.1) / 0.6) < 1, t] = LV
    return masks


def make_measurements(masks: np.ndarray, spacing_mm: tuple[float, float] | None = (0.6, 0.6)) -> dict[str, Any]:
    """What ``measurements.json`` holds; without a spacing nothing has units."""
    known = spacing_mm is not None
    beats = [
        {
            "ed_frame": ed,
            "es_frame": es,
            **dict(zip(("edv_ml", "esv_ml", "sv_ml"), (112.3, 48.1, 64.2) if known else (None,) * 3)),
            "ef_percent": 57.2,
            **{f"{p}_area_cm2": {name: 33.1 if known else None for name in STRUCTURES} for p in ("ed", "es")},
        }
        for ed, es in zip(ED, ES)
    ]
    mean = {key: beats[0][key] for key in ("edv_ml", "esv_ml", "sv_ml", "ef_percent")}
    ranges = {"edv_ml": [109.0, 115.2], "esv_ml": [46.9, 51.3]} if known else {"edv_ml": None, "esv_ml": None}
    return {
        "schema_version": "1.0",
        "clip": {
            **{"id": "3f2a9c0d1e5b7a64", "view": "4CH", "frames": masks.shape[2], "valid_frames": masks.shape[2]},
            **{"lateral_px": masks.shape[0], "depth_px": masks.shape[1], "partial": False, "mode": "B-mode"},
            **{"frame_time_ms": 40.0, "frame_time_source": "FrameTime", "frame_rate_hz": 25.0},
            **{"spacing_trust": "ok" if known else "absent", "spacing_mm": list(spacing_mm) if known else None},
        },
        "structures": list(STRUCTURES),
        "method": {"id": "single-plane-a4c-mod-v1", "description": "method of disks, single plane"},
        "phases": {"ed_frames": list(ED), "es_frames": list(ES), "heart_rate_bpm": 150.0, "reason": ""},
        "beats": beats,
        "mean": {**mean, "n_beats": 2, "ef_sd_percent": 1.5},
        "interval": {"ef_percent": [54.8, 58.9], **ranges, "method": "range over 4 copies; not a confidence interval"},
        "ef_withheld": "",
        "confidence": {"mean": 0.951, "min": 0.902, "method": "lowest Dice with a perturbed copy"},
        "quality": {"verdict": "check", "reasons": [{"code": "rate", "verdict": "check", "message": "rate is low."}]},
        "notice": NOTICE,
    }


def without_beats(measurements: dict[str, Any], reason: str = "the curve changes by less than 5%.") -> dict[str, Any]:
    """The same clip with nothing found in it."""
    nothing = dict.fromkeys(("edv_ml", "esv_ml", "sv_ml", "ef_percent", "ef_sd_percent"))
    return {
        **measurements,
        "phases": {"ed_frames": [], "es_frames": [], "heart_rate_bpm": None, "reason": reason},
        "beats": [],
        "mean": {**nothing, "n_beats": 0},
        "interval": {"ef_percent": None, "edv_ml": None, "esv_ml": None, "method": "not computed"},
        "ef_withheld": reason,
    }


def make_columns(masks: np.ndarray, timed: bool = True, known: bool = True) -> dict[str, list]:
    """The columns of every frame."""
    count = masks.shape[2]
    pixels = {name: np.isin(masks, values).sum(axis=(0, 1)).tolist() for name, values in STRUCTURES.items()}
    return {
        "Frame": list(range(count)),
        "time_s": [0.04 * t if timed else None for t in range(count)],
        "valid": [True] * count,
        "confidence": [0.95] * count,
        **{f"{name}_px": areas for name, areas in pixels.items()},
        **{f"{name}_cm2": [0.0036 * area if known else None for area in areas] for name, areas in pixels.items()},
        "LV_volume_ml": [0.1 * area if known else None for area in pixels["LV"]],
        "LV_volume_relative": [area / max(max(pixels["LV"]), 1) for area in pixels["LV"]],
    }


PROVENANCE = {
    "gdkvm_version": "0.4.0",
    "device": None,
    "input": {"sha256": "9b74" * 16, "bytes": 5123456},
    "options": {},
    "frame_size": [256, 256],
}
