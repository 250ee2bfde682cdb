"""The page of a stored run: one HTML file that needs nothing beside it."""
