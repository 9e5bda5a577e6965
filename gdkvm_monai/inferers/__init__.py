from .autocast_inferer import AutocastInferer

__all__ = ["AutocastInferer"]
