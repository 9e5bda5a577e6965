"""Repeated training: mean and standard deviation over seeds, and which differences are too small to name a winner."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["SeedSummary", "compare_seeds"]


@dataclass(frozen=True)
class SeedSummary:
    """One score of one network over several trainings.

    Attributes:
        mean: mean over the seeds.
        sd: standard deviation over the seeds (ddof 1); NaN for one seed.
        seeds: number of seeds.
        standing: ``"tie"`` if the difference from the best mean is at most the larger SD of the two; ``"worse"`` if it
            is larger; ``"unknown"`` if one of the two was trained only once. The best mean itself is ``"best"``, unless
            another one ties with it or is unknown, or there is no other.
    """

    mean: float
    sd: float
    seeds: int
    standing: str

    def cell(self, form: str) -> str:
        """Format for a table, for example ``"0.9322 ± 0.0010, tie"``.

        Args:
            form: format of a number, for example ``".4f"``.
        """
        spread = f" ± {self.sd:{form}}" if self.seeds > 1 else ""
        standing = f", {self.standing}" if self.standing in ("best", "tie") else ""
        return f"{self.mean:{form}}{spread}{standing}"


def compare_seeds(scores: Mapping[str, Sequence[float]], lower_is_better: bool = False) -> dict[str, SeedSummary]:
    """Compare networks by one score of each of their trainings.

    Args:
        scores: one value per seed, by network.
        lower_is_better: whether a smaller score is better, as for a distance.

    Returns:
        Summary by network.

    Raises:
        ValueError: if a network has no score.

    Example:
        >>> compared = compare_seeds({"a": [0.930, 0.934], "b": [0.929, 0.933], "c": [0.900, 0.902]})
        >>> [summary.cell(".3f") for summary in compared.values()]
        ['0.932 ± 0.003, tie', '0.931 ± 0.003, tie', '0.901 ± 0.001']
    """
    empty = [name for name, values in scores.items() if not len(values)]
    if empty:
        raise ValueError(f"no scores for {', '.join(empty)}; pass one value per seed.")
    means = {name: statistics.fmean(values) for name, values in scores.items()}
    spreads = {name: statistics.stdev(values) if len(values) > 1 else np.nan for name, values in scores.items()}
    best = (min if lower_is_better else max)(means, key=means.__getitem__)

    def against_best(name: str) -> str:
        if np.isnan([spreads[best], spreads[name]]).any():
            return "unknown"
        return "tie" if abs(means[name] - means[best]) <= max(spreads[best], spreads[name]) else "worse"

    standings = {name: against_best(name) for name in scores if name != best}
    found = set(standings.values())
    standings[best] = "unknown" if not found or "unknown" in found else "tie" if "tie" in found else "best"
    return {name: SeedSummary(means[name], spreads[name], len(scores[name]), standings[name]) for name in scores}
