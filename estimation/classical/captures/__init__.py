"""Closed forms for overlapping lists: bounds, sample coverage, models of capture frequencies."""
