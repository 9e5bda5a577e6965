"""Milliseconds per frame of a live stream on the CPU, by stage, compared in turns with the same frames as clips.

    python benchmarks/streaming_latency.py [--source 640 480] [--frame-size 96 256] [--frames 30]

``pre`` is the bundle's resizing and scaling to the network's frame size, ``post`` its resizing back to the source and
selecting classes. ``whole clip`` is the time per frame of the fastest clip, and ``ratio`` is the time of the stream's
fastest turn divided by it. The weights are random, which does not affect the time. On a shared machine, only ratios
within one run are meaningful.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from monai.data import MetaTensor

from gdkvm_monai.inferers import StreamSession
from gdkvm_monai.networks.card import ModelCard
from gdkvm_monai.networks.nets import GDKVM
from gdkvm_monai.study.pipeline import Pipeline, load_pipeline

NETWORKS = {
    "small": {"backbone": "resnet18", "width": 24, "key_channels": 32, "value_channels": 64, "decoder_width": 96},
    "default": {},
}
"""Options of ``small_network.yaml`` and of ``inference.json``."""

CLIP = 10  # frames of a whole clip, and of a turn of the stream


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=int, nargs=2, default=(640, 480), help="lateral and depth pixels of a frame")
    parser.add_argument("--frame-size", type=int, nargs="+", default=(96, 256), help="input sizes of the network")
    parser.add_argument("--network", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--frames", type=int, default=30, help="measured frames, rounded up to tens")
    parser.add_argument("--warmup", type=int, default=3, help="unmeasured frames before them")
    options = parser.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, source {options.source}, {CLIP}-frame clips")
    print(f"{'network':<9}{'M params':>9}{'size':>6}{'p50 ms':>8}{'p90':>8}{'p99':>8}{'max':>8}", end="")
    print(f"{'pre':>7}{'network':>9}{'post':>7}{'whole clip':>12}{'ratio':>7}")
    for name in options.network:
        for size in options.frame_size:
            pipeline = random_pipeline(NETWORKS[name], size)
            streamed, stages, whole = measure(pipeline, options)
            parameters = sum(parameter.numel() for parameter in pipeline.network.parameters()) / 1e6
            p50, p90, p99 = np.percentile(streamed, (50, 90, 99))
            print(
                f"{name:<9}{parameters:>9.1f}{size:>6}{p50:>8.1f}{p90:>8.1f}{p99:>8.1f}{streamed.max():>8.1f}", end=""
            )
            pre, network, post = np.median(stages, axis=0)
            print(
                f"{pre:>7.1f}{network:>9.1f}{post:>7.1f}{whole:>12.1f}{fastest_turn(streamed) / whole:>7.2f}",
                flush=True,
            )


def random_pipeline(network_options: dict, size: int) -> Pipeline:
    """Build the bundle's transforms around a network with random weights."""
    torch.manual_seed(0)
    network = GDKVM(**network_options)
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "model.pt"
        torch.save(network.state_dict(), weights)
        ModelCard("GDKVM", network.options, (size, size)).write(weights.with_suffix(".json"))
        return load_pipeline(weights, device="cpu")


def measure(pipeline: Pipeline, options: argparse.Namespace) -> tuple[np.ndarray, np.ndarray, float]:
    """Time each pushed frame ``(T,)``, its stages ``(T, 3)``, and the fastest clip per frame, in milliseconds."""
    session, seconds = timed_session(pipeline)
    rng, (width, depth) = np.random.default_rng(0), options.source
    turns = -(-options.frames // CLIP)
    frames = rng.integers(0, 256, (options.warmup + turns * CLIP, width, depth), dtype=np.uint8)
    for frame in frames[: options.warmup]:
        session.push(frame)
    segment_whole(pipeline, frames[: options.warmup])
    streamed, stages, whole = [], [], []
    for clip in np.split(frames[options.warmup :], turns):
        for frame in clip:
            start = time.perf_counter()
            session.push(frame)
            streamed.append(time.perf_counter() - start)
            stages.append((*seconds.values(), streamed[-1] - sum(seconds.values())))
        start = time.perf_counter()
        segment_whole(pipeline, clip)
        whole.append((time.perf_counter() - start) / CLIP)
    return 1e3 * np.array(streamed), 1e3 * np.array(stages), 1e3 * min(whole)


def fastest_turn(milliseconds: np.ndarray) -> float:
    """Return the mean per frame of the fastest turn of ``CLIP`` frames."""
    return float(milliseconds.reshape(-1, CLIP).mean(axis=1).min())


def timed_session(pipeline: Pipeline) -> tuple[StreamSession, dict[str, float]]:
    """Return a session, and the seconds that its last frame spent before and in the network."""
    session, seconds = pipeline.session(), {"pre": 0.0, "network": 0.0}

    def timed(stage: str, call):
        def run(*arguments):
            start = time.perf_counter()
            result = call(*arguments)
            seconds[stage] = time.perf_counter() - start
            return result

        return run

    session.preprocessing = timed("pre", session.preprocessing)
    session.inferer = timed("network", session.inferer)
    return session, seconds


@torch.inference_mode()
def segment_whole(pipeline: Pipeline, frames: np.ndarray) -> np.ndarray:
    """Segment frames ``(T, H, W)`` as one clip; return class indices ``(1, H, W, T)``."""
    item = pipeline.preprocessing({"image": MetaTensor(torch.as_tensor(np.moveaxis(frames, 0, -1)[None]).float())})
    item["pred"] = pipeline.inferer(item["image"].as_tensor()[None], pipeline.network)[0]
    item["pred"] = MetaTensor(item["pred"], meta=item["image"].meta)
    return pipeline.postprocessing(item)["pred"].numpy().astype(np.uint8)


if __name__ == "__main__":
    main()
