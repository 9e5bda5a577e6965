"""One clip to masks, measurements, a quality check, files, an HTML report, DICOM SEG and SR; and many clips so."""
