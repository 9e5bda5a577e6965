"""Exported steps in the user's cache: written once for each network, verified by hash whenever they are read."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import torch
from filelock import FileLock
from pydantic import TypeAdapter, ValidationError

import gdkvm_monai
from gdkvm_monai.export.engines.check import Check
from gdkvm_monai.export.engines.quantize import quantize_step
from gdkvm_monai.export.formats import ONNX_OPSET, export_network
from gdkvm_monai.files import atomic_write, file_sha256, write_json
from gdkvm_monai.networks.nets import GDKVM

__all__ = ["CACHE_VARIABLE", "CachedStep", "cache_folder"]

CACHE_VARIABLE = "GDKVM_CACHE"
"""Environment variable with the folder for exported networks."""

log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Return the folder for exported networks: ``GDKVM_CACHE``, or ``gdkvm_monai`` in the user's cache folder."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gdkvm_monai")


@dataclass(frozen=True)
class _Record:
    """Content of ``step.json``: the hash of the model beside it, and the checks of the engines that ran it."""

    sha256: str
    checks: dict[str, Check]


@dataclass(frozen=True)
class CachedStep:
    """The exported step of one network, and the checks of the engines.

    The hash detects a file that is damaged or exchanged; it cannot protect against somebody who may write to the whole
    folder.

    Attributes:
        folder: folder named after the hash of weights, options of the network, frame size, versions, and precision.
        int8: whether the step is quantized.
    """

    folder: Path
    int8: bool = False

    @classmethod
    def of(cls, network: GDKVM, weights_sha256: str, frame_size: tuple[int, int], int8: bool = False) -> CachedStep:
        """Return the place of a network's step in :func:`cache_folder`."""
        versions = [gdkvm_monai.__version__, torch.__version__, *(version(name) for name in ("onnx", "onnxscript"))]
        facts = [weights_sha256, network.options, frame_size, ONNX_OPSET, versions]
        facts += ["int8", version("onnxruntime")] if int8 else []
        return cls(cache_folder() / hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16], int8)

    @property
    def model(self) -> Path:
        """The ONNX file."""
        return self.folder / "step.onnx"

    def prepare(self, network: GDKVM, frame_size: tuple[int, int]) -> None:
        """Export the network, unless the cache holds the file that was written for it.

        Raises:
            OSError: if the folder cannot be written.
        """
        if self._holds_export():  # a cache that is complete may be read-only
            return
        with self._lock():
            if self._holds_export():  # another process was faster
                return
            if self.model.exists():
                log.warning("%s is not the file that was exported; it is exported anew.", self.model)
            else:
                log.warning("exporting the network once, to %s", self.model)
            with atomic_write(self.model) as partial:
                self._export(network, partial, frame_size)
                digest = file_sha256(partial)
            self._write(_Record(digest, {}))

    def _holds_export(self) -> bool:
        record = self._read()
        return record is not None and self.model.is_file() and record.sha256 == file_sha256(self.model)

    def _export(self, network: GDKVM, path: Path, frame_size: tuple[int, int]) -> None:
        if not self.int8:
            return export_network(network, path, "onnx", "step", frame_size)
        with tempfile.TemporaryDirectory() as folder:
            exported = Path(folder) / "step.onnx"
            export_network(network, exported, "onnx", "step", frame_size)
            quantize_step(exported, path, network, frame_size)

    def find_check(self, key: str) -> Check | None:
        """Return the check that was stored under a key."""
        record = self._read()
        return None if record is None else record.checks.get(key)

    def store_check(self, key: str, check: Check) -> None:
        """Store a check, if the folder can be written."""
        try:
            with self._lock():
                record = self._read()
                if record is not None:
                    self._write(_Record(record.sha256, {**record.checks, key: check}))
        except OSError as error:
            log.warning("the check cannot be kept in %s (%s); it is repeated in each process.", self.folder, error)

    def _lock(self) -> FileLock:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise type(error)(
                f"{self.folder} cannot be created for the exported network; set {CACHE_VARIABLE} to another folder."
            ) from error
        return FileLock(self.folder / "step.lock")

    def _read(self) -> _Record | None:
        try:
            return TypeAdapter(_Record).validate_json((self.folder / "step.json").read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValidationError):
            return None

    def _write(self, record: _Record) -> None:
        write_json(self.folder / "step.json", asdict(record))
