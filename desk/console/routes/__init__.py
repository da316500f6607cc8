"""What can be opened, a module for each part of the console."""
