"""A study with sections of every kind, exact and fast."""

import pytest

MODEL = """
title = "Deaths in the valley"
seed = 3
[losses]
kind = "flat"
[evidence.names]
kind = "count"
count = 1204
coverage = { kind = "between", low = 0.4, high = 0.7, mass = 0.9 }
[[scenario]]
name = "hard"
set."names.coverage" = { kind = "uniform", low = 0.4, high = 0.7 }
[[published]]
name = "report"
low = 1700
high = 3000
"""

VARY = """
[[sensitivity]]
name = "shares"
vary = [
  { field = "names.coverage.low", low = 0.3, high = 0.5, steps = 4, title = "low end" },
  { field = "names.precision", values = [0.9, { kind = "uniform", low = 0.9, high = 1.0 }] },
]
indices = 16

[[sensitivity.tipping]]
title = "out of the report"
field = "names.coverage"
low = 0.3
high = 0.9
published = "report"

[[sensitivity.tipping]]
title = "above 2,500"
field = "names.coverage"
low = 0.3
high = 0.9
above = 2500
"""

AUDIT = """
[[audit_plan]]
sizes = [20, 80]
cost = 3.5
unit = "hours"
"""

MIX = """
[[comparison]]
name = "both"
models = ["base", "hard"]
weights = { base = 0.75, hard = 0.25 }
"""

#: Draws a chain: enough for these beliefs.
FEW = ("--draws", "4000")

ALL = MODEL + VARY + AUDIT + MIX


@pytest.fixture
def study(tmp_path):
    """Write a study and return its path."""

    def write(text=ALL):
        path = tmp_path / "valley.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write
