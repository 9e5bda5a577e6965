"""A process that keeps its freed memory does not get new pages from the kernel for each large tensor."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

COUNT = """
import resource, torch
from gdkvm_monai.handlers import keep_freed_memory
torch.set_num_threads(1)

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.ones(16_000_000)  # 64 MB, too large for glibc's own threshold
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

before = faults()
kept, _ = keep_freed_memory(), faults()
print(kept, before, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is configured")
def test_large_tensors_reuse_the_memory_of_freed_ones():
    result = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True)
    kept, before, after = result.stdout.split()
    assert kept == "True" and int(before) > 1000 and int(after) < int(before) / 10


def test_another_c_library_is_left_as_it_is(monkeypatch):
    from gdkvm_monai.handlers import freed_memory

    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert not freed_memory.keep_freed_memory()
