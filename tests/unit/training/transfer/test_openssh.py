from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.destination import TransferSection
from agents.training.transfer.openssh import ProgressReader, Route, files_list

OUTPUT = (
    b"\r          32768   1%    0.00kB/s    0:00:00  \r        3000000  96%   14.22MB/s    0:00:00 (xfr#1, to-chk=1/2)"
    b"\r        3100000 100%   13.06MB/s    0:00:00 (xfr#2, to-chk=0/2)"
    b"\r        3100000 100%   11.21MB/s    0:00:00 (xfr#2, to-chk=0/2)\n"
)
"""What rsync 3.5.0 wrote for two files of 3,000,000 and 100,000 bytes."""


def route(**keys: object) -> Route:
    return Route.to(TransferSection.model_validate(keys), None, None)


def test_nobody_is_ever_asked_and_trust_is_left_to_ssh() -> None:
    words = route().command("true")
    assert "BatchMode=yes" in words
    assert words[-3:] == ("--", "medical-mechanica", "true")
    assert not any("HostKey" in word or "Password" in word for word in words)


def test_the_way_is_as_the_section_says() -> None:
    section = TransferSection(host="zelda@gate", port=2222, connect_seconds=2.5)
    way = Route.to(section, "/keys/one", "/etc/a way")
    assert way.by_hand == "ssh -F '/etc/a way' -p 2222 -l zelda -i /keys/one gate"
    words = way.command("true")
    assert {"ConnectTimeout=3", "IdentitiesOnly=yes"} <= set(words)


def test_rsync_is_told_the_way_in_words_of_its_own() -> None:
    way = Route.to(TransferSection(), None, "/it's a way/config")
    words = way.sending("/here", "~/there", 1.5, in_place=True)
    assert words[-3:] == ("--", "/here/", "medical-mechanica:~/there/")
    rsh = words[words.index("--rsh") + 1]
    assert rsh.startswith("ssh -F '/it''s a way/config' -T -o BatchMode=yes ")
    assert {"--inplace", "--bwlimit=1.500000mb"} <= set(words)
    at_once = way.sending("/here", "~/there", in_place=False)
    assert "--backup" in at_once
    assert not any(word.startswith(("--inplace", "--bwlimit", "--delete")) for word in at_once)


def test_an_address_with_colons_is_put_into_brackets_for_rsync() -> None:
    assert route(host="fe80::1").sending("/here", "/there", in_place=True)[-1] == "[fe80::1]:/there/"
    assert route(host="fe80::1").command("true")[-2] == "fe80::1"


def test_names_end_with_a_nul() -> None:
    assert files_list(["a.jsonl", "b/c d"]) == b"a.jsonl\0b/c d\0"


@given(st.lists(st.integers(0, len(OUTPUT)), max_size=20).map(sorted))
def test_progress_is_read_however_it_comes_in_pieces(cuts: list[int]) -> None:
    reader, edges = ProgressReader(), [0, *cuts, len(OUTPUT)]
    found = [reader.feed(OUTPUT[first:last]) for first, last in pairwise(edges)]
    numbers = [number for number in found if number is not None]
    assert numbers == sorted(numbers)
    assert numbers[-1] == 3_100_000
    assert set(numbers) <= {32_768, 3_000_000, 3_100_000}


@given(st.binary(max_size=300))
def test_no_output_breaks_the_reader(data: bytes) -> None:
    found = ProgressReader().feed(data)
    assert found is None or found >= 0


@pytest.mark.parametrize("line", [b"sent 120 bytes\n", b"100%\n", b"x 12 3% \n"])
def test_other_lines_are_no_progress(line: bytes) -> None:
    assert ProgressReader().feed(line) is None
