"""Log-linear models of overlapping lists: fits, existence, choice of a model, its spread."""
