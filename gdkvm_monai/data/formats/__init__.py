"""Readers of clips, one module per file format; :mod:`gdkvm_monai.data.open` chooses among them."""
