"""Overlays, curves, and agreement plots. Importing a module of this package imports matplotlib or Pillow."""
