"""Speed of the forms of the selective scan against its reference, at 1,000 steps on the CPU.

    python benchmarks/selective_scan.py [--steps 1000] [--rounds 5]

Prints the CPU time of one thread: the smallest of some rounds, forward alone and with the gradient.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch

from gdkvm_monai.networks.layers import selective_scan

SIZES = ((1, 64), (1, 256), (10, 64))
STATES = 16


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(
        "| batch x channels | form | forward, ms | speedup | with gradient, ms | speedup |", "|---" * 6 + "|", sep="\n"
    )
    for batch, channels in SIZES:
        arguments = example(batch, options.steps, channels)
        times = {form: measure(form, arguments, options.rounds) for form in ("reference", "chunked")}
        for form, found in times.items():
            cells = [f"{ms:.1f} | {reference / ms:.1f}" for ms, reference in zip(found, times["reference"])]
            print(f"| {batch} x {channels} | {form} | {' | '.join(cells)} |")


def example(batch: int, steps: int, channels: int) -> list[torch.Tensor]:
    """Return random arguments of a scan."""
    torch.manual_seed(0)
    x, delta = torch.randn(batch, steps, channels), 0.1 * torch.rand(batch, steps, channels)
    decay, write, read = -STATES * torch.rand(channels, STATES), *torch.randn(2, batch, steps, STATES)
    return [tensor.requires_grad_() for tensor in (x, delta, decay, write, read, torch.ones(channels))]


def measure(form: str, arguments: list[torch.Tensor], rounds: int) -> tuple[float, float]:
    """Return the milliseconds of a forward pass, and of a forward and backward pass."""

    def forward() -> None:
        with torch.no_grad():
            selective_scan(*arguments, form)

    def both() -> None:
        torch.autograd.grad(selective_scan(*arguments, form).sum(), arguments)

    return smallest(forward, rounds), smallest(both, rounds)


def smallest(run: Callable[[], None], rounds: int) -> float:
    """Return the smallest CPU time of some rounds, in milliseconds."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        found.append(time.process_time() - start)
    return 1000 * min(found)


if __name__ == "__main__":
    main()
