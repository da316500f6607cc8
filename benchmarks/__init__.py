"""Measurements: never tests. Each prints its figures with the machine, the versions and the spread over several runs."""
