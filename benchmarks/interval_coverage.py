"""How often the 95 % intervals of a mean score hold the true mean, by simulation, for several methods.

    python benchmarks/interval_coverage.py --trials 2000

Each trial draws patients from a population of known mean, like the scores of the released weights: LV HD95 around 4 mm,
LV Dice around 0.93, skewed to the bad side. In "2 % missed", a structure is missed in 2 % of the patients (HD95 180 mm,
Dice 0). The last column is what an evaluation reports: a studentized interval of the patients in whom the structure
was found, extended by the interval of the share of missed ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy import stats

from gdkvm_monai.evaluation.bootstrap import bootstrap_interval
from gdkvm_monai.evaluation.missed import Estimate, add_missed, measure_missed

Interval = tuple[float, float]
RESAMPLES = 1000


@dataclass(frozen=True)
class Population:
    """Scores ``offset + scale * x`` with ``x`` log-normal of mean 1, or normal; a share of the patients is missed."""

    name: str
    scale: float
    offset: float = 0.0
    sigma: float = 0.45
    normal: bool = False
    missed: float = 0.0
    worst: float = 0.0

    @property
    def mean(self) -> float:
        """True mean over all patients."""
        return (1 - self.missed) * (self.offset + self.scale) + self.missed * self.worst

    def draw(self, rng: Generator, patients: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the scores of some patients and whether each is missed."""
        x = rng.normal(1, 0.3, patients) if self.normal else rng.lognormal(-self.sigma**2 / 2, self.sigma, patients)
        missed = rng.random(patients) < self.missed
        return np.where(missed, self.worst, self.offset + self.scale * x), missed


POPULATIONS = (
    Population("normal", 1.0, normal=True),
    Population("Dice", -0.067, 1.0),
    Population("HD95", 4.0),
    Population("HD95, heavy tail", 4.0, sigma=0.8),
    Population("Dice, 2 % missed", -0.067, 1.0, missed=0.02),
    Population("HD95, 2 % missed", 4.0, missed=0.02, worst=180.0),
    Population("HD95, 5 % missed", 4.0, missed=0.05, worst=180.0),
)


def main() -> None:
    """Print a Markdown table with the share of trials, in percent, in which each interval holds the true mean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--patients", type=int, nargs="+", default=[10, 20, 50, 100])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    counts = " / ".join(map(str, options.patients))
    print(f"| {counts} patients | {' | '.join(METHODS)} |\n|---{'|---' * len(METHODS)}|")
    for population in POPULATIONS:
        shares = [
            coverage(population, patients, options.trials, np.random.default_rng(options.seed))
            for patients in options.patients
        ]
        cells = [" / ".join(f"{100 * share:.0f}" for share in of_method) for of_method in zip(*shares)]
        print(f"| {population.name} | {' | '.join(cells)} |", flush=True)


def coverage(population: Population, patients: int, trials: int, rng: Generator) -> list[float]:
    """Return the share of trials in which the interval of each method holds the mean of the population."""
    held = np.zeros(len(METHODS))
    for _ in range(trials):
        scores, missed = population.draw(rng, patients)
        intervals = [method(scores, missed, population, rng) for method in METHODS.values()]
        held += [low <= population.mean <= high for low, high in intervals]
    return (held / trials).tolist()


def percentile(scores: np.ndarray, missed: np.ndarray, population: Population, rng: Generator) -> Interval:
    """Percentile bootstrap of all patients."""
    return _scipy_bootstrap(scores, "percentile", rng)


def bca(scores: np.ndarray, missed: np.ndarray, population: Population, rng: Generator) -> Interval:
    """Bias-corrected and accelerated bootstrap of all patients."""
    return _scipy_bootstrap(scores, "BCa", rng)


def student_t(scores: np.ndarray, missed: np.ndarray, population: Population, rng: Generator) -> Interval:
    """Student's interval of all patients."""
    half = stats.t.ppf(0.975, len(scores) - 1) * scores.std(ddof=1) / np.sqrt(len(scores))
    return scores.mean() - half, scores.mean() + half


def studentized(scores: np.ndarray, missed: np.ndarray, population: Population, rng: Generator) -> Interval:
    """Studentized bootstrap of all patients."""
    return bootstrap_interval(scores, range(len(scores)), RESAMPLES, int(rng.integers(2**31)))


def reported(scores: np.ndarray, missed: np.ndarray, population: Population, rng: Generator) -> Interval:
    """Studentized bootstrap of the patients with the structure, and the interval of the share of the others."""
    found = scores[~missed]
    interval = studentized(found, missed, population, rng)
    share = measure_missed(missed, range(len(scores)))
    return add_missed(scores.mean(), Estimate(found.mean(), found.std(ddof=1), *interval), share, population.worst)


METHODS: dict[str, Callable[[np.ndarray, np.ndarray, Population, Generator], Interval]] = {
    "percentile": percentile,
    "BCa": bca,
    "t": student_t,
    "studentized": studentized,
    "reported": reported,
}


def _scipy_bootstrap(scores: Sequence[float], method: str, rng: Generator) -> Interval:
    if np.ptp(scores) == 0:
        return scores[0], scores[0]
    result = stats.bootstrap((scores,), np.mean, n_resamples=RESAMPLES, method=method, random_state=rng)
    return result.confidence_interval.low, result.confidence_interval.high


if __name__ == "__main__":
    main()
