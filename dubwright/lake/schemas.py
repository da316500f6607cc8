"""What each table holds: names, types, units and meanings; enforced on every write, and printed as `docs/tables.md`.

`VERSION` rises with every change; readers accept every older version, whose missing columns read as null.
Both the version and the unit's provenance stand in the Parquet file's key-value metadata (`dubwright`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from dubwright.errors import DubwrightError

VERSION = 8

TEXT = pa.string()
MILLISECONDS = pa.int32()
WORDS = pa.list_(
    pa.struct([("text", TEXT), ("start_ms", MILLISECONDS), ("end_ms", MILLISECONDS), ("probability", pa.float32())])
)
NAMED = pa.list_(pa.struct([("name", TEXT), ("text", TEXT)]))
TOPICS = pa.list_(pa.struct([("name", TEXT), ("words", pa.list_(TEXT))]))
RENDERINGS = pa.list_(pa.struct([("language", TEXT), ("text", TEXT)]))
PIXELS = pa.int32()
SHOWN = pa.list_(
    pa.struct(
        [
            ("start_ms", MILLISECONDS),
            ("end_ms", MILLISECONDS),
            ("x", PIXELS),
            ("y", PIXELS),
            ("width", PIXELS),
            ("height", PIXELS),
        ]
    )
)


def _field(name: str, kind: pa.DataType, meaning: str, unit: str = "", *, required: bool = False) -> pa.Field:
    metadata = {"meaning": meaning} | ({"unit": unit} if unit else {})
    return pa.field(name, kind, nullable=not required, metadata=metadata)


# `series` and `episode` repeat the partition in the file: readers that guess a partition's type from its text
# would otherwise make the number 1 of the episode "01".
SHARED = [
    _field("series", TEXT, "the work, as the catalogue names it", required=True),
    _field("episode", TEXT, "the video within its series", required=True),
    _field("segment", pa.int32(), "the line's number within its episode, from 1; null where a row is no line"),
    _field("language", TEXT, "language of the row's content", "BCP-47", required=True),
    _field("fingerprint", TEXT, "digest of all that decides the unit's result", "blake2b-128 hex", required=True),
    _field("engine", TEXT, "what computed the row", required=True),
    _field("engine_version", TEXT, "its adapter's revision and its library's version", required=True),
    _field("model_sha256", TEXT, "digest of the model's main file; null where there is no model", "hex"),
    _field("created_at", pa.timestamp("us", tz="UTC"), "when the unit was committed", "UTC", required=True),
]

TABLES: dict[str, pa.Schema] = {
    "source": pa.schema(
        [
            *SHARED,
            _field("uri", TEXT, "where the video lies"),
            _field("source_digest", TEXT, "the source's identity as the plan saw it"),
            _field("bytes", pa.int64(), "size of the source", "bytes"),
            _field("container", TEXT, "container format as FFmpeg names it"),
            _field("duration_ms", MILLISECONDS, "length of the picture, or of the sound where there is none", "ms"),
            _field("video_codec", TEXT, "codec of the first picture stream"),
            _field("width", pa.int32(), "coded width, before rotation", "pixels"),
            _field("height", pa.int32(), "coded height, before rotation", "pixels"),
            _field("rotation", pa.int32(), "clockwise turn to show the picture upright, nearest quarter", "degrees"),
            _field("fps", pa.float64(), "average frame rate", "1/s"),
            _field("variable_frame_rate", pa.bool_(), "frames are not evenly spaced"),
            _field(
                "shots",
                pa.list_(MILLISECONDS),
                "when the picture is cut: where each shot but the first begins; null where that could not be told",
                "ms",
            ),
            _field("audio_codec", TEXT, "codec of the first sound stream"),
            _field("sample_rate", pa.int32(), "of the first sound stream", "Hz"),
            _field("channels", pa.int32(), "of the first sound stream"),
            _field("channel_layout", TEXT, "of the first sound stream, as FFmpeg names it"),
            _field("audio_start_ms", MILLISECONDS, "when the sound starts after the picture; may be negative", "ms"),
            _field("video_blob", TEXT, "the video itself, where copies were asked for", "key"),
            _field("speech_blob", TEXT, "sound as 16 kHz mono FLAC, on the picture's clock", "key"),
            _field("stereo_blob", TEXT, "sound as stereo FLAC at full rate, on the picture's clock", "key"),
            _field(
                "sound_blob",
                TEXT,
                "the same in its own channels if they are mono, stereo, 5.1 or 7.1, else as in `stereo_blob`; null in old rows",
                "key",
            ),
            _field("notes", pa.list_(TEXT), "what is odd about the source, in words"),
        ]
    ),
    "transcript": pa.schema(
        [
            *SHARED,
            _field("start_ms", MILLISECONDS, "first sound of the line", "ms"),
            _field("end_ms", MILLISECONDS, "last sound of the line", "ms"),
            _field("speaker", TEXT, "who speaks, within the episode; null where unknown"),
            _field("character", TEXT, "who speaks, over the series; null where unknown"),
            _field("text", TEXT, "the line in the source language"),
            _field("words", WORDS, "the line's words with their times", "ms"),
            _field("confidence", pa.float32(), "how sure the text is", "0 to 1"),
            _field("evidence", TEXT, "which witness the text comes from: sound, picture, both, given"),
            _field(
                "kind", TEXT, "dialogue, or what is not dubbed unless asked: caption, song, crowd, offscreen, overlap"
            ),
            _field(
                "shown",
                SHOWN,
                "the burned-in subtitles of the line: when and where in the upright picture",
                "ms, pixels",
            ),
            _field("speaker_confidence", pa.float32(), "how sure the speaker is", "0 to 1"),
            _field("f0_hz", pa.float32(), "median pitch of the line; null where nothing is voiced", "Hz"),
            _field("voice_print", pa.list_(pa.float32()), "what the line's voice is known by, a unit vector"),
            _field("notes", pa.list_(TEXT), "what was decided about the line, with the reason"),
        ]
    ),
    "translation": pa.schema(
        [
            *SHARED,
            _field("text", TEXT, "the line in the target language; empty where the line failed"),
            _field(
                "subtitle_text", TEXT, "what is read instead where the text is spoken too fast for that; null elsewhere"
            ),
            _field(
                "short_text",
                TEXT,
                "what is spoken instead where the text, once spoken, does not fit; null where it will",
            ),
            _field("source_text", TEXT, "the line that was translated"),
            _field("predicted_ms", MILLISECONDS, "how long the line will take to speak", "ms"),
            _field("slot_ms", MILLISECONDS, "how long the original line took", "ms"),
            _field("glossary_version", TEXT, "digest of the series' glossary that was applied"),
            _field(
                "start_ms", MILLISECONDS, "when it is to be spoken and shown instead; null: when its original is", "ms"
            ),
            _field("end_ms", MILLISECONDS, "until when; null: as its original", "ms"),
            _field(
                "state",
                TEXT,
                "as it was committed: draft, edited, approved (an earlier text that was approved stands); failed where no"
                " usable translation was had. Table review has how it stands since",
            ),
            _field("editor", TEXT, "who changed the line last; null for the engine"),
            _field("notes", pa.list_(TEXT), "flags with their reasons"),
        ]
    ),
    "dub": pa.schema(
        [
            *SHARED,
            _field("start_ms", MILLISECONDS, "when the dubbed line starts", "ms"),
            _field("duration_ms", MILLISECONDS, "how long it lasts, tempo applied", "ms"),
            _field("tempo", pa.float32(), "1 as synthesized, above 1 faster"),
            _field("voice", TEXT, "the synthesizer's voice; of a cloned one clone:CHARACTER:DIGEST"),
            _field("cloned", pa.bool_(), "whether the voice was cloned from the character's"),
            _field("learnt", TEXT, "what the synthesizer keeps of a cloned voice", "key"),
            _field("text", TEXT, "what was said, where the translation's short text was; null elsewhere"),
            _field("blob", TEXT, "the line as synthesized, before tempo; in the mix's row the whole episode", "key"),
            _field(
                "verdict",
                TEXT,
                "fits, tight, late, unfit (also where another engine or voice stood in, or none could); kept where nothing is to"
                " be spoken; mix for the row of the whole episode",
            ),
            _field(
                "reason",
                TEXT,
                "why the verdict is not fits, or a stock voice speaks where a clone could; of a mix, why the original is only"
                " lowered under the lines",
            ),
        ]
    ),
    "deliverable": pa.schema(
        [
            *SHARED,
            _field("kind", TEXT, "video, srt, vtt, source-srt, source-vtt", required=True),
            _field("blob", TEXT, "the file", "key", required=True),
            _field("bytes", pa.int64(), "its size", "bytes", required=True),
            _field("sha256", TEXT, "its digest", "hex", required=True),
            _field("mime", TEXT, "its media type"),
            _field("width", pa.int32(), "of a video, as shown", "pixels"),
            _field("height", pa.int32(), "of a video, as shown", "pixels"),
            _field("duration_ms", MILLISECONDS, "of a video", "ms"),
            _field("licences", pa.list_(TEXT), "of the weights whose output the file holds"),
            _field("label", TEXT, "the statement that the file holds AI-generated content"),
            _field(
                "notes", pa.list_(TEXT), "what a viewer of the file should know, such as: no speech, original sound"
            ),
        ]
    ),
    "quality": pa.schema(
        [
            *SHARED,
            _field("metric", TEXT, "what was measured, its unit in its name (docs/quality.md)", required=True),
            _field("value", pa.float64(), "the figure; null where it could not be measured"),
            _field("threshold", pa.float64(), "the bound it was held to when it was measured; null for none"),
            _field("passed", pa.bool_(), "whether it held"),
            _field("reason", TEXT, "why there is no figure, or what stands behind it"),
            _field("blob", TEXT, "the picture, where the row is one's", "key"),
        ]
    ),
    "edit": pa.schema(
        [
            _field("series", TEXT, "the work", required=True),
            _field("episode", TEXT, "the video", required=True),
            _field("language", TEXT, "language of the text that is corrected", "BCP-47", required=True),
            _field("segment", pa.int32(), "the line", required=True),
            _field(
                "number", pa.int32(), "its place in the line's chain, from 1; of a pin, after which; null in older ones"
            ),
            _field("source_text", TEXT, "the line's source as the editor saw it; the edit holds while it is unchanged"),
            _field("text", TEXT, "the corrected text; null: what the engine says (of a pin: it is released)"),
            _field("start_ms", MILLISECONDS, "when the line is spoken and shown; null: when its original is", "ms"),
            _field("end_ms", MILLISECONDS, "until when; null: as its original", "ms"),
            _field(
                "base", TEXT, "of a pin: the fingerprint, without corrections, of the unit that says so anyway", "hex"
            ),
            _field("subtitle_text", TEXT, "as in translation, where the engine's text was kept or approved"),
            _field("short_text", TEXT, "as in translation, where the engine's text was kept or approved"),
            _field("editor", TEXT, "who corrected it", required=True),
            _field("created_at", pa.timestamp("us", tz="UTC"), "when", "UTC", required=True),
        ]
    ),
    "review": pa.schema(
        [
            _field("series", TEXT, "the work", required=True),
            _field("episode", TEXT, "the video", required=True),
            _field("language", TEXT, "language of the lines that are reviewed", "BCP-47", required=True),
            _field(
                "kind", TEXT, "what is said: approve, lock, unlock, reopen, comment, resolve, assign", required=True
            ),
            _field("segment", pa.int32(), "the line; null where it is said of the whole episode"),
            _field("source_text", TEXT, "approve, lock: the line's source as it was then"),
            _field("text", TEXT, "approve, lock: the text that it was said of; comment: the comment"),
            _field("assignee", TEXT, "assign: who is to do it; null: nobody any more"),
            _field(
                "remark",
                pa.int32(),
                "comment: the remark that it answers; resolve: that is settled; see docs/review.md",
            ),
            _field("editor", TEXT, "who said so", required=True),
            _field("created_at", pa.timestamp("us", tz="UTC"), "when", "UTC", required=True),
        ]
    ),
    "cast": pa.schema(
        [
            _field("series", TEXT, "the work", required=True),
            _field("kind", TEXT, "what is decided: heard, link, name, merge, split, assign", required=True),
            _field("character", TEXT, "whom it is about, by id: c01 as linked, p01 as a person made; empty in heard"),
            _field("into", TEXT, "merge: the character that this one is"),
            _field("name", TEXT, "name: what the character is called"),
            _field("sex", TEXT, "female, male, unknown"),
            _field("episode", TEXT, "heard, link, split, assign: where"),
            _field("transcript", TEXT, "heard, link, split: the fingerprint of the transcript that was listened to"),
            _field("speaker", TEXT, "link, split: the voice, as this transcript labels it"),
            _field("segment", pa.int32(), "assign: the line, as it was numbered then"),
            _field("start_ms", MILLISECONDS, "assign: first sound of the line, by which it is known later", "ms"),
            _field("end_ms", MILLISECONDS, "assign: last sound of the line", "ms"),
            _field("said", TEXT, "heard: the transcript's text, by which it is known which terms concern the episode"),
            _field("editor", TEXT, "who decided it; dubwright for what was linked automatically", required=True),
            _field("created_at", pa.timestamp("us", tz="UTC"), "when", "UTC", required=True),
        ]
    ),
    "glossary": pa.schema(
        [
            _field("series", TEXT, "the work", required=True),
            _field("source", TEXT, "the term, as the source language has it", required=True),
            _field("renderings", RENDERINGS, "its fixed rendering by language"),
            _field("aliases", pa.list_(TEXT), "other names with the same rendering"),
            _field("kind", TEXT, "name, address, place, organisation, sect, rank or term"),
            _field("sex", TEXT, "of a person: female, male, unknown"),
            _field("status", TEXT, "approved, or proposed, which is not applied"),
            _field("notes", TEXT, "for people"),
            _field("dropped", pa.bool_(), "the term is none of the glossary's any more", required=True),
            _field("editor", TEXT, "who decided it; dubwright for a proposal", required=True),
            _field("created_at", pa.timestamp("us", tz="UTC"), "when", "UTC", required=True),
        ]
    ),
    "market": pa.schema(
        [
            _field("series", TEXT, "the work", required=True),
            _field(
                "language", TEXT, "the language in whose market the series wants it otherwise", "BCP-47", required=True
            ),
            _field("guidance", pa.list_(TEXT), "further sentences for whoever translates"),
            _field("relations", NAMED, "the form of you, by whose words to whom"),
            _field("address", NAMED, "how a form of address is said, by source term"),
            _field("idioms", NAMED, "how an idiom is said, by source term"),
            _field("severity", NAMED, "how gravely a topic is flagged: none, low, medium, high"),
            _field("sensitive", TOPICS, "further words to flag, by topic"),
            _field("taken_back", pa.bool_(), "what the series.yaml says counts again", required=True),
            _field("editor", TEXT, "who decided it", required=True),
            _field("created_at", pa.timestamp("us", tz="UTC"), "when", "UTC", required=True),
        ]
    ),
    "voice": pa.schema(
        [
            _field("series", TEXT, "the work", required=True),
            _field("character", TEXT, "who, by id as in cast, or by the name that transcripts give", required=True),
            _field("language", TEXT, "the language in which the voice is theirs", "BCP-47", required=True),
            _field("engine", TEXT, "the synthesizer whose voice it is", required=True),
            _field("voice", TEXT, "its stock voice; null takes a person's choice back"),
            _field("chosen", pa.bool_(), "a person chose it, above what was cast", required=True),
            _field("clips", pa.list_(TEXT), "blobs of the clips to clone instead, where there is consent", "keys"),
            _field("editor", TEXT, "who decided it; dubwright for what was given automatically", required=True),
            _field("created_at", pa.timestamp("us", tz="UTC"), "when", "UTC", required=True),
        ]
    ),
    "reference": pa.schema(
        [
            _field("series", TEXT, "the work", required=True),
            _field("episode", TEXT, "where the clip was heard", required=True),
            _field("transcript", TEXT, "the fingerprint of the transcript whose line it is", required=True),
            _field("speaker", TEXT, "who speaks, as this transcript labels it"),
            _field(
                "segment", pa.int32(), "the line; null in a row that only says that a transcript was looked through"
            ),
            _field("start_ms", MILLISECONDS, "first sound of the line", "ms"),
            _field("end_ms", MILLISECONDS, "last sound of the line", "ms"),
            _field("score", pa.float32(), "how well it serves to clone the voice", "0 to 1"),
            _field("blob", TEXT, "its sound as 16 kHz mono FLAC", "key"),
            _field("created_at", pa.timestamp("us", tz="UTC"), "when", "UTC", required=True),
        ]
    ),
}


class SchemaError(DubwrightError):
    """Rows do not fit their table; a defect of the program, not of its input."""


def to_table(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table of schema `TABLES[name]`; unknown columns, wrong types and missing required values raise `SchemaError`."""
    schema = TABLES[name]
    unknown = {column for row in rows for column in row} - set(schema.names)
    if unknown:
        raise SchemaError(f"the table has no such column: {', '.join(sorted(unknown))}", where=name)
    try:
        table = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
        table.validate(full=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise SchemaError(str(error), where=name) from error
    for field in schema:
        if not field.nullable and table[field.name].null_count:
            raise SchemaError("a required value is missing", where=name, field=field.name)
    return table


def conform(name: str, table: pa.Table, columns: Sequence[str] | None = None) -> pa.Table:
    """A table written under any version up to `VERSION`, in the columns of today, or in some of these."""
    wanted = [field for field in TABLES[name] if columns is None or field.name in columns]
    found = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in wanted
    ]
    return pa.Table.from_arrays(found, schema=pa.schema(wanted, metadata=table.schema.metadata))
