"""Speed as ratios, measured in one run against stated baselines."""
