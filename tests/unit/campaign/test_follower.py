from __future__ import annotations

import itertools
import os
import re
import tracemalloc
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.campaign import follower
from agents.campaign.errors import CampaignError
from agents.campaign.follower import LONGEST_LINE, Follower


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "pilot_campaign.log"


def append(path: Path, data: bytes | str) -> None:
    with path.open("ab") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def bytes_read_by_this_process() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


def look(followed: Follower) -> list[str]:
    return list(followed.lines())


def test_a_missing_log_is_told_from_an_empty_one(log: Path) -> None:
    followed = Follower(log)
    assert look(followed) == []
    assert followed.seen is None
    log.touch()
    assert look(followed) == []
    assert followed.seen is not None
    assert followed.seen.size == 0


def test_each_look_yields_only_new_complete_lines(log: Path) -> None:
    followed = Follower(log)
    append(log, "one\ntw")
    assert look(followed) == ["one"]
    append(log, "o\nthree\n")
    assert look(followed) == ["two", "three"]
    assert look(followed) == []
    assert followed.gaps == 0


def test_the_first_look_may_begin_at_a_position(log: Path) -> None:
    append(log, "old\nnew\n")
    assert look(Follower(log, position=4)) == ["new"]


def test_a_position_behind_the_end_is_a_gap_and_nothing_is_lost(log: Path) -> None:
    append(log, "new\n")
    followed = Follower(log, position=1000)
    assert look(followed) == ["new"]
    assert followed.gaps == 1


def test_an_idle_look_reads_nothing(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(log, "one\ntwo")
    followed = Follower(log)
    look(followed)

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("the file was opened")

    monkeypatch.setattr(Path, "open", refuse)
    assert look(followed) == []


def test_a_look_costs_the_new_bytes_and_not_the_old_ones(log: Path) -> None:
    append(log, b"x" * 1_000_000 + b"\n")
    followed = Follower(log)
    look(followed)
    append(log, "new\n")
    before = bytes_read_by_this_process()
    assert look(followed) == ["new"]
    assert bytes_read_by_this_process() - before < 100_000


def test_the_unfinished_last_line_is_given_once_when_the_writer_has_ended(log: Path) -> None:
    append(log, "one\nProgress: 190/190")
    followed = Follower(log)
    assert look(followed) == ["one"]
    assert followed.rest() == "Progress: 190/190"
    assert followed.rest() == ""


def test_a_bar_that_never_ends_its_line_is_seen_as_it_is_redrawn(log: Path) -> None:
    followed = Follower(log)
    append(log, "\r  0%| | 0/190 [00:00<?]\r 25%|#| 47/190 [00:12<00:37]")
    assert look(followed) == ["  0%| | 0/190 [00:00<?]"]
    append(log, "\r100%|#| 190/190 [03:09<00:00]\n")
    assert look(followed) == [" 25%|#| 47/190 [00:12<00:37]", "100%|#| 190/190 [03:09<00:00]"]


def test_line_ends_of_other_systems_make_no_empty_lines(log: Path) -> None:
    append(log, "one\r\ntwo\r\n\r\nthree\r\n")
    assert look(Follower(log)) == ["one", "two", "three"]


def test_bad_utf8_and_nuls_cost_no_line(log: Path) -> None:
    append(log, b"\xff\xfeone\n\x00\x00two\n\xc3\nthree\n")
    assert look(Follower(log)) == ["\ufffd\ufffdone", "two", "\ufffd", "three"]


def test_a_log_cut_to_nothing_is_a_gap_and_read_from_its_start(log: Path) -> None:
    append(log, "one\ntwo\nunfinished")
    followed = Follower(log)
    look(followed)
    os.truncate(log, 0)
    assert look(followed) == []
    append(log, "three\n")
    assert look(followed) == ["three"]
    assert followed.gaps == 1


def test_a_log_cut_and_grown_beyond_the_old_length_between_two_looks(log: Path) -> None:
    append(log, "2025-12-21 one\n")
    followed = Follower(log)
    look(followed)
    inode = log.stat().st_ino
    os.truncate(log, 0)
    append(log, "2025-12-22 another run\nwith more lines\n")
    assert log.stat().st_ino == inode
    assert look(followed) == ["2025-12-22 another run", "with more lines"]
    assert followed.gaps == 1


def test_a_rotated_log_is_followed_into_the_new_file(log: Path) -> None:
    append(log, "one\n")
    followed = Follower(log)
    look(followed)
    log.rename(log.with_suffix(".1"))
    append(log, "two\nthree\n")
    assert look(followed) == ["two", "three"]
    assert (followed.gaps, followed.successions) == (0, 1)


def test_a_rotated_log_that_begins_with_the_same_bytes_is_another_file(log: Path) -> None:
    append(log, "Progress: 1/190\n")
    followed = Follower(log)
    look(followed)
    log.rename(log.with_suffix(".1"))
    append(log, "Progress: 1/190\nProgress: 2/190\n")
    assert look(followed) == ["Progress: 1/190", "Progress: 2/190"]
    assert (followed.gaps, followed.successions) == (0, 1)


def test_what_was_written_to_the_old_file_before_and_after_its_rename_is_not_lost(log: Path) -> None:
    append(log, "one\n")
    followed = Follower(log)
    look(followed)
    old = log.with_suffix(".1")
    append(log, "two\n")
    log.rename(old)
    append(old, "three\n")
    assert look(followed) == ["two", "three"]
    assert followed.seen is None
    append(old, "four\n")
    log.touch()
    assert look(followed) == ["four"]
    append(old, "five\nsix")
    append(log, "seven\n")
    assert look(followed) == ["five", "six", "seven"]
    assert (followed.gaps, followed.successions) == (0, 1)


def test_a_removed_log_that_comes_back_longer_is_read_from_its_start(log: Path) -> None:
    append(log, "one\n")
    followed = Follower(log)
    look(followed)
    append(log, "two\n")
    log.unlink()
    assert look(followed) == ["two"]
    assert followed.seen is None
    append(log, "three\nfour\n")
    assert look(followed) == ["three", "four"]
    assert (followed.gaps, followed.successions) == (0, 1)


def test_a_reused_inode_number_is_another_file(tmp_path: Path, log: Path) -> None:
    append(log, "one\ntwo\n")
    followed = Follower(log)
    look(followed)
    for turn in range(5):
        log.unlink()
        append(log, f"turn {turn}\nmore than before, longer and longer {turn}\n")
        assert look(followed) == [f"turn {turn}", f"more than before, longer and longer {turn}"]
    assert (followed.gaps, followed.successions) == (0, 5)


def test_a_renamed_log_that_comes_back_is_the_same_file(log: Path) -> None:
    append(log, "one\n")
    followed = Follower(log)
    look(followed)
    log.rename(log.with_suffix(".1"))
    look(followed)
    log.with_suffix(".1").rename(log)
    append(log, "two\n")
    assert look(followed) == ["two"]
    assert (followed.gaps, followed.successions) == (0, 0)


def test_a_log_cut_and_written_again_with_the_same_first_lines(log: Path) -> None:
    header = "no dates in this log, and its first line is always the same one, for longer than is looked at\n"
    append(log, f"{header}Progress: 1/190\n")
    followed = Follower(log)
    look(followed)
    os.truncate(log, 0)
    append(log, f"{header}Progress: 9/190\nProgress: 10/190\n")
    assert look(followed) == [header.strip(), "Progress: 9/190", "Progress: 10/190"]
    assert followed.gaps == 1


def test_a_log_cut_under_a_writer_that_does_not_append_has_a_hole_and_no_line_is_hidden(log: Path) -> None:
    with log.open("wb") as writer:
        writer.write(b"x" * 200_000 + b"\n")
        writer.flush()
        followed = Follower(log)
        look(followed)
        os.truncate(log, 0)
        writer.write(b"Progress: 9/190\n")
    assert look(followed) == ["Progress: 9/190"]
    assert followed.gaps == 1


def test_a_log_shorter_than_the_position_to_begin_at_was_cut(log: Path) -> None:
    append(log, "new\n")
    followed = Follower(log, position=100)
    assert look(followed) == ["new"]
    assert followed.gaps == 1


def test_a_log_that_vanishes_while_it_is_opened_is_missing(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(log, "one\n")
    followed = Follower(log)

    def vanish(path: Path, *_: object) -> int:
        raise FileNotFoundError(2, "No such file", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", vanish)
        assert look(followed) == []
    assert look(followed) == ["one"]


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_a_log_that_cannot_be_read_is_an_error_with_a_cure(log: Path, kind: str) -> None:
    log.mkdir() if kind == "folder" else os.mkfifo(log)
    with pytest.raises(CampaignError, match="not a regular file") as caught:
        look(Follower(log))
    assert caught.value.cure


def test_an_error_of_the_disk_is_an_error_with_a_cure(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(log, "one\n")

    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", fail)
        with pytest.raises(CampaignError, match="cannot be read: Input/output error") as caught:
            look(Follower(log))
    assert caught.value.cure


def test_one_file_is_open_at_a_time_and_none_when_the_follower_is_gone(log: Path) -> None:
    def held() -> int:
        links = [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()]
        return sum(str(log.parent) in link for link in links)

    append(log, "one\n")
    followed = Follower(log)
    look(followed)
    for turn in range(3):
        log.rename(log.with_suffix(f".{turn}"))
        append(log, "more\n")
        look(followed)
        assert held() == 1
    del followed
    assert held() == 0


def test_a_line_of_50_megabytes_needs_little_memory_and_hides_no_other(log: Path) -> None:
    append(log, b"before\n" + b"x\x00" * 25_000_000 + b"\nafter\n")
    followed = Follower(log)
    tracemalloc.start()
    try:
        lines = [line[:LONGEST_LINE] for line in followed.lines()]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [len(line) for line in lines] == [6, LONGEST_LINE, 5]
    assert lines[-1] == "after"
    assert peak < 2_000_000


pieces = st.sampled_from([b"Progress: 1/190", b"\n", b"\r", b"\r\n", b"\0", b"\xff", "é".encode(), b"abcdefghij", b""])
contents = st.lists(pieces | st.binary(max_size=4), max_size=20).map(b"".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=contents, cuts=st.lists(st.integers(0, 200), max_size=8), chunk=st.integers(1, 40))
def test_the_same_lines_under_any_chunking(tmp_path: Path, content: bytes, cuts: list[int], chunk: int) -> None:
    log = tmp_path / "any.log"
    log.write_bytes(b"")
    longest = 7
    edges = sorted({0, len(content), *(min(cut, len(content)) for cut in cuts)})
    with patch.object(follower, "CHUNK", chunk), patch.object(follower, "LONGEST_LINE", longest):
        followed = Follower(log)
        lines = []
        for start, end in itertools.pairwise(edges):
            append(log, content[start:end])
            lines += look(followed)
        rest = followed.rest()
    parts = [part.lstrip(b"\0")[:longest] for part in re.split(rb"[\r\n]", content)]
    *complete, last = (part.decode("utf-8", "replace") for part in parts)
    assert lines == [line for line in complete if line]
    assert rest == last
    assert followed.gaps == 0
