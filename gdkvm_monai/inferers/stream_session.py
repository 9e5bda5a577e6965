"""Segmentation of a live clip: one frame in, one mask out, with a state of fixed size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from monai.config import PathLike
from monai.data import MetaTensor
from monai.inferers import Inferer
from monai.transforms import AsDiscreted, Compose
from torch import nn

from gdkvm_monai.data.geometry import REGION, region_slices
from gdkvm_monai.data.intensity import FrameFault, GrayScale, measure_gray_scale
from gdkvm_monai.inferers.autocast_inferer import AutocastInferer
from gdkvm_monai.transforms import ArgMaxd

__all__ = ["StreamSession"]


class StreamSession:
    """Segment frames as they arrive.

    Only :attr:`state` passes from one frame to the next, so sessions of one network are independent. In float32 on the
    CPU, the masks equal those of the whole clip bit for bit if ``gray_scale`` and ``region`` are those of the clip.

    Without ``gray_scale``, a live stream cannot take later frames into account: frames of type ``uint8`` are unchanged;
    for all others, the first valid frame determines the scale, as if it were the whole clip
    (:func:`~gdkvm_monai.data.intensity.measure_gray_scale`).

    A frame with a non-finite pixel in the sector, or with a single value (for example, black), is invalid: its mask is
    empty, :attr:`valid` is false, and the memory is unchanged.

    Args:
        network: network with ``initial_state(frame)`` and ``step(frame, state)``, such as
            :class:`~gdkvm_monai.networks.nets.GDKVM`.
        preprocessing: MONAI transforms of ``image`` ``(1, H, W, 1)``, without loading; none by default.
        postprocessing: MONAI transforms of ``pred`` from logits ``(N, h, w, 1)`` to class indices ``(1, H, W, 1)``; by
            default, the class with the largest logit.
        device: device of the network.
        inferer: inferer that runs the network; float32 by default.
        keep_probabilities: whether to keep :attr:`probabilities`.
        gray_scale: gray scale of the clip, if known.
        region: tissue region, ``(x0, y0, x1, y1)`` in pixels, for :class:`~gdkvm_monai.transforms.CropToRegiond`.

    Raises:
        TypeError: if the network has no ``step``, as :class:`~gdkvm_monai.networks.nets.Vivim`.

    Attributes:
        state: state after the last frame; ``None`` before the first.
        valid: whether the last frame could be segmented.
        gray_scale: gray scale applied to the frames; ``None`` until it is known.
        probabilities: class probabilities of the last frame, ``(N, H, W)``, float32, on its own grid; ``None`` unless
            requested.
        statistics: mean and standard deviation of the last frame as the network sees it.

    Example:
        >>> from gdkvm_monai.networks.nets import GDKVM
        >>> session = StreamSession(GDKVM(backbone="resnet18", width=8))
        >>> session.push(np.random.default_rng(0).random((32, 48))).shape
        (32, 48)
    """

    def __init__(
        self,
        network: nn.Module,
        preprocessing: Callable[[dict], dict] | None = None,
        postprocessing: Compose | None = None,
        device: torch.device | str = "cpu",
        inferer: Inferer | None = None,
        keep_probabilities: bool = False,
        gray_scale: GrayScale | None = None,
        region: Sequence[int] | None = None,
    ) -> None:
        if not hasattr(network, "step"):
            raise TypeError(
                f"{type(network).__name__} segments whole clips and cannot stream, expected a network with a step, "
                "such as GDKVM; segment clips with `gdkvm bundle run evaluating` or `inference` instead."
            )
        self.network = network.eval()
        self.preprocessing = preprocessing or Compose([])
        self.postprocessing = postprocessing or Compose([ArgMaxd("pred")])
        self.device, self.inferer = torch.device(device), inferer or AutocastInferer()
        self.keep_probabilities, self.region, self._given = keep_probabilities, region, gray_scale
        self.reset()

    def reset(self) -> None:
        """Discard the state: the next frame is the first of a clip."""
        self.state: Any = None
        self.gray_scale = self._given
        self.valid, self.shape, self._grid = True, None, None
        self.probabilities: np.ndarray | None = None
        self.statistics = (float("nan"), float("nan"))

    def push(self, frame: np.ndarray) -> np.ndarray:
        """Segment the next frame.

        Args:
            frame: ``(H, W)``: lateral, depth, as stored in files; all frames of a clip have the same size.

        Returns:
            Class indices ``(H, W)``, uint8.

        Raises:
            TypeError: if the frame is not of real numbers.
            ValueError: if the frame is not ``(H, W)`` or differs in size from earlier frames.
        """
        frame = np.asarray(frame)
        if frame.dtype.kind not in "buif":
            raise TypeError(f"the frame is of type {frame.dtype}, expected gray levels; pass real numbers.")
        if frame.ndim != 2 or frame.shape != (self.shape or frame.shape):
            expected = "(H, W)" if self.shape is None else f"{self.shape} as before"
            raise ValueError(f"the frame has shape {frame.shape}, expected {expected}; call reset() for another clip.")
        shown = frame[region_slices(self.region, frame.shape)]
        self.shape = frame.shape
        scale = self.gray_scale or measure_gray_scale([shown])
        self.valid = scale.fault(shown) is FrameFault.NONE
        if not self.valid:
            self.probabilities = None
            return np.zeros(frame.shape, np.uint8)
        self.gray_scale = scale
        return self._segment(frame, scale)

    def save(self, path: PathLike) -> None:
        """Save the state as tensors and numbers, so that :meth:`load` can resume from it."""
        if self.state is None:
            raise ValueError("there is no state to save before the first valid frame; push a frame first.")
        scale = self.gray_scale
        outside = None if scale.outside is None else torch.from_numpy(scale.outside)
        gray = {"low": scale.low, "high": scale.high, "outside": outside}
        torch.save({"state": tuple(self.state), "shape": self.shape, "grid": self._grid, "gray_scale": gray}, path)

    def load(self, path: PathLike) -> None:
        """Resume from a saved state, which must come from the same network.

        Raises:
            ValueError: if the state belongs to a network of other sizes or to another version of this package.
        """
        saved = torch.load(path, map_location=self.device, weights_only=True)
        if "gray_scale" not in saved:
            raise ValueError(f"{path} holds a state without a gray scale, of an older version; save it again.")
        batch = getattr(self.inferer, "passes", 1)  # of one frame
        empty = self.network.initial_state(torch.zeros((batch, *saved["grid"][1:]), device=self.device))
        found, wanted = ([tuple(part.shape) for part in one] for one in (saved["state"], empty))
        if found != wanted:
            raise ValueError(f"{path} holds a state of sizes {found}, this network has {wanted}; load its own state.")
        self.reset()
        self.state, self.shape, self._grid = type(empty)(*saved["state"]), saved["shape"], saved["grid"]
        gray = saved["gray_scale"]
        outside = None if gray["outside"] is None else gray["outside"].cpu().numpy()
        self.gray_scale = GrayScale(gray["low"], gray["high"], outside)

    @torch.inference_mode()
    def _segment(self, frame: np.ndarray, scale: GrayScale) -> np.ndarray:
        meta = {"intensity_low": scale.low, "intensity_high": scale.high, "outside": scale.outside, REGION: self.region}
        image = MetaTensor(torch.from_numpy(np.array(frame, np.float32)[None, ..., None]), meta=meta)
        item = self.preprocessing({"image": image})
        inputs = item["image"].as_tensor().to(self.device)[None, ..., 0]  # (1, 1, h, w)
        self.statistics = (float(inputs.mean()), float(inputs.std()))
        self._grid = tuple(inputs.shape)
        state = self.network.initial_state(inputs) if self.state is None else self.state
        logits, self.state = self.inferer(inputs, self.network.step, state)
        item["pred"] = MetaTensor(logits[0, ..., None], meta=item["image"].meta)
        for transform in self.postprocessing.transforms:
            if isinstance(transform, (ArgMaxd, AsDiscreted)) and self.keep_probabilities:
                self.probabilities = item["pred"].softmax(0)[..., 0].cpu().numpy()
            item = transform(item)
        return item["pred"][0, ..., 0].cpu().numpy().astype(np.uint8)
