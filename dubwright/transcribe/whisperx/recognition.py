"""WhisperX's voice detection and its batched recognizer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dubwright.transcribe import whisper
from dubwright.transcribe.whisper import LONGEST_WINDOW_S, RATE, Spoken
from dubwright.transcribe.whisperx import offline
from dubwright.transcribe.windows import Stretch

# Between these scores WhisperX holds a voice to go on. That bridges pauses of a second; where the score stays above
# `SURE` somebody speaks without a break.
ONSET, OFFSET = 0.5, 0.363
SURE = 0.6
# The score falls late: a voice ends, within 0.11 s on 21 lines with and without music, where it falls below this, not 0.05 to
# 0.1 s later below `SURE`. Where that is much earlier, the end was spoken softly.
ENDED, LATE_S = 0.8, 0.2
SHORTEST_BREAK_S = 0.1  # a break in speech that is worth knowing: word times are kept out of it
SHORTEST_STRETCH_S = 0.1
SHORTEST_SOUND_S = 0.1  # less than this the detector cannot look at

# Windows decoded together. A GPU wants many; a processor gains little and pays in memory.
BATCH = {"cuda": 16, "cpu": 4}
PRECISION = {"cuda": "float16", "cpu": "int8"}
FRAMES_PER_S = 100


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the recognizer wrote for a window, and how sure it was: mean log probability of a token, and the probability
    that nobody spoke."""

    words: tuple[Spoken, ...]
    log_probability: float
    no_speech: float


class Recognizer:
    """A Whisper model as WhisperX loads it, from a folder."""

    def __init__(self, folder: Path, device: str, beam_size: int, threads: int) -> None:
        offline.close()
        from whisperx import asr

        self._batch = BATCH[device]
        self._pipeline: Any = asr.load_model(
            str(folder),
            device,
            compute_type=PRECISION[device],
            language="en",  # until `decode` says which; without one it would listen for a language
            asr_options={"beam_size": beam_size, "temperatures": [0.0], "multilingual": False},
            vad_method="pyannote",
            vad_options={"vad_onset": ONSET, "vad_offset": OFFSET},
            local_files_only=True,
            threads=threads,
        )
        # WhisperX keeps an answer's text alone; whether anybody spoke and when each word was said is lost there.
        self._pipeline.model.generate_segment_batched = self._generate
        self._lengths: Iterator[int] = iter(())

    def stretches(self, samples: NDArray[np.float32]) -> list[Stretch]:
        """Where somebody speaks in a mono sound of shape [n] at 16 kHz, by the detector that WhisperX brings."""
        if len(samples) < SHORTEST_SOUND_S * RATE:
            return []
        from whisperx.vads.pyannote import Binarize

        detector = self._pipeline.vad_model
        scores = detector({"waveform": detector.preprocess_audio(samples), "sample_rate": RATE})
        longest_s, length_s = LONGEST_WINDOW_S - 1, len(samples) / RATE
        regions, sure, loud = (
            [
                Stretch(max(0.0, float(region.start)), min(length_s, float(region.end)))
                for region in Binarize(onset=onset, offset=offset, max_duration=longest_s)(scores).get_timeline()
            ]
            for onset, offset in ((ONSET, OFFSET), (SURE, SURE), (ENDED, ENDED))
        )
        return [_ended(stretch, loud) for region in regions for stretch in _within(region, sure)]

    def language_of(self, samples: NDArray[np.float32]) -> tuple[str, float]:
        """The likeliest language of up to 28 s of a mono sound of shape [n] at 16 kHz, and how likely it is."""
        return whisper.likeliest(self._pipeline.model.detect_language(samples)[2])

    def decode(self, sounds: Sequence[NDArray[np.float32]], language: str, prompt: str | None) -> list[Decoded]:
        """What is said in windows of up to 30 s at 16 kHz, of one sound or of many, decoded in full batches.

        `language` as Whisper calls it.
        """
        from faster_whisper.tokenizer import Tokenizer

        pipeline = self._pipeline
        model = pipeline.model
        pipeline.tokenizer = Tokenizer(
            model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language
        )
        pipeline.options = replace(pipeline.options, initial_prompt=prompt)
        self._lengths = iter([len(sound) * FRAMES_PER_S // RATE for sound in sounds])
        # Never one: then the library hands lists of one over instead of their content.
        batch = max(2, self._batch)
        answers = pipeline(({"inputs": sound} for sound in sounds), batch_size=batch, num_workers=0)
        return [
            Decoded(tuple(answer["words"]), float(answer["avg_logprob"]), float(answer["no_speech_prob"]))
            for answer in answers
        ]

    def _generate(self, features: Any, tokenizer: Any, options: Any, _: Any = None) -> dict[str, list[Any]]:
        """In the place of WhisperX's own: a batch of features of shape [batch, mels, frames] to one answer each."""
        from faster_whisper import BatchedInferencePipeline

        model = self._pipeline.model
        encoded, answers = BatchedInferencePipeline(model).generate_segment_batched(features, tokenizer, options)
        tokens = [[token for token in answer["tokens"] if token < tokenizer.eot] for answer in answers]
        lengths = [next(self._lengths) for _ in answers]
        times = model.find_alignment(tokenizer, tokens, encoded, lengths)
        return {
            "words": [_words(words, options) for words in times],
            "avg_logprob": [answer["avg_logprob"] for answer in answers],
            "no_speech_prob": [answer["no_speech_prob"] for answer in answers],
        }


def _within(region: Stretch, sure: Sequence[Stretch]) -> list[Stretch]:
    """Where in a region the detector is sure of a voice, breaks too short to tell filled; all of it if it is nowhere."""
    found: list[Stretch] = []
    for each in sure:
        start_s, end_s = max(region.start_s, each.start_s), min(region.end_s, each.end_s)
        if start_s >= end_s:
            continue
        if found and start_s - found[-1].end_s < SHORTEST_BREAK_S:
            start_s = found.pop().start_s
        found.append(Stretch(start_s, end_s))
    return [each for each in found or [region] if each.end_s - each.start_s >= SHORTEST_STRETCH_S]


def _ended(stretch: Stretch, loud: Sequence[Stretch]) -> Stretch:
    """A stretch up to where the voice itself ends."""
    ends = [each.end_s for each in loud if stretch.start_s + SHORTEST_STRETCH_S <= each.end_s <= stretch.end_s]
    late = stretch.end_s - max(ends, default=stretch.end_s)
    return Stretch(stretch.start_s, stretch.end_s - late) if late <= LATE_S else stretch


def _words(found: list[dict[str, Any]], options: Any) -> list[Spoken]:
    """The library's words, each with the punctuation beside it."""
    from faster_whisper.transcribe import merge_punctuations

    merge_punctuations(found, options.prepend_punctuations, options.append_punctuations)
    return [
        Spoken(word["word"], float(word["start"]), float(word["end"]), float(word["probability"]))
        for word in found
        if word["word"]
    ]
