"""Old and new values: every way to tell them apart, and both the wrong way round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.domains.yaze.changes import is_reversed

VALUES = [
    ("A9 0F", "EA EA EA"),
    ("0x1A", "0x2B"),
    ("$2A4F", "$7FFF"),
    ("(3, 4)", "(5, 6)"),
    ("3", "17"),
    ("big_key", "open"),
]
TELLINGS = (
    "It is {new} now; it was {old}.",
    "{old} -> {new}",
    "Changed from {old} to {new}.",
    "{new} replaced {old}.",
    "`{old}` at $0A:8000 has been replaced by `{new}`.",
    "Now it holds {new} instead of {old}.",
    "The old value was {old}, the new one is {new}.",
    "{old} before, {new} now.",
    "- **Before:** {old}\n- **After:** {new}",
    "It used to be {old} and is now {new}.",
    "It now has {new}; before that it had {old}.",
    "Set to {new} (previously {old}).",
    "The old value {old} is now replaced by {new}.",
)


@pytest.mark.parametrize("telling", TELLINGS)
@pytest.mark.parametrize(("old", "new"), VALUES)
def test_the_right_way_round_and_the_wrong_one(telling: str, old: str, new: str) -> None:
    assert not is_reversed(telling.format(old=old, new=new), old, new)
    assert is_reversed(telling.format(old=new, new=old), old, new)


@pytest.mark.parametrize(
    "text", ["The write worked.", "It is 0x2B.", "Now: 43, was: 26", "0x1A was there, and 0x2B is."]
)
def test_one_value_or_none_is_not_reversed(text: str) -> None:
    assert not is_reversed(text, "0x1A", "0x2B")


@given(st.text(max_size=300), st.text(min_size=1, max_size=9), st.text(min_size=1, max_size=9))
def test_any_text_can_be_looked_at(text: str, before: str, after: str) -> None:
    assert not is_reversed(text, before, before)
    is_reversed(text, before, after)
