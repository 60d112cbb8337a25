"""Checks on a whole document; structure has a room of its own."""
