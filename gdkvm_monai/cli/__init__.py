"""The ``gdkvm`` command: argument parsing and exit codes, nothing else.

Each subcommand is a module with ``main(words)``. Slow imports happen only after the arguments are parsed.
"""
