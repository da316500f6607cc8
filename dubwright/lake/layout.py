"""Every key of the lake is built and parsed here, and nowhere else.

    source/series=S/episode=E/<fingerprint>.parquet                   (likewise transcript/)
    translation/language=en/series=S/episode=E/<fingerprint>.parquet  (likewise dub/, deliverable/, quality/)
    edit/language=en/series=S/episode=E/<line>.<number>.parquet       (a line's corrections, numbered; formerly <ulid>)
    edit/language=en/series=S/episode=E/<fingerprint>.<ulid>.parquet  (texts that stand whatever other unit says otherwise)
    review/language=en/series=S/episode=E/<version>.parquet           (who approved, locked, remarked what)
    series/series=S/<kind>/<version>.parquet                          (facts of a series, such as its `cast`, in order)
    failure/stage=T/[language=en/]series=S/episode=E/<fingerprint>/<attempt>.<permanent|transient>.json
    blob/<first 2 hex>/<sha256>.<ext>
    catalog/<NAME>/<version>.json                                     (registered catalogues; the last version counts)
    speech/<first 2 hex>/<fingerprint>                                (holds the key of a blob: a line's speech, a voice)
    compacted/<table>/[language=L/]series=S/rows.parquet              (the newest units of a series in one file)
    lease/<run|collect>/<ulid of the holder>/<expiry, unix ms>.json   (who works on which series until when)
    evaluation/language=en/set=S/engine=E/candidate=<fingerprint>/<ulid>.<run|accepted>.parquet

Names of series and episodes are people's, so they are percent-encoded where a key, a file system or a
reader of Hive partitions would trip over them; Chinese stays readable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_ENDING = re.compile(r"[a-z0-9]{1,8}")
_BLOB = re.compile(rf"blob/[0-9a-f]{{2}}/[0-9a-f]{{64}}\.{_ENDING.pattern}")
_EDIT = re.compile(
    r"(?:(?P<segment>[0-9]{6,9})\.(?P<number>[0-9]{6,9})|(?:(?P<base>[0-9a-f]{32})\.)?(?P<ulid>[0-9A-HJKMNP-TV-Z]{26}))\.parquet"
)
_VERSION = re.compile(r"([0-9]{6,9})\.parquet")
_CATALOG = re.compile(r"catalog/([^/]+)/(\d{6,})\.json")
_FAILURE = re.compile(r"(\d+)\.(permanent|transient)\.json")
_EVALUATION = re.compile(
    r"evaluation/language=([^/]+)/set=([^/]+)/engine=([^/]+)/candidate=([0-9a-f]{32})/"
    r"([0-9A-HJKMNP-TV-Z]{26})\.(run|accepted)\.parquet"
)
_LEASE = re.compile(r"lease/(run|collect)/([0-9A-HJKMNP-TV-Z]{26})/(\d{1,16})\.json")
_SPEECH = re.compile(r"speech/([0-9a-f]{2})/\1[0-9a-f]{30}")
_SERIES = re.compile(r"series/series=([^/]+)/([a-z-]+)/([0-9]{6,12})\.parquet")
# The tables whose files are units; what a unit reads stands in a table before its own.
UNIT_TABLES = ("source", "transcript", "translation", "dub", "deliverable", "quality")
# What was measured of a deliverable has its fingerprint, and stays and goes with it.
COMPANIONS = {"quality": "deliverable"}
# Below it lie the facts of series.
SERIES = "series/"
# One level of a path holds 255 bytes almost everywhere; "language=", "episode=" and a margin are taken off.
LONGEST_NAME_BYTES = 230


# A listing of millions of keys repeats few names.
@lru_cache(maxsize=1 << 14)
def encode(name: str) -> str:
    """A name as one part of a key: letters and digits of any script, `-`, `_` and inner `.` stay, the rest is `%XX`."""
    encoded = "".join(
        char if char.isalnum() or char in "-_." else "".join(f"%{byte:02X}" for byte in char.encode()) for char in name
    )
    # Readers take a leading dot or underscore for a hidden file, and "." and ".." for folders.
    if encoded[:1] in (".", "_"):
        encoded = f"%{ord(encoded[0]):02X}{encoded[1:]}"
    return encoded


@lru_cache(maxsize=1 << 14)
def decode(part: str) -> str:
    """The name that `encode` was given."""
    return unquote(part)


@dataclass(frozen=True, slots=True)
class UnitKey:
    """The parts of a unit's key; `language` is None in tables that belong to the episode, not to a language."""

    table: str
    series: str
    episode: str
    language: str | None
    fingerprint: str

    def __str__(self) -> str:
        return f"{unit_prefix(self.table, self.language, self.series, self.episode)}{self.fingerprint}.parquet"


def unit_prefix(table: str, language: str | None = None, series: str | None = None, episode: str | None = None) -> str:
    """The prefix of a table, narrowed as far as the arguments go (language, then series, then episode)."""
    prefix = f"{table}/"
    if language is not None:
        prefix += f"language={encode(language)}/"
    if series is not None:
        prefix += f"series={encode(series)}/"
        if episode is not None:
            prefix += f"episode={encode(episode)}/"
    return prefix


def parse_unit(key: str) -> UnitKey | None:
    """The unit that a key names, or None if it names none."""
    table, *parts = key.split("/")
    if not parts:
        return None
    *partitions, file = parts
    fields = dict(part.split("=", 1) for part in partitions if "=" in part)
    fingerprint = file.removesuffix(".parquet")
    if len(fields) != len(partitions) or not {"series", "episode"} <= fields.keys() <= {
        "series",
        "episode",
        "language",
    }:
        return None
    if file == fingerprint or not FINGERPRINT.fullmatch(fingerprint):
        return None
    language = fields.get("language")
    return UnitKey(
        table,
        decode(fields["series"]),
        decode(fields["episode"]),
        None if language is None else decode(language),
        fingerprint,
    )


@dataclass(frozen=True, slots=True)
class EditKey:
    """A person's correction of the line `segment`, its `number` in the line's chain from 1: of two who correct a line at
    once, one is first.

    Or texts that are pinned: they stand in every unit but those of which `base` is the fingerprint without corrections,
    which says the same itself; `ulid` sorts by time. Corrections were once known by a `ulid` alone.
    """

    language: str
    series: str
    episode: str
    ulid: str = ""
    segment: int = 0
    number: int = 0
    base: str = ""

    def __str__(self) -> str:
        name = (
            f"{self.segment:06d}.{self.number:06d}" if self.number else ".".join(filter(None, (self.base, self.ulid)))
        )
        return f"{unit_prefix('edit', self.language, self.series, self.episode)}{name}.parquet"


def parse_edit(key: str) -> EditKey | None:
    """The correction that a key names, or None if it names none."""
    head, _, file = key.rpartition("/")
    found = _EDIT.fullmatch(file)
    # An edit's key is a unit's with another kind of file name.
    unit = parse_unit(f"{head}/{'0' * 32}.parquet") if found and head.startswith("edit/") else None
    if not found or not unit or not unit.language:
        return None
    segment, number = int(found["segment"] or 0), int(found["number"] or 0)
    edit = EditKey(unit.language, unit.series, unit.episode, found["ulid"] or "", segment, number, found["base"] or "")
    # One spelling for each: two would be one number twice.
    return edit if str(edit) == key else None


@dataclass(frozen=True, slots=True)
class ReviewKey:
    """One version of what was said on an episode in a language, numbered from 1."""

    language: str
    series: str
    episode: str
    version: int

    def __str__(self) -> str:
        return f"{unit_prefix('review', self.language, self.series, self.episode)}{self.version:06d}.parquet"


def parse_review(key: str) -> ReviewKey | None:
    """The version that a key names, or None if it names none."""
    head, _, file = key.rpartition("/")
    found = _VERSION.fullmatch(file)
    unit = parse_unit(f"{head}/{'0' * 32}.parquet") if found and head.startswith("review/") else None
    if not found or not unit or not unit.language:
        return None
    review = ReviewKey(unit.language, unit.series, unit.episode, int(found[1]))
    return review if str(review) == key else None


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """One version of a fact about a series, such as its `cast`, numbered from 1: of two who add one at once, one is first."""

    series: str
    kind: str
    version: int

    def __str__(self) -> str:
        return f"{series_prefix(self.series, self.kind)}{self.version:06d}.parquet"


def series_prefix(series: str, kind: str) -> str:
    """The prefix of all versions of a series' facts of one kind."""
    return f"{SERIES}series={encode(series)}/{kind}/"


def parse_series(key: str) -> SeriesKey | None:
    """The fact that a key names, or None if it names none."""
    found = _SERIES.fullmatch(key)
    fact = SeriesKey(decode(found[1]), found[2], int(found[3])) if found else None
    # One spelling for each: two would be one version twice.
    return fact if fact and str(fact) == key else None


@dataclass(frozen=True, slots=True)
class CatalogKey:
    """One version of the entry of a registered catalogue, numbered from 1."""

    name: str
    version: int

    def __str__(self) -> str:
        return f"{catalog_prefix(self.name)}{self.version:06d}.json"


def catalog_prefix(name: str | None = None) -> str:
    """The prefix of all registered catalogues, or of one."""
    return "catalog/" if name is None else f"catalog/{encode(name)}/"


def parse_catalog(key: str) -> CatalogKey | None:
    """The version of a registered catalogue that a key names, or None if it names none."""
    found = _CATALOG.fullmatch(key)
    return CatalogKey(decode(found[1]), int(found[2])) if found else None


def blob(sha256: str, extension: str) -> str:
    """The key of a blob with this content digest (hex) and file ending (without dot)."""
    return f"blob/{sha256[:2]}/{sha256}.{extension}"


def speech(fingerprint: str) -> str:
    """The key under which the speech of a line is found again, by the fingerprint of what decides how it sounds."""
    return f"speech/{fingerprint[:2]}/{fingerprint}"


def is_ending(text: str) -> bool:
    """Whether a file's ending (without dot) can be a blob's."""
    return _ENDING.fullmatch(text) is not None


def is_blob(key: str) -> bool:
    """Whether a key can be a blob's: what else is read from a table is not followed."""
    return _BLOB.fullmatch(key) is not None


def failure_prefix(
    stage: str, language: str | None = None, series: str | None = None, episode: str | None = None
) -> str:
    """The prefix of a stage\'s failures, narrowed as far as the arguments go."""
    return "failure/" + unit_prefix(f"stage={stage}", language, series, episode)


@dataclass(frozen=True, slots=True)
class FailureKey:
    """One failed attempt at a unit: the unit (its `table` is the stage's name), its number, if trying again can help."""

    unit: UnitKey
    attempt: int
    permanent: bool

    def __str__(self) -> str:
        kind = "permanent" if self.permanent else "transient"
        unit = self.unit
        prefix = failure_prefix(unit.table, unit.language, unit.series, unit.episode)
        return f"{prefix}{unit.fingerprint}/{self.attempt:04d}.{kind}.json"


def parse_failure(key: str) -> FailureKey | None:
    """The failed attempt that a key names, or None if it names none."""
    head, _, file = key.rpartition("/")
    found = _FAILURE.fullmatch(file)
    if not head.startswith("failure/stage=") or not found:
        return None
    unit = parse_unit(head.removeprefix("failure/stage=") + ".parquet")
    return FailureKey(unit, int(found[1]), found[2] == "permanent") if unit else None


def compacted(table: str, language: str | None, series: str) -> str:
    """The key of the one file that holds the newest rows of a series in a table and language."""
    return f"compacted/{unit_prefix(table, language, series)}rows.parquet"


def parse_compacted(key: str) -> tuple[str, str | None, str] | None:
    """Table, language and series of a compacted file, or None if the key names none."""
    head, _, file = key.removeprefix("compacted/").rpartition("/")
    if file != "rows.parquet" or not key.startswith("compacted/"):
        return None
    # Its key is a unit's with the episode left out and another file name.
    unit = parse_unit(f"{head}/episode=0/{'0' * 32}.parquet")
    return (unit.table, unit.language, unit.series) if unit and unit.table in UNIT_TABLES else None


@dataclass(frozen=True, slots=True)
class EvaluationKey:
    """A run of a translator over a set with references, or that it was `accepted`; `ulid` sorts by time.

    `candidate` is the fingerprint of all that decides what the translator answers.
    """

    language: str
    set_name: str
    engine: str
    candidate: str
    ulid: str
    accepted: bool = False

    def __str__(self) -> str:
        place = f"set={encode(self.set_name)}/engine={encode(self.engine)}/candidate={self.candidate}"
        return f"{evaluation_prefix(self.language)}{place}/{self.ulid}.{'accepted' if self.accepted else 'run'}.parquet"


def evaluation_prefix(language: str) -> str:
    """The prefix of all evaluations in a language."""
    return f"evaluation/language={encode(language)}/"


def parse_evaluation(key: str) -> EvaluationKey | None:
    """The evaluation that a key names, or None if it names none."""
    found = _EVALUATION.fullmatch(key)
    if found is None:
        return None
    language, set_name, engine = (decode(part) for part in found.groups()[:3])
    parsed = EvaluationKey(language, set_name, engine, found[4], found[5], accepted=found[6] == "accepted")
    return parsed if str(parsed) == key else None


@dataclass(frozen=True, slots=True)
class LeaseKey:
    """A holder's word that it works until `expires_ms` (unix time); the last of a holder's keys counts."""

    kind: Literal["run", "collect"]
    holder: str
    expires_ms: int

    def __str__(self) -> str:
        return f"lease/{self.kind}/{self.holder}/{self.expires_ms:013d}.json"


def parse_lease(key: str) -> LeaseKey | None:
    """The lease that a key names, or None if it names none."""
    found = _LEASE.fullmatch(key)
    return LeaseKey("run" if found[1] == "run" else "collect", found[2], int(found[3])) if found else None


def known(key: str) -> bool:
    """Whether a key is one of those listed at the top."""
    unit = parse_unit(key)
    if unit:
        return unit.table in UNIT_TABLES and str(unit) == key
    return bool(
        is_blob(key)
        or _SPEECH.fullmatch(key)
        or _SERIES.fullmatch(key)
        or parse_catalog(key)
        or parse_edit(key)
        or parse_review(key)
        or parse_failure(key)
        or parse_compacted(key)
        or parse_evaluation(key)
        or parse_lease(key)
    )
