"""The explorer: a local page that asks "what if" and shows stored runs."""
