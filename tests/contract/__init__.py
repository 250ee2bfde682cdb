"""The contract suite: what every model must hold."""
