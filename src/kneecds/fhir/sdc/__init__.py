"""Structured Data Capture: the extensions of our form, its other releases and languages, and observation-based extraction."""
