"""The ``gdkvm`` command: arguments to exit code, nothing else."""
