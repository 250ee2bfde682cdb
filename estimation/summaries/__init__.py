"""What is reported of a posterior: rows of estimates, the table, agreement with published ranges."""
