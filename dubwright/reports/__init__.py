"""How things stand, read from the lake alone: what is committed, what failed and why, what was done when."""
