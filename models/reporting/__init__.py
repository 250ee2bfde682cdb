"""Late reports: how the names of a period come in, step by step of delay."""
