"""Sound, picture and given subtitles fused into one transcript: `fuse` decides line by line between the witnesses."""

from dubwright.transcribe.fusion.cues import Cue, Evidence, Shown, at_once, of_picture, together
from dubwright.transcribe.fusion.lines import Episode, Line, fuse

__all__ = ["Cue", "Episode", "Evidence", "Line", "Shown", "at_once", "fuse", "of_picture", "together"]
