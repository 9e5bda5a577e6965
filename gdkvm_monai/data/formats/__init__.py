"""Clip readers, one module per file format; :mod:`gdkvm_monai.data.open` selects one of them."""
