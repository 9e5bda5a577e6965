"""Clips from an archive and results back to it: a queue on disk, C-STORE in both directions, and DICOMweb."""
