"""Identity by content: equal values have equal digests in every process, on every machine."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson


def digest(*parts: Any) -> str:
    """Return 16 hex digits (64 bits of SHA-256) of ``parts`` written as JSON, key order ignored."""
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
