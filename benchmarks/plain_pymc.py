"""The script that an analyst would write today: the baseline of the speed ratios.

Beta coverage (central 90 % between 45 % and 65 %), a log-uniform total, a binomial count,
``pm.sample`` with its defaults, a summary by ArviZ.  Nothing of this project is imported.
"""

import arviz as az
import pymc as pm

CONFIRMED = 106_745

if __name__ == "__main__":
    with pm.Model():
        coverage = pm.Beta("coverage", alpha=36.6, beta=29.9)
        log_total = pm.Uniform("log_total", lower=11.6, upper=14.6)
        total = pm.Deterministic("total", pm.math.exp(log_total))
        # a binomial count of a large total, with the total made continuous
        pm.Poisson("confirmed", mu=total * coverage, observed=CONFIRMED)
        posterior = pm.sample(random_seed=1, progressbar=False)
    print(az.summary(posterior, var_names=["total", "coverage"], ci_prob=0.95, round_to="none"))
