"""Digests that decide whether something is already done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def canonical(content: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys and no spaces: equal content gives equal bytes. Refuses NaN and anything that is no JSON."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def fingerprint(content: Mapping[str, Any]) -> str:
    """blake2b-128 of the canonical JSON, as 32 hex digits."""
    return hashlib.blake2b(canonical(content), digest_size=16).hexdigest()
