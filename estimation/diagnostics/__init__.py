"""Verdicts on fits, the gate before numbers, and calibration by simulation."""
