"""Sound, picture and given subtitles fused into one transcript: `fuse` decides line by line between the witnesses."""

from dubwright.transcribe.fusion.cues import Cue, Evidence, Shown, of_picture, together
from dubwright.transcribe.fusion.lines import Episode, Line, fuse

__all__ = ["Cue", "Episode", "Evidence", "Line", "Shown", "fuse", "of_picture", "together"]
