"""The pinned voice encoder on spoken Mandarin: four voices under music, told apart and known again."""

from __future__ import annotations

import numpy as np
import pytest

from dubwright.settings import DubSettings
from dubwright.transcribe.speakers import EpisodePrint, diarize, link
from dubwright.voiceprints.encoder import VoiceEncoder
from tests.transcribe.conftest import at_16_khz, model, music, silence

VOICES = {"zf_xiaobei": "female", "zm_yunjian": "male", "af_kore": "female", "bm_george": "male"}
EPISODES = (
    ("你以为有钱就能买到一切吗？", "那年冬天，是他把我从雪地里背回来的。"),
    ("明天早上八点，公司门口见。", "医生说她还有三个月的时间。"),
)


@pytest.mark.models
def test_four_voices_are_told_apart_and_known_again_in_the_next_episode() -> None:
    from dubwright.dub.kokoro import Kokoro

    kokoro = Kokoro(DubSettings(), {name: model(name) for name in Kokoro.info.models}, 2)
    encoder = VoiceEncoder(model("voice-encoder") / "pretrained.pt")
    prints, who = [], {}
    for number, lines in enumerate(EPISODES):
        parts, spans, speakers, at = [silence(1500)], [], [], 1500
        for line in lines:
            for voice in VOICES:
                spoken = at_16_khz(kokoro.speak(line, "zh", voice))
                length = 1000 * len(spoken) // 16000
                spans.append((at, at + length))
                speakers.append(voice)
                parts += [spoken[: length * 16], silence(500)]
                at += length + 500
        speech = np.concatenate(parts)
        samples = speech + music(at + 1000, 0.01 * (number + 1))[: len(speech)]
        found = diarize(samples, spans, encoder, ["female", "male", "female", "male"])
        pairs = {(line.label, voice) for line, voice in zip(found.lines, speakers, strict=True)}
        assert len(pairs) == 4, pairs
        who |= {(str(number), label): voice for label, voice in pairs}
        prints += [EpisodePrint(number, str(number), each) for each in found.prints]
        for each in found.prints:
            assert each.sex in (VOICES[who[str(number), each.label]], "unknown")
    linked = link(prints)
    assert len({(linked.of[voice], name) for voice, name in who.items()}) == 4 == len(linked.characters)
