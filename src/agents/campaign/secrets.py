"""What looks like a key or a password, so that it is neither shown nor stored.

Pure. Owns how secrets look. Never knows one: what looks like a plain word is taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_PREFIXED = r"\b(?:(?:sk|pk|rk|gsk|hf|xai|nvapi)[-_]|AIza)[\w*.-]{8,}"
"""How the keys of most providers begin."""
_SECRET = re.compile(
    r"(?i:authorization\b.*+|\bbearer\b\s*+\S*+)"
    r"|(?i:\b(?:x-)?api[-_ ]?key\b(?:\s*+(?:provided|is))?+\s*+[\"']?+\s*+[:=]\s*+\S++)"
    r"|(?<=://)[^\s/@]+(?=@)|(?<=[?&])[\w.-]+=[^\s&'\"]+"
    rf"|{_PREFIXED}|(?<![\w-])(?=[\w-]*\d)[\w-]{{32,}}\b",
    re.DOTALL,
)
_KEY = re.compile(rf"{_PREFIXED}")
_LONG_KEY = re.compile(
    r"(?:sk|pk|rk|gsk|hf|xai|nvapi)_\w{16,}|AIza\w{16,}"
    r"|(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9]{20,}|(?=.*[a-z])(?=.*[0-9])[a-z0-9]{32,}"
)
_HOLDER = re.compile(
    r"(?:.*_)?(?:api_?key|authori[sz]ation|bearer|secret|password|passwd|credentials?)(?:_.*)?"
    r"|(?:(?:access|api|auth|bearer|hf|id|refresh|session)_?)?token",
)


def hidden(text: str) -> str:
    """Return ``text`` without keys, and addresses in it without names, passwords and queries."""
    return _SECRET.sub("[hidden]", text)


def is_like_key(name: str) -> bool:
    """Return whether ``name``, which is made as names of variables are, looks like a key itself."""
    return _LONG_KEY.fullmatch(name) is not None


def holders(document: Any) -> Iterator[str]:
    """Yield the keys, however deep in ``document``, whose values are secrets by their name or by their look."""
    if isinstance(document, Mapping):
        for name, value in document.items():
            if _HOLDER.fullmatch(re.sub(r"\W", "_", str(name).lower())) or _is_key(value):
                yield str(name)
            yield from holders(value)
    elif isinstance(document, Sequence) and not isinstance(document, str):
        for value in document:
            yield from holders(value)


def _is_key(value: Any) -> bool:
    values = value if isinstance(value, list | tuple) else (value,)
    return any(isinstance(one, str) and _KEY.search(one) is not None for one in values)
