"""One command of the command line a file; each is thin over the public functions."""
