"""What is reported of a posterior: estimates, the table, agreement with published ranges."""
