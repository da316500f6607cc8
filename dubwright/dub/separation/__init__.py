"""Voices taken out of an episode's sound: `engine` says what a separator is, `deepfilternet` is one, `bed` keeps what is
left, music and effects, for the other languages."""
