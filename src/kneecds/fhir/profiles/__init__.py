"""Conformance resources: reading them from files and packages, and the snapshots of profiles."""
