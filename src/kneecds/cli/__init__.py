"""The command line: one file a command, each around one function; nothing heavy is imported before a command runs."""

from kneecds.cli.group import kneecds, main

__all__ = ["kneecds", "main"]
