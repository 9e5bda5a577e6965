"""Studies of one clip or many: masks, measurements, a quality check, files, an HTML report, DICOM SEG, and DICOM SR."""
