"""What a Prefect server is told of dubwright."""
