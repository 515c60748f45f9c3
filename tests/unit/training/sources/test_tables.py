from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from agents.campaign.errors import UsageError
from agents.training.sources.patterns import Found, find
from agents.training.sources.tables import Row, encoded, rows_of


def file(folder: Path, name: str, data: bytes) -> Found:
    (folder / name).write_bytes(data)
    return find([name], folder)[0]


def rows(folder: Path, name: str, data: bytes) -> list[Row]:
    return list(rows_of(file(folder, name, data), "csv" if name.endswith("csv") else "jsonl"))


def test_json_lines_have_their_number_and_bad_ones_are_none(tmp_path: Path) -> None:
    data = (
        b'\xef\xbb\xbf{"text": "a"}\r\n\n  \n[1]\n{"text": "b"\n"c"\n{"n": NaN}\n'
        + b"[" * 5_000
        + b'\n{"text": "\xc3\xa9"}'
    )
    assert rows(tmp_path, "a.jsonl", data) == [
        *((1, {"text": "a"}), (4, None), (5, None), (6, None), (7, None), (8, None), (9, {"text": "é"})),
    ]


def test_csv_has_the_line_on_which_a_row_begins(tmp_path: Path) -> None:
    data = b'\xef\xbb\xbftext,n\r\n"a\nb",1\r\n\r\nc,2\nshort\nlong,3,4\n"d ""e""",5'
    assert rows(tmp_path, "a.csv", data) == [
        *((2, {"text": "a\nb", "n": "1"}), (5, {"text": "c", "n": "2"}), (6, None), (7, None)),
        (8, {"text": 'd "e"', "n": "5"}),
    ]


def test_fields_of_csv_may_be_large(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    text = "word " * 100_000
    assert rows(tmp_path, "a.csv", f'text\n"{text}"\n'.encode()) == [(2, {"text": text})]
    assert csv.field_size_limit() == before


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    assert rows(tmp_path, "a.csv", b"") == rows(tmp_path, "b.csv", b"text\n") == rows(tmp_path, "c.jsonl", b"\n") == []


def test_what_is_no_csv_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a.csv is no CSV: .*\(line 2\)"):
        rows(tmp_path, "a.csv", b"text\na\rb\n")


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_bytes_that_are_not_utf8_are_counted_from_the_start_of_the_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} is not UTF-8: byte 9 "):
        rows(tmp_path, name, b"\xef\xbb\xbftext\na\xff\n")


def test_parquet_has_all_columns_of_all_batches(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": [f"text {n}" for n in range(3_000)],
            "when": [datetime(2024, 5, n % 28 + 1, tzinfo=UTC) for n in range(3_000)],
            "tags": [["a", None]] * 3_000,
            "price": [Decimal("1.50")] * 3_000,
            "score": [float("nan")] * 3_000,
            "raw": [b"a\xff"] * 3_000,
            "meta": [{"x": n} for n in range(3_000)],
        }
    )
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=700)
    found = list(rows_of(find(["a.parquet"], tmp_path)[0], "parquet"))
    assert [number for number, _ in found] == list(range(1, 3_001))
    row = found[-1][1]
    assert row is not None
    assert orjson.loads(encoded(row) or b"") == {
        "text": "text 2999",
        "when": "2024-05-04T00:00:00+00:00",
        "tags": ["a", None],
        "price": "1.50",
        "score": None,
        "raw": "a\\xff",
        "meta": {"x": 2_999},
    }


def test_a_date_beyond_all_years_of_parquet_is_refused(tmp_path: Path) -> None:
    days = pa.array([4_000_000], pa.int32()).cast(pa.date32())
    parquet.write_table(pa.table({"day": days}), tmp_path / "a.parquet")
    with pytest.raises(UsageError, match=r"a.parquet cannot be read as Parquet: date value out of range"):
        list(rows_of(find(["a.parquet"], tmp_path)[0], "parquet"))


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a.parquet cannot be read as Parquet"):
        list(rows_of(file(tmp_path, "a.parquet", b"PAR1 nothing PAR1"), "parquet"))


def test_a_missing_pyarrow_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError) as caught:
        list(rows_of(file(tmp_path, "a.parquet", b""), "parquet"))
    assert caught.value.cure == ".venv/bin/pip install -e '.[parquet]'"


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet"])
def test_a_file_that_is_gone_is_named(tmp_path: Path, name: str) -> None:
    found = file(tmp_path, name, b"")
    found.path.unlink()
    with pytest.raises(UsageError, match=f"{name} cannot be read: "):
        list(rows_of(found, name.removeprefix("a.")))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Decimal("1.10"), "1.10"),
        (date(2024, 5, 1), "2024-05-01"),
        (timedelta(days=1, seconds=2), "1 day, 0:00:02"),
        ("é".encode(), "é"),
        ({1: "a", None: "b"}, {"1": "a", "null": "b"}),
        ((1, [2.5]), [1, [2.5]]),
        (object(), "<object>"),
    ],
)
def test_what_json_has_no_form_for_is_a_string(value: Any, plain: Any) -> None:
    assert orjson.loads(encoded({"value": value}) or b"") == {"value": plain}


def test_what_cannot_be_json_is_none() -> None:
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    assert encoded({"deep": deep}) is encoded({"large": 2**70}) is encoded({"half": "\ud800"}) is None


TABLE = st.lists(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r")), min_size=2, max_size=2)
)


@given(TABLE)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_come_back_as_they_were_written(tmp_path: Path, table: list[list[str]]) -> None:
    as_rows = [dict(zip("ab", row, strict=True)) for row in table]
    with (tmp_path / "w.csv").open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([["a", "b"], *table])
    (tmp_path / "w.jsonl").write_bytes(b"\n".join(map(orjson.dumps, as_rows)))
    for name in ("csv", "jsonl"):
        assert values(rows_of(find([f"w.{name}"], tmp_path)[0], name)) == as_rows  # type: ignore[arg-type]


def values(found: Iterable[Row]) -> list[object]:
    return [row for _, row in found]
