"""Linkage: raw records of several lists become patterns, with the error of the links."""
