"""The optional packages that speak to archives."""

from __future__ import annotations

import importlib
import logging
from types import ModuleType

__all__ = ["require"]


def require(name: str) -> ModuleType:
    """Import ``pynetdicom`` or ``dicomweb_client``, with its log silenced, because it quotes header values and UIDs.

    Raises:
        ImportError: if it is not installed.
    """
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        from gdkvm_monai.data.clip import INSTALL  # imports MONAI, for which --help must not wait

        package = name.replace("_", "-")
        raise ImportError(f"{package} is not installed; install it: {INSTALL.format('archive')}.") from error
    logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return module
