"""Training that does not return freed memory to the operating system in every iteration."""

from __future__ import annotations

import ctypes
import platform

__all__ = ["keep_freed_memory"]

TRIM_THRESHOLD, MMAP_MAX = -1, -4
"""Parameters of glibc's ``mallopt``, from ``malloc.h``."""


def keep_freed_memory() -> bool:
    """Let the process keep the memory that it frees, for its next allocation.

    By default, glibc maps each large tensor anew and unmaps it when it is freed, so that the kernel clears its pages in
    each iteration: about an eighth of the time of training on a CPU (``docs/performance.md``). The process then holds
    its peak memory until it ends. Memory on a GPU is not affected, because PyTorch caches it itself.

    Returns:
        Whether the process keeps its memory; other C libraries than glibc are left as they are.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    return bool(libc.mallopt(MMAP_MAX, 0) and libc.mallopt(TRIM_THRESHOLD, -1))
