"""The script that an analyst would write today: the baseline of the speed ratios.

Beta coverage (central 90 % between 45 % and 65 %), a log-uniform total made continuous, a Poisson
count, ``pm.sample`` with its defaults, a summary by ArviZ.  Nothing of this project is imported.
"""

import arviz as az
import pymc as pm

CONFIRMED = 106_745

if __name__ == "__main__":
    with pm.Model():
        coverage = pm.Beta("coverage", alpha=36.4, beta=29.7)
        log_total = pm.Uniform("log_total", lower=11.6, upper=14.6)
        total = pm.Deterministic("total", pm.math.exp(log_total))
        pm.Poisson("confirmed", mu=total * coverage, observed=CONFIRMED)
        posterior = pm.sample(random_seed=1, progressbar=False)
    table = az.summary(posterior, var_names=["total", "coverage"], ci_prob=0.95, round_to="none")
    print(table.to_string())
    print(f"ESS bulk of the total: {table.loc['total', 'ess_bulk']:.0f}")
