"""An episode's lines in a language, as they stand: what is heard, what is said instead, how that turned out."""

from __future__ import annotations

from typing import Any

from dubwright import cast as casts
from dubwright import languages
from dubwright.coverage import newest_rows
from dubwright.errors import CatalogError
from dubwright.lake import Lake

Row = dict[str, Any]


def lines(lake: Lake, series: str, episode: str, language: str) -> list[Row]:
    """The lines in their order, of the newest units; times in ms. Raises `CatalogError` where it is not translated."""
    translation = newest_rows(lake, "translation", series, episode, language)
    if translation is None:
        raise CatalogError(
            f"is not translated into {languages.name(language)}",
            where=f"{series}/{episode}",
            field="--to",
            remedy="see `dubwright status`, or localize it first",
        )
    heard = {row["segment"]: row for row in newest_rows(lake, "transcript", series, episode) or []}
    dubbed = {row["segment"]: row for row in newest_rows(lake, "dub", series, episode, language) or []}
    cast = casts.read(lake, series)
    found = []
    for row in sorted(translation, key=lambda row: int(row["segment"])):
        own, spoken = heard.get(row["segment"], {}), dubbed.get(row["segment"], {})
        reason = [spoken["reason"]] if spoken.get("reason") else []
        person = cast.who(episode, own.get("speaker"), own.get("start_ms", 0), own.get("end_ms", 0))
        found.append(
            {
                "segment": row["segment"],
                "start_ms": own.get("start_ms", 0),
                "end_ms": own.get("end_ms", 0),
                "kind": own.get("kind"),
                "evidence": own.get("evidence"),
                "speaker": own.get("speaker"),
                "character": person.called if person else own.get("character"),
                "source_text": row["source_text"],
                "text": row["text"],
                "subtitle_text": row["subtitle_text"],
                "state": row["state"],
                "editor": row["editor"],
                "dub_start_ms": spoken.get("start_ms"),
                "dub_duration_ms": spoken.get("duration_ms"),
                "tempo": spoken.get("tempo"),
                "voice": spoken.get("voice"),
                "verdict": spoken.get("verdict"),
                "blob": spoken.get("blob"),
                "flags": [*(row["notes"] or []), *reason],
            }
        )
    return found
