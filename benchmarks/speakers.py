"""How many lines are given to the right speaker: on the sample, and on casts made for it, with and without music.

    python -m benchmarks.speakers --bank DIR [--without-encoder] [--truth demo/catalogue] [--casts 4]

Casts are drawn (seeded) from Kokoro's voices speaking Mandarin, the sample's four left out, and from espeak-ng's
variants; DIR keeps their lines, which take some minutes to speak. Each cast is a series of two episodes under other
music; lines' times are off by up to 60 ms. `series` is the share of lines right over both episodes after linking, where
a voice that was linked wrongly counts as wrong. `--truth` is any folder in the sample's format.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe
from dubwright import settings
from dubwright.dub.engine import Speech
from dubwright.media import sound
from dubwright.models.store import ModelStore
from dubwright.series import facts
from dubwright.series.facts import Sex
from dubwright.settings import DubSettings
from dubwright.transcribe.speakers import Diarization, EpisodePrint, diarize, link
from dubwright.voiceprints.encoder import VoiceEncoder
from samples import sound as made
from samples.script import Music

RATE = 16000
_TEXT = (
    "你来了。|不行！|快走，他们马上就到。|我等了你整整三年，你却连一封信都没有写。|是谁让你进来的？|对不起，我真的不知道。|"
    "明天早上八点，公司门口见。|妈，你别哭了，我们回家吧。|这份合同我不会签，你们死了这条心。|站住！|你以为有钱就能买到一切吗？|"
    "那年冬天，是他把我从雪地里背回来的。|好吧，我答应你。|可是……我怕。|把东西放下，现在就离开我的房子。|医生说她还有三个月的时间。|"
    "哥，你听我解释，事情不是你想的那样。|王爷，边关急报，敌军已经过了黄河。|嗯，我知道了。|从今天起，你我恩断义绝，再无瓜葛。|"
    "她笑起来很像我年轻的时候。|为什么？|你放心，我一定会找到真相，还你一个清白。|这杯酒，我敬你。|谢谢。|董事会已经投票了，你被开除了。|"
    "住手，不要打他！|下雨了，带把伞再出门。"
)
LINES = _TEXT.split("|")
_VOICES = (
    "zf_xiaobei zf_xiaoni zm_yunxi zm_yunxia af_heart am_michael af_bella am_fenrir bf_emma bm_george ff_siwis em_alex "
    "if_sara im_nicola jf_alpha hm_omega hf_alpha pm_santa af_kore am_onyx jm_kumo bf_lily"
)
KOKORO = _VOICES.split()
ESPEAK = ("f2", "m3", "f5", "m7", "f3", "m1", "m4", "f1")
LINES_OF_A_VOICE = 12
MUSIC = (
    Music(bpm=72, chords=("Am", "F", "C", "G")),
    Music(bpm=96, chords=("Dm", "Bb", "Gm", "A")),
    Music(bpm=60, chords=("Em", "C", "Am", "B")),
)
BEDS: tuple[float | None, ...] = (None, -16.0, -10.0)

Mono = NDArray[np.float32]
Bank = dict[str, list[Mono]]


@dataclass
class Episode:
    """Sound (16 kHz), lines' times (ms) and who speaks them."""

    samples: Mono
    spans: list[tuple[int, int]]
    who: list[str]


@dataclass
class Score:
    """Shares of lines over some episodes: right, left open; and by how many voices the counts were off."""

    right: list[float] = field(default_factory=list)
    open: list[float] = field(default_factory=list)
    off: list[int] = field(default_factory=list)
    series: list[float] = field(default_factory=list)
    seconds: float = 0.0
    sound_s: float = 0.0

    def row(self, *, timed: bool) -> str:
        def share(values: Sequence[float]) -> str:
            return f"{100 * np.mean(values):.1f} %" if values else ""

        exact = share([float(off == 0) for off in self.off])
        # What was embedded before would count as nothing.
        speed = f"{self.seconds / self.sound_s:.3f}" if timed else ""
        lowest = f"{100 * min(self.right):.0f} %"
        return f"{share(self.right)} | {lowest} | {share(self.open)} | {exact} | {share(self.series)} | {speed}"


class Remembering(VoiceEncoder):
    """Embeds an episode's lines once, however many cast lists the episode is judged under."""

    def embed(self, sounds: Sequence[Mono]) -> Mono:
        mark = hash(b"".join(each.tobytes() for each in sounds))
        known: dict[int, Mono] = self.__dict__.setdefault("known", {})
        if mark not in known:
            known[mark] = super().embed(sounds)
        return known[mark]


def models() -> ModelStore:
    """This machine's models."""
    configured = settings.load()
    return ModelStore(configured.models_dir, configured.models_mirror)


def bank(folder: Path) -> Bank:
    """Lines by voice, spoken where DIR has them not yet."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {
        voice: [
            folder / f"{voice}-{at:02}.npy" for at in random.Random(voice).sample(range(len(LINES)), LINES_OF_A_VOICE)
        ]
        for voice in (*KOKORO, *(f"es_{name}" for name in ESPEAK))
    }
    missing = {voice: [path for path in paths if not path.exists()] for voice, paths in wanted.items()}
    if any(missing.values()):
        from dubwright.dub.espeak import EspeakNg
        from dubwright.dub.kokoro import Kokoro

        store = models()
        kokoro = Kokoro(DubSettings(), {name: store.ensure(name) for name in Kokoro.info.models}, 2)
        espeak = EspeakNg(DubSettings(), {}, 1)
        for voice, paths in missing.items():
            for path in paths:
                text = LINES[int(path.stem[-2:])]
                engine = espeak if voice.startswith("es_") else kokoro
                np.save(path, at_16_khz(engine.speak(text, "zh", voice.removeprefix("es_"))))
    return {voice: [np.load(path) for path in paths] for voice, paths in wanted.items()}


def at_16_khz(speech: Speech) -> Mono:
    """Band-limited, by way of the spectrum."""
    length = round(len(speech.samples) * RATE / speech.rate)
    spectrum = np.fft.rfft(speech.samples, n=len(speech.samples))
    size = length // 2 + 1
    spectrum = np.pad(spectrum, (0, max(0, size - len(spectrum))))[:size]
    resampled: Mono = (np.fft.irfft(spectrum, length) * (length / len(speech.samples))).astype(np.float32)
    return resampled


def episode(voices: Bank, cast: Sequence[str], seed: int, bed_db: float | None) -> Episode:
    """A dialogue of 14 to 28 lines in which everybody speaks at least twice; levels differ by up to 3 dB."""
    rng = random.Random(seed)
    turns = [
        *cast,
        *cast,
        *rng.choices(cast, [rng.uniform(0.5, 2) for _ in cast], k=rng.randint(14, 28) - 2 * len(cast)),
    ]
    rng.shuffle(turns)
    at, spans, parts = 2 * RATE, [], []
    for voice in turns:
        line = rng.choice(voices[voice])
        line = line * np.float32(10 ** ((-20 - made.active_dbfs(line) + rng.uniform(-3, 3)) / 20))
        spans.append((round(at / 16 + rng.uniform(-60, 60)), round((at + len(line)) / 16 + rng.uniform(-60, 60))))
        parts.append((at, line))
        at += len(line) + int(RATE * rng.uniform(0.15, 1.0))
    samples = np.random.default_rng(seed).standard_normal(at + 2 * RATE).astype(np.float32) * np.float32(8e-4)
    for start, line in parts:
        samples[start : start + len(line)] += line
    if bed_db is not None:
        bed = made.music(MUSIC[seed % len(MUSIC)], 3 * len(samples)).mean(axis=1)
        samples += at_16_khz(Speech(bed, made.RATE))[: len(samples)] * np.float32(10 ** ((bed_db - made.BED_DB) / 20))
    return Episode(samples, spans, turns)


def right(who: Sequence[str], labels: Sequence[str | None]) -> float:
    """The share of lines whose label is their speaker's, under the best pairing of labels with speakers."""
    speakers, known = sorted(set(who)), sorted({label for label in labels if label})
    best = {0: 0}
    for label in known:
        hits = [sum(a == one and b == label for a, b in zip(who, labels, strict=True)) for one in speakers]
        further = dict(best)
        for taken, value in best.items():
            for at, hit in enumerate(hits):
                if not taken >> at & 1:
                    further[taken | 1 << at] = max(further.get(taken | 1 << at, 0), value + hit)
        best = further
    return max(best.values()) / len(who)


def judge(episodes: Sequence[Episode], encoder: VoiceEncoder | None, cast: Sequence[Sex], into: Score) -> None:
    """Diarize the episodes of one series, link them, and add to a score."""
    found: list[Diarization] = []
    for each in episodes:
        started = time.perf_counter()
        found.append(diarize(each.samples, each.spans, encoder, cast))
        into.seconds += time.perf_counter() - started
        into.sound_s += len(each.samples) / RATE
        labels = [line.label for line in found[-1].lines]
        into.right.append(right(each.who, labels))
        into.open.append(labels.count(None) / len(labels))
        into.off.append(len(found[-1].prints) - len(set(each.who)))
    if encoder:
        linked = link(EpisodePrint(at, str(at), each) for at, one in enumerate(found) for each in one.prints)
        names = [
            linked.of[str(at), line.label] if line.label else None for at, one in enumerate(found) for line in one.lines
        ]
        into.series.append(right([name for each in episodes for name in each.who], names))


def sample(folder: Path) -> dict[str, list[list[Episode]]]:
    """The episodes of each series below a folder in the sample's format: speech alone, and as rendered."""
    conditions: dict[str, dict[str, list[Episode]]] = {"speech alone": {}, "as rendered": {}}
    for truth in sorted(folder.glob("truth/*/*/lines.json")):
        lines = json.loads(truth.read_text(encoding="utf-8"))
        spans, who = [(line["start_ms"], line["end_ms"]) for line in lines], [line["speaker"] for line in lines]
        speech, bed = (
            sound.read(truth.with_name(f"{name}.flac"), rate=RATE, channels=1)[0][:, 0] for name in ("speech", "bed")
        )
        size, series = min(len(speech), len(bed)), truth.parts[-3]
        conditions["speech alone"].setdefault(series, []).append(Episode(speech, spans, who))
        conditions["as rendered"].setdefault(series, []).append(Episode(speech[:size] + bed[:size], spans, who))
    return {name: list(series.values()) for name, series in conditions.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bank", type=Path, required=True)
    parser.add_argument("--without-encoder", action="store_true", help="timbre and pitch alone")
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--casts", type=int, default=4)
    arguments = parser.parse_args()
    encoder = None if arguments.without_encoder else Remembering(models().ensure("voice-encoder") / "pretrained.pt")
    print(f"{describe('numpy')}; {'with' if encoder else 'without'} the voice encoder\n")
    head = "lines right | worst episode | left open | voices counted right | series | s per s of sound"
    print(f"| condition | cast list | {head} |\n|{'---|' * 8}")
    if arguments.truth:
        series = sorted(arguments.truth.glob(f"*/{facts.FILE}"))
        sexes = [one.sex for one in facts.read(series[0]).cast] if len(series) == 1 else []
        for name, rendered in sample(arguments.truth).items():
            for known in (sexes, []) if sexes else ([],):
                score = Score()
                for episodes in rendered:
                    judge(episodes, encoder, known, score)
                print(f"| {name} | {'yes' if known else 'no'} | {score.row(timed=bool(known))} |", flush=True)
    if arguments.casts:
        voices = bank(arguments.bank)
        for family, names in (("Kokoro", KOKORO), ("espeak-ng", [f"es_{name}" for name in ESPEAK])):
            for bed_db in BEDS:
                scores = {"yes": Score(), "two too many": Score(), "no": Score()}
                for seed in range(arguments.casts):
                    cast = random.Random(seed).sample(names, 2 + seed % 4)
                    episodes = [episode(voices, cast, 100 * seed + number, bed_db) for number in (1, 2)]
                    for listed, score in scores.items():
                        size = {"yes": len(cast), "two too many": len(cast) + 2, "no": 0}[listed]
                        judge(episodes, encoder, ["unknown"] * size, score)
                for listed, score in scores.items():
                    bed = "no music" if bed_db is None else f"music {bed_db:g} dB"
                    print(f"| {family}, {bed} | {listed} | {score.row(timed=listed == 'yes')} |", flush=True)


if __name__ == "__main__":
    main()
