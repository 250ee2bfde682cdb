"""Overlapping lists: all methods side by side, and what they assume."""
