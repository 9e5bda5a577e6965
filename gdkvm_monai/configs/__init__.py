"""The bundle's configs: where they lie, whether their ids mean something, and MONAI's commands that run them."""

from .location import bundle_dir, find_config

__all__ = ["bundle_dir", "find_config"]
