"""The body of a response over HTTP, read in bounds.

Owns how much is read. Never knows what it means.
"""

from __future__ import annotations

import aiohttp

from agents.training.troubles import Failure, Trouble
from agents.training.wire import MOST_BYTES


async def read_body(response: aiohttp.ClientResponse) -> bytes | Failure:
    """Return the body of ``response``, or a failure where it has more than ``MOST_BYTES``."""
    length = response.content_length
    if length is not None and length <= MOST_BYTES and "Content-Encoding" not in response.headers:
        return await response.read()
    content = bytearray()
    async for part in response.content.iter_any():
        content += part
        if len(content) > MOST_BYTES:
            response.close()
            return Failure(Trouble.GARBLED, f"an answer of more than {MOST_BYTES:,} bytes")
    return bytes(content)
