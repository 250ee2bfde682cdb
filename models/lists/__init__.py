"""Overlapping lists: the table of patterns, and models of who is on which list."""
