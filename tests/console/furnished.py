"""A lake as a desk has it: the sample's script in nine languages, forty other series, failures, flags, people's work."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from dubwright.catalogue import registered
from dubwright.fingerprint import fingerprint
from dubwright.lake import Lake
from dubwright.lake.layout import UnitKey
from dubwright.media import sound
from dubwright.review import decisions, lines
from dubwright.review.decisions import Change
from dubwright.review.edits import Place
from dubwright.series import cast, voice_facts
from dubwright.series.cast import Decision
from dubwright.series.facts import Term
from dubwright.terms import log
from dubwright.terms.log import Entry
from samples import script

SERIES, EPISODES = "槐巷不灭灯", 12
LONG = "重生之我在豪门当保姆：替嫁新娘的千亿合约婚姻与失忆总裁的双胞胎秘密 第二季（加长版）"
OTHERS = [
    LONG, "长夜灯", "归来仍是少年", "春山不见", "雪落城南", "The Heiress & the <Lantern>", "旧事如潮", "琴声里的人", "九千岁驾到",
    "闪婚老公是首富", "一胎三宝：爹地追妻火葬场", "战神赘婿", "天价宠儿", "神医下山", "离婚后她惊艳了全世界", "我的二十岁妈妈",
    "Верни мне вчера", "夜色温柔", "无双", "回到1988", "逆流而上的你", "山河故人归", "花开半夏", "风起长林", "暗恋橘生淮南",
    "他从火光中走来", "十里春风", "白日梦我", "一念关山", "月光变奏曲", "听雪楼", "南城以南", "海上牧云", "消失的她们", "第九味",
    "锦衣夜行人", "金陵旧梦", "沉默的证词", "星河长明", "归途列车",
]  # fmt: skip
LANGUAGES = ("ar", "de", "en", "es", "fr", "id", "ja", "pt-BR", "th")
SAID = {
    "ar": "أشعل المصباح قبل أن يعود أحد إلى هذا الزقاق.",
    "de": "Zünde die Laterne an, bevor jemand in diese Gasse zurückkommt.",
    "fr": "Allume la lanterne avant que quelqu'un ne revienne dans cette ruelle.",
    "id": "Nyalakan lentera sebelum ada yang kembali ke gang ini.",
    "ja": "誰かがこの路地に戻る前に、灯りをともして。",
    "pt-BR": "Acenda a lanterna antes que alguém volte a este beco.",
    "th": "จุดโคมก่อนที่ใครจะกลับมาที่ตรอกนี้",
}
SPAN_MS = 3000
PAST_DAYS = 28
Row = dict[str, Any]


def furnish(lake: Lake, video: Path) -> None:
    """Fill an empty lake; every episode is the `video`."""
    whole = script.read(script.FILE)
    with TemporaryDirectory() as folder:
        heard, said = (_voice(Path(folder), pitch) for pitch in (140, 220))
        blobs = {"speech": lake.put_blob(heard), "dub": lake.put_blob(said), "video": lake.put_blob(video)}
    blobs["vtt"] = lake.put_blob_bytes(b"WEBVTT\n\n00:00.500 --> 00:02.500\nEnciende la luz.\n", "vtt")
    for number in range(1, EPISODES + 1):
        _episode(lake, f"{number:02d}", whole.episodes[(number - 1) % len(whole.episodes)], blobs)
    for at, name in enumerate(OTHERS):
        _other(lake, name, at, blobs)
    _past(lake, blobs)
    _people(lake)
    _glossary(lake, whole.facts.glossary)
    _failures(lake)
    registered.add(lake, registered.new("dramas", "/srv/dramas", ["en", "es", "fr"]))
    registered.add(lake, registered.new("archive", "s3://videos/archive", ["en"]))


def _commit(lake: Lake, table: str, place: tuple[str, str], rows: list[Row], language: str | None = None) -> UnitKey:
    key = UnitKey(table, *place, language, fingerprint({"at": [table, *place, language or ""]}))
    shared = {"language": language or "zh", "engine": "fake", "engine_version": "1"}
    lake.commit(key, [shared | row for row in rows], {})
    return key


def _episode(lake: Lake, name: str, told: script.Episode, blobs: dict[str, str]) -> None:
    place = (SERIES, name)
    spoken = list(enumerate(told.lines, start=1))
    start = {n: (n - 1) * SPAN_MS + 400 for n, _ in spoken}
    source = {"speech_blob": blobs["speech"], "stereo_blob": blobs["speech"], "width": 180, "height": 320}
    _commit(lake, "source", place, [source | {"duration_ms": len(spoken) * SPAN_MS}])
    kinds = {5: "caption", 8: "song"}
    heard = [
        {"segment": n, "start_ms": start[n], "end_ms": start[n] + 2200, "text": line.text, "character": line.speaker,
         "kind": kinds.get(n, "dialogue"), "evidence": ("both", "sound", "picture")[n % 3], "confidence": 0.4 + n % 6 / 10}
        for n, line in spoken
    ]  # fmt: skip
    _commit(lake, "transcript", place, heard)
    for at, language in enumerate(LANGUAGES):
        if int(name) > EPISODES - at:
            continue  # later languages are not done yet
        texts = {n: line.references.get(language) or SAID[language] for n, line in spoken}
        notes = {
            2: ["length: takes 2600 ms, has 2200"],
            6: [
                "idiom: “de sangre fría”, 铁石心肠 taken literally: sin corazón [medium]",
                "glossary: 晚晴 is not Wanqing",
            ],
        }
        translated = [
            {"segment": n, "source_text": line.text, "text": "" if n == 9 else texts[n], "state": "draft",
             "notes": notes.get(n, [])}
            for n, line in spoken
        ]  # fmt: skip
        _commit(lake, "translation", place, translated, language)
        late = "starts 480 ms after the original"
        dubbed = [
            {"segment": n, "start_ms": start[n], "duration_ms": 2000, "tempo": 0.9 + n % 5 / 10, "voice": "af_bella",
             "blob": blobs["dub"], "verdict": "late" if n == 4 else "unfit" if n == 7 else "fits",
             "reason": late if n == 4 else "cut by 310 ms at the end of the episode" if n == 7 else None}
            for n, _ in spoken
        ]  # fmt: skip
        mix = {"start_ms": 0, "duration_ms": len(spoken) * SPAN_MS, "blob": blobs["dub"], "verdict": "mix"}
        _commit(lake, "dub", place, [*dubbed, mix], language)
        shared = {"bytes": 1000, "sha256": "0" * 64}
        files = [
            {"kind": "video", "blob": blobs["video"], "mime": "video/mp4", "width": 180, "height": 320},
            {"kind": "vtt", "blob": blobs["vtt"], "mime": "text/vtt"},
        ]
        key = _commit(lake, "deliverable", place, [shared | file for file in files], language)
        loud = 3.0 if (int(name) + at) % 7 == 0 else 0.1
        measured = [{"segment": n, "metric": "onset_ms", "value": 900.0 if n % 6 == 0 else 20.0} for n, _ in spoken]
        rows = [*measured, {"metric": "loudness_lu", "value": loud}, {"metric": "drift_frames", "value": 0.2}]
        quality = replace(key, table="quality")
        own = {"language": language, "engine": "fake", "engine_version": "1"}
        lake.commit(quality, [own | row for row in rows], {})


def _other(lake: Lake, name: str, at: int, blobs: dict[str, str]) -> None:
    """A series of which no more is known than that it is there, and how far."""
    for episode in range(1, 4 + at % 5):
        place = (name, f"{episode:02d}")
        _commit(lake, "source", place, [{"speech_blob": blobs["speech"], "duration_ms": 60_000}])
        for number, language in enumerate(LANGUAGES):
            if (at * 7 + number * 3) % 11 < 8 - (episode > 2) * (number % 3):
                file = {"kind": "vtt", "blob": blobs["vtt"], "mime": "text/vtt", "bytes": 1, "sha256": "0" * 64}
                _commit(lake, "deliverable", place, [file], language)


def _past(lake: Lake, blobs: dict[str, str]) -> None:
    """What was delivered in Spanish on each of the last weeks' days, by engines that changed, and superseded since."""
    file = {"kind": "video", "blob": blobs["video"], "mime": "video/mp4", "bytes": 1, "sha256": "0" * 64}
    for day in range(PAST_DAYS, 0, -1):
        better, wobble = 1 - day / PAST_DAYS, 0.02 * math.sin(day * 2.4)
        engine, revision = ("kokoro", 1 + day // 12) if day > 10 else ("xtts", 2)
        key = UnitKey("deliverable", OTHERS[1], "01", "es", fingerprint({"day": day}))
        measured = [
            {"segment": n, "metric": metric, "value": value}
            for n in range(1, 31)
            for metric, value in (
                ("fit", 0.0 if n / 30 < 0.86 + 0.12 * better + wobble else 3.0),
                ("tempo", 1.1 if n / 30 < 0.9 + 0.08 * better - wobble else 1.4),
                ("word_error", 0.14 - 0.08 * better + wobble),
            )
        ]
        translator = {"engine": "llama", "engine_revision": 214 + (day < 16)}
        judged = {"upstream": dict.fromkeys(("translate", "dub"), key.fingerprint)}
        _dated(lake, replace(key, table="translation"), day, [], translator, 110 - 30 * better)
        speaker = {"engine": engine, "engine_revision": revision}
        _dated(lake, replace(key, table="dub"), day, [], speaker, 80 + 25 * math.sin(day))
        _dated(lake, replace(key, table="quality"), day, measured, judged)
        _dated(lake, key, day, [file | {"duration_ms": 93_000}], {})


def _dated(lake: Lake, unit: UnitKey, days_ago: int, rows: list[Row], recipe: Row, wall_s: float = 0.0) -> None:
    """Commit a unit so many days ago."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    about = {"committed_at": at.isoformat(), "recipe": recipe, "cost": {"wall_s": wall_s, "device": "cpu"}}
    lake.commit(unit, [{"engine": "fake", "engine_version": "1"} | row for row in rows], about)
    os.utime(Path(lake.uri.removeprefix("file://"), str(unit)), (at.timestamp(), at.timestamp()))


def _people(lake: Lake) -> None:
    """Who speaks, and what editors and approvers did."""
    names = ["陆晚晴", "秦师父", "沈砚舟", "沈知夏"]
    said = [
        Decision("heard", "", episode=f"{n:02d}", transcript="0" * 32, said="晚晴，灯还亮着。师父")
        for n in range(1, 13)
    ]
    said += [
        Decision("link", f"c{who:02d}", episode=f"{n:02d}", transcript="0" * 32, speaker=f"S{who}", sex=sex)
        for n in range(1, 13)
        for who, sex in ((1, "female"), (2, "male"), (3, "male"), (4, "female"), (5, "unknown"))
        if n % who == 0 or who < 3
    ]
    said += [Decision("name", f"c{who:02d}", name=name) for who, name in enumerate(names, start=1)]
    cast.decide(lake, SERIES, said, "林小雨")
    voices = ("af_bella", "am_michael", "am_puck", "bf_emma", "af_sky")
    given = [
        voice_facts.Entry(f"c{who:02d}", language, "kokoro", voice)
        for who, voice in enumerate(voices, start=1)
        for language in ("en", "es", "fr")
    ]
    voice_facts.decide(lake, SERIES, given)
    place = Place(SERIES, "01", "es")
    told = [
        (1, "Apaga la lámpara y no le abras a nadie."),
        (3, "No pienso irme de este callejón."),
        (3, "No me voy del callejón."),
    ]
    for segment, text in told:
        decisions.save(lake, lines.read(lake, place), Change(segment, text), "Ana Pérez")
    decisions.approve(lake, lines.read(lake, place), [1, 8], "林小雨")
    decisions.lock(lake, lines.read(lake, place), [8], "林小雨")
    decisions.comment(lake, place, "¿Aquí no sería mejor «maestro»?", "Ana Pérez", 4)
    decisions.comment(lake, place, "保留“师父”的语气，别太正式。", "林小雨", 4)
    decisions.assign(lake, place, "Ana Pérez", "林小雨", 6)


def _glossary(lake: Lake, terms: tuple[Term, ...]) -> None:
    entries = [Entry(term, editor="林小雨") for term in terms]
    proposed = [
        Term(source="灯会", renderings={"en": "Lantern Fair"}, status="proposed", kind="term"),
        Term(source="槐树胡同派出所", aliases=("派出所",), renderings={"en": "the police station in Locust Tree Lane",
             "ar": "مركز الشرطة", "de": "Polizeiwache in der Schnurbaumgasse"}, status="proposed", kind="place"),
    ]  # fmt: skip
    log.decide(lake, SERIES, entries + [Entry(term, editor="dubwright") for term in proposed])


def _failures(lake: Lake) -> None:
    broken = {
        "error": "MediaError",
        "problem": "moov atom not found",
        "where": "/srv/dramas/{}/{}.mp4",
        "remedy": "replace the file",
    }
    for name, episode in (("雪落城南", "08"), ("雪落城南", "09"), (LONG, "08")):
        error = broken | {"where": broken["where"].format(name, episode)}
        lake.record_failure(UnitKey("source", name, episode, None, "f" * 32), "ingest", error, permanent=True)
    away = {
        "error": "EndpointError",
        "problem": "https://llm.example/v1 answered 429",
        "remedy": "wait, or raise the limit",
    }
    for name in ("长夜灯", "春山不见", SERIES):
        for language in ("fr", "th"):
            key = UnitKey("translation", name, "12", language, "e" * 32)
            lake.record_failure(key, "translate", away, permanent=False)


def _voice(folder: Path, pitch: float) -> Path:
    """Thirty seconds that come and go."""
    at = np.arange(16_000 * 30) / 16_000
    loud = np.clip(np.sin(2 * np.pi * at / 3), 0, 1) * (0.3 + 0.7 * np.abs(np.sin(at * 7)))
    path = folder / f"{pitch}.flac"
    sound.write_flac(path, (0.4 * loud * np.sin(2 * np.pi * pitch * at)).astype(np.float32)[:, None], 16_000)
    return path
