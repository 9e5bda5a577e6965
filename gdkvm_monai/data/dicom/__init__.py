"""Headers and pixels of DICOM files."""
