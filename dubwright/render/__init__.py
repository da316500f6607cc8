"""Tracks and subtitles to files that can be handed to someone."""
