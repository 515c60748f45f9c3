"""The lines of a dataset as Parquet, for programs that read columns; needs the extra ``parquet``.

Owns the types of the columns. What has another shape in every line (tools, and their arguments) is JSON text there.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from agents.training.datasets.folder import new_file

ROWS = 4_096
"""Of a group: so many are held at a time."""
CURE = "install it: pip install 'training-campaigns[parquet]', and export again"


def is_installed() -> bool:
    """Return whether Parquet can be written here."""
    return importlib.util.find_spec("pyarrow") is not None


def write_parquet(lines: Path, path: Path, columns: Sequence[str]) -> int:
    """Write the JSON lines of a form that has these ``columns``; return how many there were. Raises OSError."""
    import pyarrow  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415
    import pyarrow.parquet  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415

    types = _types(pyarrow)
    schema = pyarrow.schema([(name, types[name]) for name in (*columns, "metadata")])
    count = 0
    with (
        lines.open("rb") as file,
        new_file(path) as made,
        pyarrow.parquet.ParquetWriter(made, schema, compression="zstd") as writer,
    ):
        while rows := list(_rows(file, schema.names)):
            writer.write_table(pyarrow.Table.from_pylist(rows, schema))
            count += len(rows)
    return count


def _rows(file: Any, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    for line in islice(file, ROWS):
        row = orjson.loads(line)
        tools = row.get("tools")
        if tools is not None and not isinstance(tools, str):
            row["tools"] = orjson.dumps(tools).decode()
        yield {name: row.get(name) for name in names}


def _types(arrow: Any) -> dict[str, Any]:
    text = arrow.string()
    call = arrow.struct(
        [("id", text), ("type", text), ("function", arrow.struct([("name", text), ("arguments", text)]))]
    )
    turns = arrow.list_(
        arrow.struct([("role", text), ("content", text), ("tool_calls", arrow.list_(call)), ("tool_call_id", text)])
    )
    known = dict.fromkeys(("id", "domain", "family", "item_id", "group", "model", "item", "source", "licence"), text)
    metadata = arrow.struct(
        [*known.items(), ("difficulty", arrow.int32()), ("variant", arrow.int64()), ("quality", arrow.float64())]
    )
    return {
        **dict.fromkeys(("text", "tools", "instruction", "input", "output", "system"), text),
        **dict.fromkeys(("messages", "prompt", "completion"), turns),
        "history": arrow.list_(arrow.list_(text)),
        "conversations": arrow.list_(arrow.struct([("from", text), ("value", text)])),
        "metadata": metadata,
    }
