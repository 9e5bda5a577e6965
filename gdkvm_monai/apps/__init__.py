"""Command lines, thin layers on the package and the bundle."""
