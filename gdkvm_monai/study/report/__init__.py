"""The HTML report of one clip."""
