"""How models compare: scores against later truth, evidence of one list, stated mixtures."""
