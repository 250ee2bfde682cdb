"""One list of names beside evidence that learns its coverage."""
