"""The fault tests in full: more kills, more damage, a disk that is really full.

    uv run python -m benchmarks.faults

Ten kills at random moments of an exact batch, by one and by two processes, and of a batch under
NUTS; 5,000 truncations and flipped bits of a real fit; two processes on one store five times; a
file system of one megabyte, where it may be mounted.
"""

import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve().parent.parent
    words = ["-m", "pytest", "tests/test_faults.py", "--faults", "full", "-n", "0", "-rs"]
    sys.exit(subprocess.run([sys.executable, *words, "--durations", "5"], cwd=here).returncode)
