"""Whose voice a sound is: the voice encoder, which all that listens to voices shares."""
