"""Files of rows: JSON lines, CSV and Parquet.

Owns how rows are read from each. Never decides which rows are used.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

import orjson

from agents.campaign.described import Kind
from agents.campaign.errors import UsageError
from agents.training.sample import Json
from agents.training.sources.encoding import lines_of, unreadable
from agents.training.sources.patterns import Found
from agents.training.troubles import shortened

Row = tuple[int, Mapping[str, Any] | None]
"""Its position, and its columns; None where it is no row. Positions are lines, from 1; of Parquet, rows from 1."""

_LARGEST_FIELD = 2**31 - 1
"""Characters of a field of CSV; the files themselves are smaller."""
_BATCH = 1_024
"""Rows of Parquet that are unpacked at a time."""


def rows_of(found: Found, kind: Kind) -> Iterator[Row]:
    """Yield the rows of a file whose ``kind`` is a table, in their order; blank lines are none.

    Raises:
        UsageError: the file cannot be read, or is not what its kind says; or Parquet cannot be read here.
    """
    match kind:
        case "jsonl":
            return _json_lines(found)
        case "csv":
            return _csv(found)
        case _:
            return _parquet(found)


def encoded(columns: Mapping[str, Any]) -> bytes | None:
    """Return ``columns`` as JSON, what it has no form for as strings; None where that cannot be, as when too deep.

    A number that is none becomes null. Equal rows have equal JSON in every process.
    """
    try:
        return orjson.dumps(columns, default=_spelled, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return None


def _spelled(value: Any) -> Json:
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    return str(value) if isinstance(value, Decimal | date | time | timedelta) else f"<{type(value).__name__}>"


def _json_lines(found: Found) -> Iterator[Row]:
    for number, line in enumerate(lines_of(found), start=1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            row = None
        yield number, row if isinstance(row, dict) else None


def _csv(found: Found) -> Iterator[Row]:
    """Yield the rows below the header; those with more or fewer fields than that are none."""
    before = csv.field_size_limit(_LARGEST_FIELD)
    try:
        reader = csv.reader(lines_of(found))
        header = next(reader, [])
        number = reader.line_num + 1
        for row in reader:
            if row:
                yield number, dict(zip(header, row, strict=True)) if len(row) == len(header) else None
            number = reader.line_num + 1
    except csv.Error as error:
        raise UsageError(
            f"{found.name} is no CSV: {error} (line {reader.line_num})", "save it as CSV, or write a pattern without it"
        ) from error
    finally:
        csv.field_size_limit(before)


def _parquet(found: Found) -> Iterator[Row]:
    try:
        import pyarrow  # type: ignore[import-untyped]  # noqa: PLC0415 -- an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            f"{found.name} cannot be read: pyarrow is not installed", ".venv/bin/pip install -e '.[parquet]'"
        ) from error
    try:
        with parquet.ParquetFile(found.path) as file:
            batches = (batch.to_pylist() for batch in file.iter_batches(_BATCH))
            yield from enumerate(chain.from_iterable(batches), start=1)
    except (pyarrow.ArrowException, ValueError, OverflowError) as error:
        raise UsageError(
            f"{found.name} cannot be read as Parquet: {shortened(str(error))}",
            "write it anew, or write a pattern without it",
        ) from error
    except OSError as error:
        raise unreadable(found, error) from error
