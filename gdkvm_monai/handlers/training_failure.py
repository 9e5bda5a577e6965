"""Why training failed, in one sentence, and what to do."""

from __future__ import annotations

import errno
import re

import torch

from gdkvm_monai.configs.errors import explain

__all__ = ["explain_failure"]

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def explain_failure(error: BaseException) -> str:
    """Return the root cause of an error in training with what to do, in one sentence without a period.

    Example:
        >>> explain_failure(OSError(28, "No space left on device", "runs/a/checkpoint.pt"))
        'runs/a/checkpoint.pt: No space left on device; free space, and resume'
    """
    causes = list(_chain(error))
    cause = explain(error).rstrip(".")
    if any(isinstance(one, torch.OutOfMemoryError) for one in causes):
        return "the GPU has too little memory; add --gradient_checkpointing True, or start with a smaller batch_size"
    if any(isinstance(one, OSError) and one.errno in FULL for one in causes):
        return f"{cause}; free space, and resume"
    if any(re.search("gloo|NCCL|ProcessGroup", str(one)) for one in causes):
        if any(re.search("[Tt]imed ?out|[Tt]imeout", str(one)) for one in causes):
            return "another process did not answer within process_timeout seconds; see if it was stopped, and resume"
        return f"the connection to another process failed; see its log ({cause})"
    return cause


def _chain(error: BaseException | None):
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
