"""Tables of confirmed counts: read, checked row by row, made into `Cells`."""
