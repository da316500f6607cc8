"""Voices taken out of an episode's sound: `engine` says what a separator is, `deepfilternet` and `demucs` are two, `bed`
keeps what is left, music and effects, for the other languages."""
