"""What people touch: the `dubwright` command, and later the operator's console."""
