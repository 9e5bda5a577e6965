"""Few patients of a new site: released weights as they are, fine-tuned, and the same network trained from scratch.

    python -m benchmarks.few_patients --dataset_dir /path/to/CAMUS --out runs/few --patients 5 10 20 --seeds 0 1 2

The sites are the official CAMUS validation patients, on whom the released weights were not trained, 20 for training and
30 for evaluation, and generated phantoms, 20 and 20, an image domain that these weights have never seen. All trainings
have the same number of iterations, by default that of ``finetune.yaml``, and the last weights are evaluated. With both
sites, the networks of the most patients are also evaluated on the other site. A run with existing results is not
repeated. Additional arguments are passed to training and evaluation, for example ``--learning_rate=1e-4``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.camus_stills import BASE, ONE_RATE, divergence, train_and_evaluate
from benchmarks.few_patients_table import Result, table
from benchmarks.tables import epochs
from gdkvm_monai.configs import released_weights
from gdkvm_monai.configs.commands import run_in_process
from gdkvm_monai.data.phantom import PhantomSettings, write_camus_phantom
from gdkvm_monai.files import write_text

PAIRS = ["--views=['4CH']", "--clips=stills", "--num_frames=2"]
NETWORK = "unet_memory_network.yaml"
RELEASED = ["train.json", NETWORK]
FINETUNE = [*RELEASED, "finetune.yaml"]
ROWS: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "fine-tuned": (FINETUNE, PAIRS),
    "fine-tuned, nothing frozen": (FINETUNE, [*PAIRS, "--frozen=[]"]),
    "from scratch": ([*BASE, NETWORK], ONE_RATE),
}
"""Configs and overrides of each training."""

DOMAINS = ("camus", "phantom")
TRAINED = 20
"""Patients of each site for training."""


@dataclass(frozen=True)
class Site:
    """Patients of one site in the layout of CAMUS, in the order in which they are used.

    Attributes:
        source: folder with ``database_nifti``.
        training: names of the patients for training.
        evaluated: names of the patients for evaluation.
    """

    source: Path
    training: Sequence[str]
    evaluated: Sequence[str]

    def write(self, folder: Path, patients: int) -> Path:
        """Write a data set with the first training patients; the patients' folders are links to those of the source."""
        chosen = {"training": self.training[:patients], "validation": self.evaluated}
        for section, names in chosen.items():
            write_text(folder / "database_split" / f"subgroup_{section}.txt", "\n".join(names) + "\n")
            for name in names:
                link = folder / "database_nifti" / name
                link.parent.mkdir(parents=True, exist_ok=True)
                if not link.is_symlink():
                    link.symlink_to((self.source / "database_nifti" / name).resolve(), target_is_directory=True)
        return folder


def camus_site(dataset_dir: Path) -> Site:
    """Split the official validation patients: two of every five are for training."""
    names = (dataset_dir / "database_split" / "subgroup_validation.txt").read_text().split()
    training = [*names[::5], *names[2::5]]
    return Site(dataset_dir, training, [name for name in names if name not in training])


def phantom_site(folder: Path) -> Site:
    """Generate the phantoms, or complete them."""
    write_camus_phantom(folder, PhantomSettings((TRAINED, 20, 0), views=("4CH",)))
    sections = [folder / "database_split" / f"subgroup_{section}.txt" for section in ("training", "validation")]
    return Site(folder, *(section.read_text().split() for section in sections))


def main() -> None:
    """Run what is missing, and print and write the tables."""
    options, overrides = parse()
    out, weights = options.out.resolve(), options.weights.resolve()
    read = {"camus": lambda: camus_site(options.dataset_dir), "phantom": lambda: phantom_site(out / "phantoms")}
    sites = {domain: read[domain]() for domain in options.domains}
    counts = sorted(options.patients)
    data = {(domain, n): site.write(out / f"{domain} {n}", n) for domain, site in sites.items() for n in counts}
    for domain in sites:
        others = [data[other, counts[-1]] for other in sites if other != domain]
        as_released = out / domain / "as released"
        evaluate(
            RELEASED, as_released, as_released / "eval", data[domain, counts[-1]], [*PAIRS, f"--checkpoint={weights}"]
        )
        results = [Result("as released", 0, [as_released])]
        for n in counts:
            for row in options.rows:
                results.append(Result(row, n, [out / domain / f"{row} {n} {seed}" for seed in options.seeds]))
                for seed, folder in zip(options.seeds, results[-1].folders):
                    settings = [*budget(options.iterations, row, weights), f"--seed={seed}", *overrides]
                    train(row, folder, data[domain, n], settings, others if n == counts[-1] else ())
        text = table(results)
        print(f"{domain}\n\n{text}\n")
        write_text(out / f"{domain}.md", text)


def parse() -> tuple[argparse.Namespace, list[str]]:
    """Return the options, and what is passed on to training and evaluation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset_dir", type=Path, required=True, help="CAMUS")
    parser.add_argument("--out", type=Path, default=Path("runs/few"))
    parser.add_argument("--patients", nargs="+", type=int, default=[5, 10, 20], help=f"1 to {TRAINED} each")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--domains", nargs="+", choices=DOMAINS, default=list(DOMAINS))
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--iterations", type=int, default=500, help="of each training")
    parser.add_argument("--weights", type=Path, default=released_weights(), help="where fine-tuning starts")
    options, overrides = parser.parse_known_args()
    if wrong := [n for n in options.patients if not 1 <= n <= TRAINED]:
        parser.error(f"--patients {wrong[0]}: expected 1 to {TRAINED}, the training patients of each site.")
    return options, overrides


def budget(iterations: int, row: str, weights: Path) -> list[str]:
    """Return the overrides for the length of a training, without validation before its end, and for its start."""
    length = epochs(iterations)
    settings = [f"--{name}={value}" for name, value in (length | {"val_interval": length["epochs"]}).items()]
    return [*settings, f"--initial_weights={weights}"] if ROWS[row][0] is FINETUNE else settings


def train(row: str, root: Path, data: Path, settings: Sequence[str], others: Sequence[Path]) -> None:
    """Train, evaluate, and evaluate on other sites, unless that has been done or the training diverged."""
    configs, changes = ROWS[row]
    train_and_evaluate(([], changes), root, data, settings, configs)
    for other in () if divergence(root) else others:
        checkpoint = f"--checkpoint={root / 'models' / 'model_final.pt'}"
        evaluate(configs, root, root / "elsewhere", other, [*changes, *settings, checkpoint])


def evaluate(configs: Sequence[str], root: Path, folder: Path, data: Path, overrides: Sequence[str]) -> None:
    """Evaluate weights, unless the folder holds scores."""
    if not (folder / "metrics.json").is_file():
        run_in_process("evaluating", [*configs, "evaluate.json"], root, data, [*overrides, f"--output_dir={folder}"])


if __name__ == "__main__":
    main()
