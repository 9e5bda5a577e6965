"""``python -m gdkvm_monai`` is ``gdkvm``."""

from __future__ import annotations

import sys

from gdkvm_monai.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
