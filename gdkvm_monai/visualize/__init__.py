"""Pictures: overlays, curves, agreement plots. Importing a module here imports matplotlib or Pillow."""
