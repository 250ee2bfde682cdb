"""Tables that come with the package: facts as CSV, described in ``datasets.toml``."""
