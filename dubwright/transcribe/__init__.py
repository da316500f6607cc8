"""Speech to source-language segments."""
