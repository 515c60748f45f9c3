from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.printable import printable

EVIL = "\x1b[2J\x1b]0;title\x07 two\nlines\r over \x9b31m \u202e \u2028 \x00 end"


def test_what_is_printable_has_no_control_characters() -> None:
    assert printable("plain ÄÖ 漢字") == "plain ÄÖ 漢字"
    assert printable(EVIL).isprintable()
    assert "end" in printable(EVIL)


@given(st.text())
def test_anything_becomes_one_printable_line(text: str) -> None:
    assert printable(text).isprintable() or not text
    assert len(printable(text)) == len(text)
