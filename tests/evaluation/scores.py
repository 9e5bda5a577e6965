"""Tables of scores."""

from __future__ import annotations

import numpy as np
import pandas as pd


def score_row(patient, dice, frame=0, status="ok", structure="LV", unit="mm", view="4CH", clip="a") -> dict:
    distance = np.nan if np.isnan(dice) else 1 - dice
    keys = {
        "patient": patient,
        "view": view,
        "clip": clip,
        "frame": frame,
        "structure": structure,
        "status": status,
        "unit": unit,
    }
    return keys | {"dice": dice, "hd": distance, "diagonal": 1.0}


def scores_of_forty_patients() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    pairs = [rng.normal(0.9, 0.03, 2) for _ in range(40)]
    return pd.DataFrame(
        [score_row(f"patient{n:03d}", dice, frame) for n, pair in enumerate(pairs) for frame, dice in enumerate(pair)]
    )
