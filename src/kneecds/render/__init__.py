"""Shapes an assessment for a reader; no clinical decision is taken here."""
