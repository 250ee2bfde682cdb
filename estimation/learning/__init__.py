"""What each source says of coverage, and whether sources agree."""
