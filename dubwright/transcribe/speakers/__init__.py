"""Who speaks: voices told apart within an episode (`diarize`), known again over a series (`link`), cut out for cloning."""

from dubwright.transcribe.speakers.diarization import Attribution, Diarization, VoicePrint, diarize
from dubwright.transcribe.speakers.linking import EpisodePrint, Known, Linked, link

__all__ = ["Attribution", "Diarization", "EpisodePrint", "Known", "Linked", "VoicePrint", "diarize", "link"]
