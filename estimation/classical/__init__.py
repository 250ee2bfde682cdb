"""Estimators that are no `Model`: closed forms, for comparison and a first answer."""
