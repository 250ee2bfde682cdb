"""Studies: a TOML file becomes a model, scenarios, published ranges and a folder of results."""
