from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from agents.campaign.described import PolicySection, SourceSection
from agents.campaign.digest import digest
from agents.campaign.errors import UsageError
from agents.training.sources import Piece, Reading, gathering, hub, read

POLICY = PolicySection()
WORDS = "words that are long enough to be used"


def source(*files: str, **keys: Any) -> SourceSection:
    return SourceSection(**{"files": files or None, "licence": "own", "min_characters": 1, **keys})


def write(folder: Path, **files: str | bytes) -> None:
    for name, data in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)


def names(reading: Reading) -> list[str]:
    return [piece.name for piece in reading.pieces]


def test_files_of_every_kind_are_cut_by_their_ending(tmp_path: Path) -> None:
    write(
        tmp_path,
        notes__a_MD="intro\n\n# Install\n\nGet it.\n",
        bank1_asm="Main:\n  RTS\n",
        f_c="int class(void) { return 1; }\n",
        g_hpp="struct S { void run() {} };\n",
        letter_txt="\nDear you\n",
        rows_jsonl=f'{{"text": "{WORDS}", "n": 1}}\n',
        rows_csv=f"text,n\n{WORDS} too,1\n",
    )
    parquet.write_table(pa.table({"text": [f"{WORDS} as well"]}), tmp_path / "rows.parquet")
    reading = read([source("**")], tmp_path, POLICY)
    assert names(reading) == [
        *("bank1.asm:Main", "f.c:class", "g.hpp:S::run", "letter.txt:2", "notes/a.MD", "notes/a.MD#Install"),
        *("rows.csv:2", "rows.jsonl:1", "rows.parquet:1"),
    ]
    assert (reading.files, reading.left_out) == (8, {})


def test_a_piece_says_all_of_its_origin(tmp_path: Path) -> None:
    write(tmp_path, a_md="# A\nbody\n", b_jsonl='{"text": "one", "id": 7, "tags": ["x"]}\n')
    sections = [source("b.jsonl", licence="MIT", provenance="them", group="id"), source("a.md")]
    assert read(sections, tmp_path, POLICY).pieces == (
        Piece("one", "b.jsonl:1", "7", 0, "MIT", "them", {"id": 7, "tags": ["x"]}),
        Piece("# A\nbody", "a.md#A", "a.md", 1, "own", "", {}),
    )


def test_the_order_is_that_of_sections_paths_and_positions(tmp_path: Path) -> None:
    write(tmp_path, b_md="# 1\n# 2\n", a_md="# 3\n", c__a_md="# 4\n", z_txt="5")
    sections = [source("z.txt"), source("b.md", "**/*.md")]
    reading = read(sections, tmp_path, POLICY)
    assert names(reading) == ["z.txt:1", "a.md#3", "b.md#1", "b.md#2", "c/a.md#4"]
    assert read(sections, tmp_path, POLICY) == reading
    assert pickle.loads(pickle.dumps(reading)) == reading  # noqa: S301 -- it travels to worker processes


def test_sizes_are_those_of_the_words(tmp_path: Path) -> None:
    lines = [b"", b"  ", b" abc ", b" abcd ", b" abcdef ", b" abcdefg "]
    write(tmp_path, a_jsonl=b"".join(b'{"text": "%s"}\n' % line for line in lines))
    reading = read([source("a.jsonl", min_characters=4, max_characters=6)], tmp_path, POLICY)
    assert [piece.text for piece in reading.pieces] == [" abcd", " abcdef"]
    assert reading.left_out == {"empty": 2, "too short": 1, "too long": 1}


def test_texts_lose_blank_lines_around_them_and_keep_their_indent(tmp_path: Path) -> None:
    write(tmp_path, a_asm="\n  \n    LDA #1\r\n    RTS\r\n\r\n")
    assert read([source("*")], tmp_path, POLICY).pieces[0].text == "    LDA #1\n    RTS"


def test_a_text_counts_once_across_everything(tmp_path: Path) -> None:
    write(tmp_path, a_txt=WORDS, b_txt=f"\n{WORDS}\n\n", c_jsonl=f'{{"text": "{WORDS}"}}\n{{"text": "other"}}\n')
    reading = read([source("*.txt"), source("c.jsonl")], tmp_path, POLICY)
    assert names(reading) == ["a.txt:1", "c.jsonl:2"]
    assert reading.left_out == {"repeated": 2}


def test_rows_without_a_text_are_counted(tmp_path: Path) -> None:
    write(
        tmp_path, a_jsonl='{"text": "good"}\n{"text": 1}\n{"text": null}\n{"other": "a"}\n[]\nbroken\n{"text": ["a"]}\n'
    )
    reading = read([source("a.jsonl")], tmp_path, POLICY)
    assert names(reading) == ["a.jsonl:1"]
    assert reading.left_out == {"unreadable row": 6}


def test_rows_belong_together_by_the_column_that_says_so(tmp_path: Path) -> None:
    rows = [{"text": str(n), "by": by} for n, by in enumerate(["x", "x", 1, "1", None, [1]])]
    write(tmp_path, a_jsonl=b"\n".join(map(orjson.dumps, [*rows, {"text": "last"}])))
    grouped = read([source("a.jsonl", group="by")], tmp_path, POLICY)
    assert [piece.group for piece in grouped.pieces] == ["x", "x", "1", "1", "a.jsonl:5", "[1]", "a.jsonl:7"]
    alone = read([source("a.jsonl")], tmp_path, POLICY)
    assert [piece.group for piece in alone.pieces] == names(alone)


@pytest.mark.parametrize("key", ["column", "group"])
def test_a_column_that_no_row_has_is_named_with_those_there_are(tmp_path: Path, key: str) -> None:
    write(tmp_path, a_jsonl='{"text": "a", "id": 1}\n{"text": "b", "by": 2}\n')
    with pytest.raises(UsageError, match=r"no row of source a.jsonl has the column 'body'") as caught:
        read([source("a.jsonl", **{key: "body"})], tmp_path, POLICY)
    assert caught.value.cure == f"set {key} of the source to one of: text, id, by"


def test_rows_of_the_hub_are_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(1, {"body": "one", "by": "x"}), (2, {"body": None, "by": "y"}), (3, {"body": "\ud800", "by": "z"})]
    monkeypatch.setattr(hub, "rows_of", lambda *asked: iter(rows) if asked == ("them/data", None, "dev") else None)
    section = source(hub="them/data", split="dev", column="body", group="by", licence="MIT")
    reading = read([section], tmp_path, POLICY)
    assert reading.pieces == (Piece("one", "them/data/dev:1", "x", 0, "MIT", "", {"by": "x"}),)
    assert (reading.files, reading.left_out) == (0, {"unreadable row": 2})


def test_licences_come_before_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names no licence"):
        read([source("missing.md"), source("other.md", licence=None)], tmp_path, POLICY)
    write(tmp_path, a_txt=WORDS)
    allowed = read([source("a.txt", licence=None)], tmp_path, PolicySection(unlicensed="allow"))
    assert allowed.pieces[0].licence is None


def test_all_files_are_found_before_the_first_is_read(tmp_path: Path) -> None:
    write(tmp_path, a_txt=b"\xff")
    with pytest.raises(UsageError, match="matches no file"):
        read([source("a.txt"), source("missing.md")], tmp_path, POLICY)


def test_an_unknown_ending_needs_a_kind(tmp_path: Path) -> None:
    write(tmp_path, a_xyz=WORDS, Makefile=WORDS + "!")
    for name in ("a.xyz", "Makefile"):
        with pytest.raises(UsageError, match=f"kind of {name} cannot be told") as caught:
            read([source(name)], tmp_path, POLICY)
        assert ".md, .markdown, .txt" in caught.value.cure
    assert names(read([source("*", kind="text")], tmp_path, POLICY)) == ["Makefile:1", "a.xyz:1"]


def test_what_is_not_utf8_is_named_with_the_byte(tmp_path: Path) -> None:
    write(tmp_path, notes__a_md="\ufeffab".encode() + b"\xe9 la carte")
    with pytest.raises(UsageError, match=r"notes/a.md is not UTF-8: byte 5 ") as caught:
        read([source("**/*.md")], tmp_path, POLICY)
    assert "save it as UTF-8" in caught.value.cure


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    write(tmp_path, a_md="\ufeff# A\n")
    assert names(read([source("a.md")], tmp_path, POLICY)) == ["a.md#A"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_bytes(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    write(tmp_path, a_md="# A")
    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    with pytest.raises(UsageError, match=r"a.md cannot be read: Permission denied"):
        read([source("a.md")], tmp_path, POLICY)


def test_nothing_usable_says_what_was_left_out(tmp_path: Path) -> None:
    write(tmp_path, a_jsonl='{"text": ""}\n{"text": "a"}\n{"text": "b"}\n[]\n', b_md="")
    with pytest.raises(UsageError, match=r"nothing .* can be used: 1 empty, 2 too short, 1 unreadable row"):
        read([source("a.jsonl", min_characters=2)], tmp_path, POLICY)
    with pytest.raises(UsageError, match="can be used: there are no texts"):
        read([source("b.md")], tmp_path, POLICY)


def test_too_much_is_refused_before_it_is_read(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        with (tmp_path / name).open("wb") as file:
            os.truncate(file.fileno(), gathering.MOST_BYTES // 2 + 1)
    with pytest.raises(UsageError, match="more than 512 MiB") as caught:
        read([source("a.txt"), source("b.txt")], tmp_path, POLICY)
    assert "fewer files" in caught.value.cure


def test_too_much_that_was_packed_is_refused_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"{n}" + "a" * 10_000 for n in range(100)]
    parquet.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", compression="zstd")
    monkeypatch.setattr(gathering, "MOST_BYTES", 2**19)
    with pytest.raises(UsageError, match="more than 0 MiB"):
        read([source("*.parquet", max_characters=20_000)], tmp_path, POLICY)


def test_long_names_are_cut_short(tmp_path: Path) -> None:
    write(tmp_path, a_asm=f"{'A' * 1_000}:\n  RTS\n")
    assert len(read([source("*")], tmp_path, POLICY).pieces[0].name) == gathering.LONGEST_NAME


@given(st.lists(st.text(alphabet="ab# \n", max_size=40), min_size=1, max_size=6))
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_text_is_a_piece_or_counted(tmp_path: Path, texts: list[str]) -> None:
    rows = [{"text": text} for text in ["a whole one", *texts]]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    reading = read([source("t.parquet", min_characters=2, max_characters=20)], tmp_path, POLICY)
    assert len(reading.pieces) + sum(reading.left_out.values()) == len(rows)
    assert len({digest(piece.text) for piece in reading.pieces}) == len(reading.pieces)
    assert all(2 <= len(piece.text.strip()) <= 20 for piece in reading.pieces)
