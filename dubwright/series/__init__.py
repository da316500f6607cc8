"""What is known and decided of a series as a whole, for all of its episodes: who speaks, in which voice, for which market."""
