"""Test persons with known truth: generated, spelled in several ways, listed with errors."""
