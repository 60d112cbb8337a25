"""Checks of any CDS Hooks service from outside, requirement by requirement."""
