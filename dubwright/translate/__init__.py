"""Source segments to target-language text."""
