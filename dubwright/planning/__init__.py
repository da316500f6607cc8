"""What is wanted, what the lake has, and the difference: plans, backfills, what a change makes wanted again."""
