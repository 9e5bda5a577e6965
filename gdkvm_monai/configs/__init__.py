"""The bundle's configs: where they are, whether their IDs are valid, and MONAI's commands that run them."""

from .location import bundle_dir, check_weights_file, find_config, find_weights, released_weights

__all__ = ["bundle_dir", "check_weights_file", "find_config", "find_weights", "released_weights"]
