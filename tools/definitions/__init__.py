"""The parts of tools/build_definitions.py."""
