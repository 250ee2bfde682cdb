"""Studies that tests share."""

from pathlib import Path

#: The four readings of the shipped study, without its further models: exact and fast.
READINGS = Path(__file__).parent / "readings.toml"
