"""The label that says a file holds AI-generated content: one for machines, in its metadata, and one for people."""

from __future__ import annotations

import json

# Where GB 45438-2025 wants the implicit label: JSON under this key of the container's metadata.
METADATA_KEY = "AIGC"
GENERATED = "1"  # the standard's value for "is AI-generated", as against "may be" and "is suspected to be"

STATEMENTS = {
    "video": "AI-generated content: translated and dubbed by machine",
    "srt": "AI-generated content: translated by machine",
    "vtt": "AI-generated content: translated by machine",
    "source-srt": "AI-generated content: transcribed by machine",
    "source-vtt": "AI-generated content: transcribed by machine",
}


def aigc(fingerprint: str, producer: str) -> str:
    """The implicit label of GB 45438-2025: `producer` made this file, under the number `fingerprint`.

    Whoever propagates the file fills in the propagator's fields.
    """
    fields = {
        "Label": GENERATED,
        "ContentProducer": producer,
        "ProduceID": fingerprint,
        "ReservedCode1": "",
        "ContentPropagator": "",
        "PropagateID": "",
        "ReservedCode2": "",
    }
    return json.dumps(fields, ensure_ascii=False)
