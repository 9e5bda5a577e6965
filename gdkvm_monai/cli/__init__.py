"""The ``gdkvm`` command: arguments to exit code, nothing else.

Each subcommand is a module with ``main(words)``. Nothing that takes long to import is imported before the arguments
are parsed.
"""
