"""Fitting: the exact engine, the session, NUTS, and the form of a fit."""
