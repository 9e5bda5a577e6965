"""DICOM headers and pixels."""
