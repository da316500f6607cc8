"""Who speaks: voices told apart within an episode (`diarize`), known again over a series (`link`), cut out for cloning."""

from dubwright.transcribe.speakers.diarization import Attribution, Diarization, diarize
from dubwright.transcribe.speakers.linking import EpisodePrint, Known, Linked, link
from dubwright.transcribe.speakers.prints import VoicePrint, prints_of

__all__ = [
    "Attribution",
    "Diarization",
    "EpisodePrint",
    "Known",
    "Linked",
    "VoicePrint",
    "diarize",
    "link",
    "prints_of",
]
