"""How fast audits of several sizes are judged, before anybody is sent out.

    uv run python -m benchmarks.information

Five sizes with 1,000 simulated audits each, and sums over all results, each in a fresh process,
imports included; against the plain way, a fit with the updated belief for each simulated audit, of
which 20 are timed and scaled.  The parts run one after the other, so that none slows another.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SIZES, AUDITS, TIMED = (25, 50, 100, 200, 400), 1_000, 20
LARGE = (1_000, 2_000, 10_000, 100_000, 1_000_000)


def run(part: str) -> None:
    """Run one part in this process and print what it found, as JSON."""
    from estimation.sensitivity.information import expected_information
    from estimation.sensitivity.posteriors import Posteriors
    from models import Count, Flat, Model, between

    model = Model(Flat(), {"names": Count(106_745, between(0.45, 0.65, 0.9))})
    posteriors = Posteriors()
    if part == "plain":
        print(json.dumps({"seconds_a_fit": _plain(model, posteriors)}))
        return
    simulations = None if part == "exact" else AUDITS
    sizes = LARGE if part == "large" else SIZES
    found = expected_information(posteriors, model, sizes, simulations=simulations)
    print(json.dumps({"widths": [round(audit.expected_width) for audit in found.audits]}))


def _plain(model, posteriors) -> float:  # type: ignore[no-untyped-def]
    """Return the seconds of a fit after an audit, its interval included."""
    import numpy as np

    from models import Beta

    rng, belief = np.random.default_rng(1), model.base.coverage
    start = time.perf_counter()
    for size in SIZES:
        for coverage in belief.draw(rng, TIMED // len(SIZES)):
            found = int(rng.binomial(size, coverage))
            after = Beta(belief.alpha + found, belief.beta + size - found)
            np.quantile(posteriors.of(model.replace("names.coverage", after)), [0.025, 0.975])
    return (time.perf_counter() - start) / TIMED


def main() -> None:
    """Run all parts in processes of their own and print their seconds."""
    if len(sys.argv) > 1:
        run(sys.argv[1])
        return
    seconds = {}
    for part in ("simulated", "exact", "large", "plain"):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.information", part],
            cwd=HERE.parent, check=True, capture_output=True, text=True,
        )  # fmt: skip
        found = json.loads(done.stdout)
        seconds[part] = time.perf_counter() - start
        if part == "plain":
            seconds[part] = found["seconds_a_fit"] * AUDITS * len(SIZES)
        print(f"{part:10} {seconds[part]:7.1f} s  {found}")
    print(f"plain / simulated: {seconds['plain'] / seconds['simulated']:.1f}")


if __name__ == "__main__":
    main()
