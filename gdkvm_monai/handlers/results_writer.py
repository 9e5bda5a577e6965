"""Writer for the results folder of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import ignite.distributed as idist
import numpy as np
import torch.distributed as dist
from ignite.engine import Engine, Events
from monai.config import PathLike
from monai.data.utils import affine_to_spacing
from monai.utils import ImageMetaKey, convert_to_numpy

from gdkvm_monai.evaluation.clip_names import name_clips
from gdkvm_monai.evaluation.clip_result import ClipResult
from gdkvm_monai.evaluation.diagnostics import diagnose_clip
from gdkvm_monai.evaluation.recorded import Recorded
from gdkvm_monai.evaluation.results import write_evaluation
from gdkvm_monai.labels import SCORED_STRUCTURES
from gdkvm_monai.metrics.segmentation import score_clip

__all__ = ["ResultsWriter"]


class ResultsWriter:
    """Score every clip of an evaluation and write its tables, metrics, and plots.

    The files are ``per_frame.csv``, ``ef_per_patient.csv``, ``diagnostics.csv``, ``metrics.json``, and the EF plots of
    each method.

    Attach it to an evaluator whose postprocessing leaves class indices ``(1, H, W, T)`` in ``pred`` and ``label``, on
    the grid to score. An item is identified by its ``patient``, its ``view``, and the file of its ``image``, or its
    ``clip`` if it has that key. All clips of a view count; an item that a padded sampler repeats, or that another
    process also evaluates, counts once, so results depend neither on the batch size nor on the number of processes.

    Args:
        output_dir: folder for the results; created if missing.
        structures: name of each scored structure and the label values it consists of; ``None`` for
            ``SCORED_STRUCTURES``.
        spacing: ``"affine"`` for mm from the label's affine, ``None`` for pixels.
        protocol: further entries for ``metrics.json``, for example the checkpoint, stored unchanged.
        legacy: add the row-averaged scores of the paper's public evaluator, see ``docs/metrics.md``.
    """

    def __init__(
        self,
        output_dir: PathLike,
        structures: Mapping[str, Sequence[int]] | None = None,
        spacing: str | None = "affine",
        protocol: Mapping[str, object] | None = None,
        legacy: bool = False,
    ) -> None:
        if spacing not in ("affine", None):
            raise ValueError(f"spacing is {spacing!r}, expected 'affine' for mm or None for pixels.")
        self.output_dir, self.structures = Path(output_dir), dict(structures or SCORED_STRUCTURES)
        self.spacing, self.legacy = spacing, legacy
        self.protocol = dict(protocol or {})
        self.clips: list[ClipResult] = []

    def attach(self, engine: Engine) -> None:
        """Attach to an evaluator."""
        engine.add_event_handler(Events.STARTED, self.reset)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self.collect)
        engine.add_event_handler(Events.COMPLETED, self.write)

    def reset(self, engine: Engine) -> None:
        """Discard the results of an earlier run."""
        self.clips = []

    def collect(self, engine: Engine) -> None:
        """Score the clips of one batch."""
        self.clips.extend(
            self._score({**item, **masks}) for item, masks in zip(engine.state.batch, engine.state.output)
        )

    def write(self, engine: Engine) -> None:
        """Gather the clips of all processes; the first process writes and prints."""
        gathered = [self.clips]
        if idist.get_world_size() > 1:
            gathered = [[]] * idist.get_world_size()
            dist.all_gather_object(gathered, self.clips)
        self._write([clip for clips in gathered for clip in clips])

    @idist.one_rank_only()
    def _write(self, clips: Sequence[ClipResult]) -> None:
        named = name_clips(clips)
        print(write_evaluation(named, self.output_dir, {"spacing": self.spacing, **self.protocol}))

    def _score(self, item: Mapping) -> ClipResult:
        label, prediction = item["label"], item["pred"]
        spacing_mm = None
        if self.spacing == "affine":
            spacing_mm = tuple(affine_to_spacing(convert_to_numpy(label.affine))[:2].tolist())
        prediction, label = (convert_to_numpy(x)[0].astype(np.uint8) for x in (prediction, label))
        scores = score_clip(prediction, label, spacing_mm, self.structures, legacy=self.legacy, depth_axis=1)
        view = str(item.get("view", "unknown"))
        return ClipResult(
            patient=str(item.get("patient", "")),
            view=view,
            clip=_clip_of(item),
            recorded=Recorded.from_item(item, view),
            spacing_mm=spacing_mm,
            scores=scores,
            ends_are_phases="ed_frame" in item,
            prediction_ends=prediction[..., [0, -1]],
            label_ends=label[..., [0, -1]],
            num_frames=label.shape[-1],
            diagnostics=diagnose_clip(prediction, label, spacing_mm),
        )


def _clip_of(item: Mapping) -> str:
    """Return the name or file of a clip; empty if it has none."""
    if "clip" in item:
        return str(item["clip"])
    return str(getattr(item.get("image"), "meta", {}).get(ImageMetaKey.FILENAME_OR_OBJ, ""))
