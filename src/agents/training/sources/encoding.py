"""Files of text as UTF-8, and nothing else.

Owns the words for a file that is not. Never guesses another encoding: a wrong guess is found by nobody.
"""

from __future__ import annotations

from collections.abc import Iterator

from agents.campaign.errors import UsageError
from agents.training.sources.patterns import Found

_MARK = "\ufeff"


def text_of(found: Found) -> str:
    """Return the text of a file, its lines ended by a newline alone, without a byte order mark.

    Raises:
        UsageError: the file cannot be read, or is not UTF-8.
    """
    try:
        text = found.path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(found, error.start) from error
    except OSError as error:
        raise unreadable(found, error) from error
    return text.removeprefix(_MARK).replace("\r\n", "\n").replace("\r", "\n")


def lines_of(found: Found) -> Iterator[str]:
    """Yield the lines of a file with their ends as they are, without a byte order mark.

    Raises:
        UsageError: as `text_of` says.
    """
    offset = 0
    try:
        with found.path.open("rb") as file:
            for line in file:
                text = line.decode()
                yield text if offset else text.removeprefix(_MARK)
                offset += len(line)
    except UnicodeDecodeError as error:
        raise _not_utf8(found, offset + error.start) from error
    except OSError as error:
        raise unreadable(found, error) from error


def unreadable(found: Found, error: OSError) -> UsageError:
    """Return what to tell a person whose file cannot be read."""
    return UsageError(
        f"{found.name} cannot be read: {error.strerror or error}", "make it readable, or write a pattern without it"
    )


def _not_utf8(found: Found, offset: int) -> UsageError:
    return UsageError(
        f"{found.name} is not UTF-8: byte {offset} belongs to no character",
        "save it as UTF-8, or write a pattern without it",
    )
