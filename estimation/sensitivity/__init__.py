"""What hangs on what: scenarios, tipping points, shares of the interval, audits to come."""
